"""Which hooks of a coding agent were seen to run here, by the audit trail."""

from __future__ import annotations

from swarm_agents import events
from swarm_agents.db.database import Database
from swarm_agents.values import NamedTuple

_LIMIT = 1_000  # the last events that are looked through


class SeenHook(NamedTuple):
    event: str
    """The host's own word for it."""
    at: int
    """When it last ran."""
    agent: str


def list_seen_hooks(db: Database, host: str) -> list[SeenHook]:
    """The last run of each hook of this host, newest first. Events that only say that it is alive leave no trace."""
    with db.reading() as tx:
        found = events.list_latest(tx, ("hook",), _LIMIT)
    seen: dict[str, SeenHook] = {}
    for event in found:
        name, _, rest = event.detail.partition(" ")
        word = rest.partition(":")[0]
        if name == host:
            seen.setdefault(word, SeenHook(word, event.at, event.actor))
    return list(seen.values())
