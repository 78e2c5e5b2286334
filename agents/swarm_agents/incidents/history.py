"""What is known of past and present incidents: attempts, symptoms, verdicts, and what each one cost."""

from typing import Any, NamedTuple

from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import Attempt


class Symptom(NamedTuple):
    """One breakage within an incident. The first one opened it."""

    signature: str
    summary: str
    first_by: str
    times: int


class Incident(NamedTuple):
    id: int
    summary: str
    evidence: str
    opened_at: int
    opened_by: str
    closed_at: int | None
    closed_by: str | None
    closed_how: str | None
    closed_why: str | None
    fix_commit: str | None
    first_red: str | None
    first_red_by: str | None
    seconds_to_green: int | None
    agent_minutes: float
    """That agents stood in line, those who still stand there until now included."""
    duplicate_fixes_avoided: int
    """Agents other than the fixers that met it: without a line each of them would have begun to repair."""
    attempts: list[Attempt]
    symptoms: list[Symptom]


def latest(tx: Transaction, limit: int) -> list[Incident]:
    """Newest first."""
    return [_incident(tx, row) for row in tx.execute("select * from incidents order by id desc limit :n", n=limit)]


def incident(tx: Transaction, number: int) -> Incident | None:
    row = tx.one("select * from incidents where id = :number", number=number)
    return _incident(tx, row) if row else None


def verdicts(tx: Transaction, limit: int) -> list[dict[str, Any]]:
    """The newest verdicts, newest first, whatever they spoke of."""
    return [dict(row) for row in tx.execute("select * from verdicts order by id desc limit :limit", limit=limit)]


def verdicts_of(tx: Transaction, number: int) -> list[dict[str, Any]]:
    rows = tx.execute("select * from verdicts where incident_id = :number order by id", number=number)
    return [dict(row) for row in rows]


def _incident(tx: Transaction, row: Row) -> Incident:
    tried = incidents.attempts(tx, row["id"])
    waited = _waited(tx, row["id"])
    return Incident(
        id=row["id"],
        summary=row["summary"],
        evidence=row["evidence"],
        opened_at=row["opened_at"],
        opened_by=row["opened_by"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        closed_how=row["closed_how"],
        closed_why=row["closed_why"],
        fix_commit=row["fix_commit"],
        first_red=row["first_red"],
        first_red_by=row["first_red_by"],
        seconds_to_green=(row["closed_at"] - row["opened_at"]) // 1000 if row["closed_at"] else None,
        agent_minutes=sum(ms for _, ms in waited) / 60_000,
        duplicate_fixes_avoided=len({agent for agent, _ in waited} - {attempt.agent for attempt in tried}),
        attempts=tried,
        symptoms=_symptoms(tx, row["id"]),
    )


def _symptoms(tx: Transaction, number: int) -> list[Symptom]:
    rows = tx.execute("select * from symptoms where incident_id = :number order by first_at, signature", number=number)
    return [Symptom(row["signature"], row["summary"], row["first_by"], row["times"]) for row in rows]


def _waited(tx: Transaction, number: int) -> list[tuple[str, int]]:
    """Each wait within the incident: who, and for how many milliseconds."""
    over = tx.execute("select agent, until - since as ms from waits where incident_id = :number", number=number)
    now = tx.execute(
        "select agent, :now - since as ms from waiters where incident_id = :number", now=tx.now, number=number
    )
    return [(row["agent"], max(0, row["ms"])) for row in [*over, *now]]
