"""Ends leases that have run out, and leases of agents whose pane is certainly gone; records panes that are gone."""

from typing import NamedTuple

from swarm_agents import roster
from swarm_agents.build import build, expiry
from swarm_agents.courier.courier import CourierRound
from swarm_agents.db.database import Database
from swarm_agents.errors import NotFound
from swarm_agents.locks import locks
from swarm_agents.locks.leases import LOCK_LEASES
from swarm_agents.model import PaneAddress
from swarm_agents.roster import Agent
from swarm_agents.tasks import reopening
from swarm_agents.tasks.leases import TASK_LEASES

GRACE_S = 3.0  # enough for a pane to be respawned, or for an agent to join again from another pane
_WHY = "its tmux pane is gone"


class _MissingPane(NamedTuple):
    pane: PaneAddress | None
    since_mono_ms: int


class Reaper:
    """Remembers since when each agent's pane is missing. One for each process that runs rounds of a courier."""

    def __init__(self) -> None:
        self._missing: dict[str, _MissingPane] = {}

    def end_leases(self, db: Database, done: CourierRound) -> None:
        """End what has run out, and what agents hold whose pane is gone. Call it after every round of a courier."""
        expiry.reap(db)
        reopening.reap(db)
        locks.reap(db)
        roster.record_pane_looks(db, done.lost_panes, done.living_agents)
        for name in done.living_agents:
            self._missing.pop(name, None)
        for name in done.gone_agents:
            self._note_missing(db, name)

    def _note_missing(self, db: Database, name: str) -> None:
        agent = _find_agent(db, name)
        if agent is None:
            return
        mono_ms = db.moment().mono_ms
        missing = self._missing.setdefault(name, _MissingPane(agent.pane, mono_ms))
        if missing.pane != agent.pane:  # it joined again from a pane that this round has not seen
            self._missing[name] = _MissingPane(agent.pane, mono_ms)
        elif mono_ms - missing.since_mono_ms >= GRACE_S * 1000:
            _end_leases_of(db, agent)


def _end_leases_of(db: Database, agent: Agent) -> None:
    with db.reading() as tx:
        now = build.state(tx)
        holds = TASK_LEASES.are_held(tx, agent.name) or LOCK_LEASES.are_held(tx, agent.name)
    if now.fixer == agent.name:
        expiry.lose_fixer(db, agent.name, now.fence, _WHY)
    if holds:
        with db.transaction() as tx:
            if roster.find(tx, agent.name, left_too=True).pane == agent.pane:
                reopening.expire_held(tx, agent.name, f"{agent.name}: {_WHY}")
                locks.expire_held(tx, agent.name, _WHY)


def _find_agent(db: Database, name: str) -> Agent | None:
    with db.reading() as tx:
        try:
            return roster.find(tx, name)
        except NotFound:  # it left meanwhile, which ended its leases
            return None
