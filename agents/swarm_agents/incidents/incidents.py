"""Writes the rows of an incident, its attempts and symptoms, and reads them."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.text import one_line
from swarm_agents.values import NamedTuple, StrEnum


class AttemptEnd(StrEnum):
    """How an attempt ended."""

    FIXED = "fixed"
    FAILED = "failed"
    EXPIRED = "expired"
    RELEASED = "released"


class Attempt(NamedTuple):
    """One fixer's try. `number` counts within the incident; times in UTC ms."""

    incident: int
    number: int
    agent: str
    fence: int
    began_at: int
    ended_at: int | None
    end: AttemptEnd | None
    reason: str


def describe_suspect(suspect: tuple[str, str] | None) -> str:
    """The first red commit and its author in a few words; '' where they are not known."""
    return f"{suspect[0][:10]} by {one_line(suspect[1], 40)}" if suspect else ""


def open_incident(
    tx: Transaction,
    incident: int,
    agent: str,
    summary: str,
    evidence: str,
    hook: str | None,
    suspect: tuple[str, str] | None = None,
) -> None:
    """Insert the incident. `suspect` is the commit that broke it and its author, where they are known."""
    commit, author = suspect or (None, None)
    tx.execute(
        "insert into incidents (id, opened_at, opened_by, summary, evidence, hook, first_red, first_red_by) "
        "values (:incident, :now, :agent, :summary, :evidence, :hook, :commit, :author)",
        incident=incident,
        now=tx.now,
        agent=agent,
        summary=summary,
        evidence=evidence,
        hook=hook,
        commit=commit,
        author=author,
    )


def close_incident(tx: Transaction, incident: int, by: str, how: str, why: str, commit: str | None) -> None:
    tx.execute(
        "update incidents set closed_at = :now, closed_by = :by, closed_how = :how, closed_why = :why, "
        "fix_commit = :commit where id = :incident and closed_at is null",
        incident=incident,
        now=tx.now,
        by=by,
        how=how,
        why=why,
        commit=commit,
    )


def begin_attempt(tx: Transaction, build_row: Row) -> None:
    """Insert the attempt of the fixer that the build's row names."""
    tx.execute(
        "insert into attempts (incident_id, number, budget, agent, fence, began_at) "
        "values (:incident, (select count(*) + 1 from attempts where incident_id = :incident), "
        ":budget, :agent, :fence, :now)",
        incident=build_row["incident_id"],
        budget=build_row["budget"],
        agent=build_row["fixer_agent_id"],
        fence=build_row["fence"],
        now=tx.now,
    )


def end_attempt(tx: Transaction, end: AttemptEnd, reason: str, error_class: str | None = None) -> Attempt:
    """End the open attempt. There is exactly one while the build is `fixing`."""
    row = tx.one(
        "update attempts set ended_at = :now, outcome = :outcome, reason = :reason, error_class = :error_class "
        "where ended_at is null returning *",
        now=tx.now,
        outcome=end.value,
        reason=reason,
        error_class=error_class,
    )
    assert row is not None, "a build that was being fixed has an open attempt"
    return _attempt(row)


def count_symptom(tx: Transaction, incident: int, signature: str, summary: str, agent: str) -> None:
    """Count a breakage by its signature. A new signature within an incident is a second symptom, not a new incident."""
    tx.execute(
        "insert into symptoms (incident_id, signature, summary, first_at, first_by) "
        "values (:incident, :signature, :summary, :now, :agent) "
        "on conflict (incident_id, signature) do update set times = symptoms.times + 1",
        incident=incident,
        signature=signature,
        summary=summary,
        now=tx.now,
        agent=agent,
    )


def record_landing(tx: Transaction, agent: str, commit: str, tree: str) -> None:
    """Record a commit that passed the hook, and its tree, which is known to be good."""
    tx.execute(
        "insert into landings (commit_id, tree, agent, at) values (:commit, :tree, :agent, :now) "
        "on conflict (commit_id) do nothing",
        commit=commit,
        tree=tree,
        agent=agent,
        now=tx.now,
    )


def find_lander(tx: Transaction, commit: str) -> str | None:
    """The agent whose `swarm commit` made the commit, and landed it through the hook."""
    row = tx.one("select agent from landings where commit_id = :commit", commit=commit)
    return row["agent"] if row else None


def keep_landed_commit(tx: Transaction, agent: str, commit: str) -> None:
    """Record the commit that the fixer landed through the hook: evidence once it is on the shared branch."""
    tx.execute(
        "update attempts set landed_commit = :commit where ended_at is null and agent = :agent",
        commit=commit,
        agent=agent,
    )


def read_landed_commit(db: Database, agent: str) -> str | None:
    """The commit that the agent landed in the attempt that is open, through the hook."""
    with db.reading() as tx:
        row = tx.one("select landed_commit from attempts where ended_at is null and agent = :agent", agent=agent)
    return row["landed_commit"] if row else None


def find_refusing_hook(tx: Transaction, incident: int | None) -> str | None:
    """The hook that opened the incident, None when it was reported without one."""
    row = tx.one("select hook from incidents where id = :incident", incident=incident)
    return row["hook"] if row else None


def find_last_fix(tx: Transaction) -> tuple[int, str] | None:
    """The last closed incident that has a fixing commit, and that commit."""
    row = tx.one(
        "select id, fix_commit from incidents where closed_at is not null and fix_commit is not null "
        "order by id desc limit 1"
    )
    return (row["id"], row["fix_commit"]) if row else None


def list_attempts(tx: Transaction, incident: int) -> list[Attempt]:
    rows = tx.execute("select * from attempts where incident_id = :incident order by number", incident=incident)
    return [_attempt(row) for row in rows]


def _attempt(row: Row) -> Attempt:
    return Attempt(
        incident=row["incident_id"],
        number=row["number"],
        agent=row["agent"],
        fence=row["fence"],
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        end=AttemptEnd(row["outcome"]) if row["outcome"] else None,
        reason=row["reason"],
    )
