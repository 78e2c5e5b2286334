"""Drives and reads the real build in the terms of the reference model."""

from typing import Any

from swarm_agents.build import build, expiry, human_acts
from swarm_agents.build.outcomes import (
    BuildBroken,
    BuildPassing,
    CheckOutdated,
    ErrorClass,
    Evidence,
    FenceRejected,
    HumanAsked,
    PlaceInLine,
    RoleGranted,
)
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import NotFound
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.model import BuildRules, Moment
from tests.support.model import Act, Model

Outcome = BuildPassing | RoleGranted | PlaceInLine | HumanAsked | BuildBroken | FenceRejected | CheckOutdated

_WORDS: dict[type, str] = {
    BuildPassing: "passing",
    PlaceInLine: "waiting",
    HumanAsked: "asked",
    BuildBroken: "broken",
    FenceRejected: "fenced",
    CheckOutdated: "stale",
}


def perform(db: Database, act: Act, rules: BuildRules) -> tuple[str, int]:
    """Do the act to the real build; the answer in the model's words, and the fence."""
    try:
        outcome = _call(db, act, rules)
    except NotFound:
        return "not found", 0
    return told(outcome), outcome.build.fence if outcome else 0


def told(outcome: object) -> str:
    match outcome:
        case None:
            return "nothing"
        case RoleGranted(new=new):
            return "yours new" if new else "yours"
        case _:
            return _WORDS[type(outcome)]


def observe(tx: Transaction) -> Model:
    """The real build as a state of the model."""
    row = tx.one("select * from build_state where id = 1")
    assert row is not None
    return Model(
        status=row["status"],
        fixer=row["fixer_agent_id"],
        fence=row["fence"],
        incident=row["incident_id"],
        used=row["attempts_used"],
        rows=count(tx, "attempts where incident_id = :incident", incident=row["incident_id"]),
        network=row["network_failures"],
        pause=(row["retry_boot_id"], row["retry_mono_ms"])
        if row["status"] == "broken" and row["retry_boot_id"]
        else None,
        asked=count(tx, "escalations"),
        deadline=(row["lease_boot_id"], row["lease_mono_ms"]) if row["lease_boot_id"] else None,
        lease_ms=row["lease_ms"],
        changed=(row["changed_boot_id"], row["changed_mono_ms"]),
        fresh=(row["fresh_boot_id"], row["fresh_mono_ms"]),
        line=tuple(
            (waiter["agent"], (waiter["deadline_boot_id"], waiter["deadline_mono_ms"]))
            for waiter in tx.execute("select * from waiters order by ticket")
        ),
    )


def check_rows_agree(tx: Transaction) -> None:
    """Assert what must always hold between the build's row and the rows of other tables."""
    m = observe(tx)
    assert count(tx, "attempts where ended_at is null") == (m.status == "fixing")
    assert count(tx, "escalations where resolved_at is null") == (m.status == "escalated")
    assert count(tx, "incidents where closed_at is null") == (m.status != "passing")
    assert m.fixer not in dict(m.line)
    if m.status == "fixing":
        assert count(tx, "attempts where ended_at is null and agent = :a and fence = :f", a=m.fixer, f=m.fence) == 1


def dump(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table: equal dumps mean that nothing changed."""
    with db.reading() as tx:
        tables = [
            row["name"] for row in tx.execute("select name from sqlite_schema where type = 'table' order by name")
        ]
        return {table: [tuple(row) for row in tx.execute(f"select * from {table} order by 1")] for table in tables}


def count(tx: Transaction, rows: str, **values: Any) -> int:
    found = tx.one(f"select count(*) as n from {rows}", **values)
    assert found is not None
    return int(found["n"])


def _call(db: Database, act: Act, rules: BuildRules) -> Outcome | None:
    who, fence = act.agent, act.fence
    match act.name:
        case "report":
            return build.report(db, who, "tests fail", rules, began=act.began)
        case "claim":
            return build.claim(db, who, rules)
        case "renew":
            return build.renew(db, who, fence)
        case "fixed":
            return build.mark_fixed(db, who, Evidence("the check passed", _began(db, act)), fence)
        case "failed":
            return build.mark_failed(db, who, "no idea", fence=fence)
        case "refused":
            return build.mark_failed(db, who, "no credentials", ErrorClass.AUTH, fence)
        case "no_network":
            return build.mark_failed(db, who, "no route to host", ErrorClass.NETWORK, fence)
        case "give_up":
            return build.give_up(db, who, fence=fence)
        case "hand_over":
            return build.hand_over(db, who, act.to, rules, fence)
        case "lose_fixer":
            return expiry.lose_fixer(db, who, _known(fence), "its pane is gone")
        case "force_release":
            return human_acts.force_release(db, _known(fence), "stuck")
        case "assign":
            return human_acts.assign(db, act.to, rules, _known(fence))
        case "reap":
            return expiry.reap(db)
        case "heal":
            return build.heal(db, who, Evidence("the check passed", _began(db, act)))
        case "escalate":
            return build.escalate(db, who, "please look", fence)
        case "resolve":
            return human_acts.resolve(db, _last_escalation(db), Resolution(act.to), rules, agent=who)
    raise AssertionError(f"no such act: {act.name}")


def _began(db: Database, act: Act) -> Moment:
    return act.began or db.moment()


def _known(fence: int | None) -> int:
    assert fence is not None
    return fence


def _last_escalation(db: Database) -> int:
    with db.reading() as tx:
        last = escalations.list_latest(tx, 1)
        return last[0].id if last else 0
