"""Ends leases that nobody will keep: those that ran out, and those of agents whose pane is certainly gone."""

from typing import NamedTuple

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.courier.courier import CourierRound
from swarm_agents.db.database import Database
from swarm_agents.errors import NotFound
from swarm_agents.locks import locks
from swarm_agents.locks.leases import LOCK_LEASES
from swarm_agents.model import Agent, PaneAddress
from swarm_agents.tasks import tasks
from swarm_agents.tasks.leases import TASK_LEASES

GRACE_S = 3.0  # a pane that is being respawned, or an agent that joins again from another one, is back by then
_WHY = "its tmux pane is gone"


class _Missing(NamedTuple):
    pane: PaneAddress | None
    since_mono_ms: int


class Reaper:
    """Remembers since when whose pane is missing. One for each process that makes rounds."""

    def __init__(self) -> None:
        self._missing: dict[str, _Missing] = {}

    def after(self, db: Database, done: CourierRound) -> None:
        """Call it after every round of a courier, whether it leads or not."""
        build.reap(db)
        tasks.reap(db)
        locks.reap(db)
        for name in done.living_agents:
            self._missing.pop(name, None)
        for name in done.gone_agents:
            self._miss(db, name)

    def _miss(self, db: Database, name: str) -> None:
        agent = _found(db, name)
        if agent is None:
            return
        mono_ms = db.moment().mono_ms
        missing = self._missing.setdefault(name, _Missing(agent.pane, mono_ms))
        if missing.pane != agent.pane:  # it joined again from another one, at which nobody has looked yet
            self._missing[name] = _Missing(agent.pane, mono_ms)
        elif mono_ms - missing.since_mono_ms >= GRACE_S * 1000:
            _lose(db, agent)


def _lose(db: Database, agent: Agent) -> None:
    with db.reading() as tx:
        now = build.state(tx)
        holds = TASK_LEASES.are_held(tx, agent.name) or LOCK_LEASES.are_held(tx, agent.name)
    if now.fixer == agent.name:
        build.lose_fixer(db, agent.name, now.fence, _WHY)
    if holds:
        with db.transaction() as tx:
            if roster.find(tx, agent.name, left_too=True).pane == agent.pane:
                tasks.lose(tx, agent.name, f"{agent.name}: {_WHY}")
                locks.lose(tx, agent.name, _WHY)


def _found(db: Database, name: str) -> Agent | None:
    with db.reading() as tx:
        try:
            return roster.find(tx, name)
        except NotFound:  # it left meanwhile, and gave everything back
            return None
