"""Questions to the human: raised in the transaction that stops the agents, closed by the human's answer."""

from swarm_agents import announcements, incidents
from swarm_agents.db.database import Row, Transaction
from swarm_agents.errors import NotFound
from swarm_agents.model import HUMAN, Attempt, Build, Escalation, Resolution
from swarm_agents.text import one_line, tail

TEXT_LIMIT = 5_000  # characters of output in the text; a person reads it on a screen
TEXT_LINES = 20


def raise_(tx: Transaction, build: Build, by: str, reason: str) -> int:
    """The one open escalation of this incident, with the text a human needs to decide. The schema allows no second."""
    incident = build.incident
    assert incident is not None, "a red build has an incident"
    row = tx.one(
        "insert into escalations (incident_id, raised_at, raised_by, reason, body) "
        "values (:incident, :now, :by, :reason, '') returning id",
        incident=incident,
        now=tx.now,
        by=by,
        reason=reason,
    )
    assert row is not None
    escalation = int(row["id"])
    body = ""
    with tx.apart() as part:
        body = _text(tx, escalation, build, incident, reason)
    tx.execute(
        "update escalations set body = :body where id = :id",
        body=body or _bare_text(escalation, build, incident, reason, part.error),
        id=escalation,
    )
    announcements.open_for(tx, escalation)
    return escalation


def message(reason: str) -> str:
    """What the agents are told."""
    return f"The build is red and a human was asked: {reason}. Do something else meanwhile."


def close(tx: Transaction, escalation: int, option: Resolution, answer: str) -> None:
    """Record the human's answer. `NotFound` when it is not open (any more)."""
    closed = tx.one(
        "update escalations set resolved_at = :now, resolved_by = :by, resolution = :option, answer = :answer "
        "where id = :id and resolved_at is null returning id",
        now=tx.now,
        by=HUMAN,
        option=option.value,
        answer=answer,
        id=escalation,
    )
    if not closed:
        found = show(tx, escalation)
        raise NotFound(
            f"Escalation {escalation} was resolved already: {found.resolution}.", next="swarm escalation list"
        )


def acknowledge(tx: Transaction, escalation: int, by: str) -> None:
    """Somebody has seen it. That resolves nothing."""
    show(tx, escalation)
    tx.execute(
        "update escalations set acked_at = :now, acked_by = :by where id = :id and acked_at is null",
        now=tx.now,
        by=by,
        id=escalation,
    )


def open_id(tx: Transaction) -> int:
    row = tx.one("select id from escalations where resolved_at is null")
    assert row is not None, "an escalated build has an open escalation"
    return int(row["id"])


def unresolved(tx: Transaction) -> list[Escalation]:
    return [_escalation(row) for row in tx.execute("select * from escalations where resolved_at is null order by id")]


def latest(tx: Transaction, limit: int) -> list[Escalation]:
    """Open and resolved ones, newest first."""
    return [
        _escalation(row) for row in tx.execute("select * from escalations order by id desc limit :limit", limit=limit)
    ]


def show(tx: Transaction, escalation: int) -> Escalation:
    row = tx.one("select * from escalations where id = :id", id=escalation)
    if not row:
        raise NotFound(f"There is no escalation {escalation}.", next="swarm escalation list")
    return _escalation(row)


def options(escalation: int) -> list[str]:
    """What the human can do about it, each as the command that does it."""
    resolve = f"swarm escalation resolve {escalation} --option"
    return [
        f"{resolve} retry",
        f"{resolve} assign --agent NAME",
        f"{resolve} take-over",
        f"{resolve} declare-passing --reason TEXT",
    ]


def _text(tx: Transaction, escalation: int, build: Build, incident: int, reason: str) -> str:
    tried = incidents.attempts(tx, incident)
    row = tx.one("select evidence from incidents where id = :id", id=incident)
    evidence = tail(row["evidence"] if row else "", TEXT_LINES, TEXT_LIMIT)
    parts = [
        *_heading(build, incident, reason),
        f"Attempts: {len(tried)}",
        *[f"  {_attempt_line(attempt)}" for attempt in tried],
    ]
    if evidence:
        parts += ["The last lines:", evidence]
    return "\n".join([*parts, *_offers(escalation)])


def _bare_text(escalation: int, build: Build, incident: int, reason: str, why: str) -> str:
    """When the rest cannot be read: a question with less to go by is still asked."""
    lacking = f"Attempts: could not be read ({one_line(why, 200)})"
    return "\n".join([*_heading(build, incident, reason), lacking, *_offers(escalation)])


def _heading(build: Build, incident: int, reason: str) -> list[str]:
    return [f"The build is red (incident {incident}): {build.summary or 'no summary'}", f"Asked because: {reason}"]


def _offers(escalation: int) -> list[str]:
    return ["You can:", *[f"  {command}" for command in options(escalation)]]


def _attempt_line(attempt: Attempt) -> str:
    end = attempt.end.value if attempt.end else "running"
    return f"{attempt.number}. {attempt.agent}: {end}" + (f" ({attempt.reason})" if attempt.reason else "")


def _escalation(row: Row) -> Escalation:
    return Escalation(
        id=row["id"],
        incident=row["incident_id"],
        raised_at=row["raised_at"],
        raised_by=row["raised_by"],
        reason=row["reason"],
        text=row["body"],
        acked_at=row["acked_at"],
        resolved_at=row["resolved_at"],
        resolution=row["resolution"],
    )
