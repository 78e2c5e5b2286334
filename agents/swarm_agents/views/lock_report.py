"""All locks; or one at length: who holds it, and what happened to it."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.events import Event
from swarm_agents.locks import locks
from swarm_agents.locks.locks import Lock
from swarm_agents.values import NamedTuple


class LockReport(NamedTuple):
    """Everything about the lock on one path, read in one transaction."""

    read_at: int
    path: str
    lock: Lock | None
    """None when no agent holds it."""
    events: tuple[Event, ...]
    """The last ones, oldest first."""


def read_all(db: Database) -> tuple[Lock, ...]:
    """Every lock by its path."""
    with db.reading() as tx:
        return tuple(locks.list_locks(tx))


def read(db: Database, path: str) -> LockReport:
    with db.reading() as tx:
        lock = next((one for one in locks.list_locks(tx) if one.path == path), None)
        return LockReport(tx.now, path, lock, tuple(locks.read_history(tx, path)))
