"""Reads past and present incidents: attempts, symptoms, verdicts, and the cost of each."""

from __future__ import annotations

from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import Attempt
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any


class Symptom(NamedTuple):
    """One breakage within an incident, which the first one opened."""

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
    """The time that agents stood in line; for agents still in line, until now."""
    duplicate_fixes_avoided: int
    """The number of agents that waited and never were the fixer: without a line each would have begun a repair."""
    attempts: list[Attempt]
    symptoms: list[Symptom]


def list_incidents(tx: Transaction, limit: int) -> list[Incident]:
    """Newest first."""
    return [_incident(tx, row) for row in tx.execute("select * from incidents order by id desc limit :n", n=limit)]


def find_incident(tx: Transaction, number: int) -> Incident | None:
    row = tx.one("select * from incidents where id = :number", number=number)
    return _incident(tx, row) if row else None


def list_verdicts(tx: Transaction, limit: int) -> list[dict[str, Any]]:
    """The newest verdicts, newest first, of any incident or of none."""
    return [dict(row) for row in tx.execute("select * from verdicts order by id desc limit :limit", limit=limit)]


def list_verdicts_of(tx: Transaction, number: int) -> list[dict[str, Any]]:
    rows = tx.execute("select * from verdicts where incident_id = :number order by id", number=number)
    return [dict(row) for row in rows]


def _incident(tx: Transaction, row: Row) -> Incident:
    attempts = incidents.list_attempts(tx, row["id"])
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
        duplicate_fixes_avoided=len({agent for agent, _ in waited} - {attempt.agent for attempt in attempts}),
        attempts=attempts,
        symptoms=_symptoms(tx, row["id"]),
    )


def _symptoms(tx: Transaction, number: int) -> list[Symptom]:
    rows = tx.execute("select * from symptoms where incident_id = :number order by first_at, signature", number=number)
    return [Symptom(row["signature"], row["summary"], row["first_by"], row["times"]) for row in rows]


def _waited(tx: Transaction, number: int) -> list[tuple[str, int]]:
    """Each wait within the incident: the agent, and how many milliseconds."""
    over = tx.execute("select agent, until - since as ms from waits where incident_id = :number", number=number)
    now = tx.execute(
        "select agent, :now - since as ms from waiters where incident_id = :number", now=tx.now, number=number
    )
    return [(row["agent"], max(0, row["ms"])) for row in [*over, *now]]
