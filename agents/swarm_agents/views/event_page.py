"""A page of the audit trail."""

from __future__ import annotations

from swarm_agents import events
from swarm_agents.db.database import Database
from swarm_agents.events import Event
from swarm_agents.values import NamedTuple


class EventPage(NamedTuple):
    events: tuple[Event, ...]
    """Oldest first."""
    more: bool
    """The limit cut it."""
    cursor: int
    """The next page begins after this id."""


def read(db: Database, after: int, limit: int) -> EventPage:
    """The events after an id."""
    with db.reading() as tx:
        found = tuple(events.list_after(tx, after, limit + 1))
    shown = found[:limit]
    return EventPage(shown, len(found) > limit, shown[-1].id if shown else after)
