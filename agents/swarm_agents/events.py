"""The audit trail: one row for each change, written in the same transaction, append-only."""

from __future__ import annotations

from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.values import NamedTuple


class Event(NamedTuple):
    id: int
    at: int
    actor: str
    kind: str
    incident: int | None
    fence: int | None
    detail: str


def record(
    tx: Transaction, actor: str, kind: str, detail: str = "", incident: int | None = None, fence: int | None = None
) -> None:
    tx.execute(
        "insert into events (at, actor, kind, incident_id, fence, detail) "
        "values (:at, :actor, :kind, :incident, :fence, :detail)",
        at=tx.now,
        actor=actor,
        kind=kind,
        incident=incident,
        fence=fence,
        detail=detail,
    )


def list_after(tx: Transaction, event_id: int, limit: int) -> list[Event]:
    """Up to `limit` events that follow `event_id`, oldest first."""
    rows = tx.execute(
        "select * from events where id > :event_id order by id limit :limit", event_id=event_id, limit=limit
    )
    return [_event(row) for row in rows]


def list_latest(tx: Transaction, kinds: tuple[str, ...], limit: int) -> list[Event]:
    """The last events of these kinds, newest first."""
    rows = tx.execute(f"select * from events where {_is_one_of(kinds)} order by id desc limit :limit", limit=limit)
    return [_event(row) for row in rows]


def list_about(tx: Transaction, kinds: tuple[str, ...], what: str, limit: int, at_end: bool = False) -> list[Event]:
    """The last events of these kinds about one thing, oldest first.

    An event is about `what` when its detail is `what` or begins with `what: `; with `at_end`, ends with `: what`.
    """
    part = (
        "substr(detail, length(detail) - length(:what) - 1) = ': ' || :what"
        if at_end
        else "substr(detail, 1, length(:what) + 2) = :what || ': '"
    )
    rows = tx.execute(
        f"select * from events where {_is_one_of(kinds)} and (detail = :what or {part}) order by id desc limit :limit",
        what=what,
        limit=limit,
    )
    return [_event(row) for row in reversed(rows)]


def is_recorded(tx: Transaction, actor: str, kind: str, detail: str, incident: int | None) -> bool:
    """Whether the incident has this event already."""
    found = tx.one(
        "select 1 from events where actor = :actor and kind = :kind and detail = :detail and incident_id = :incident",
        actor=actor,
        kind=kind,
        detail=detail,
        incident=incident,
    )
    return found is not None


def find_last_id(tx: Transaction) -> int:
    row = tx.one("select max(id) as id from events")
    return (row["id"] or 0) if row else 0


def _is_one_of(kinds: tuple[str, ...]) -> str:
    """The condition in SQL; the kinds are words of ours, never text from outside."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return f"kind in ({named})"


def _event(row: Row) -> Event:
    return Event(row["id"], row["at"], row["actor"], row["kind"], row["incident_id"], row["fence"], row["detail"])
