"""Agents and what each of them does now, put together from the roster, the build and its waiters."""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.build import row as build_row
from swarm_agents.build import waiters
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.late import load_late
from swarm_agents.roster import Agent
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents import host_sessions
    from swarm_agents.host_sessions import HostState
else:
    host_sessions = load_late("swarm_agents.host_sessions")

SILENT_AFTER_MS = 5 * 60_000  # without a command; coding agents think for minutes, so this is a hint and no verdict


class ListedAgent(NamedTuple):
    """An agent and its state: `left` `replaced` `gone` `fixing` `waiting` `active` `silent`, the first that is true.

    `replaced` and `gone` are about its pane: `agent.pane_loss` says why, from which source, and since when.
    """

    agent: Agent
    state: str


class AgentListing(NamedTuple):
    read_at: int
    agents: tuple[ListedAgent, ...]


def read(db: Database) -> AgentListing:
    """Every agent by name, those who left last."""
    with db.reading() as tx:
        return AgentListing(tx.now, tuple(list_agents(tx)))


def read_host_states(db: Database) -> dict[str, HostState]:
    """For each agent whose host's hooks fire what the host said last of itself: a fact, where a screen is a guess."""
    with db.reading() as tx:
        return host_sessions.list_states(tx)


def list_agents(tx: Transaction) -> list[ListedAgent]:
    """The same within the caller's transaction."""
    fixer = build_row.read(tx).fixer
    waiting = {waiter.agent for waiter in waiters.list_waiting(tx)}
    agents = [roster.check_process(agent) for agent in roster.list_all(tx)]
    return [ListedAgent(agent, _state(agent, fixer, waiting, tx.now)) for agent in agents]


def _state(agent: Agent, fixer: str | None, waiting: set[str], now: int) -> str:
    if agent.left_at is not None:
        return "left"
    if loss := agent.pane_loss:
        return "replaced" if loss.why == "replaced" else "gone"
    if agent.name == fixer:
        return "fixing"
    if agent.name in waiting:
        return "waiting"
    return "active" if now - agent.seen_at < SILENT_AFTER_MS else "silent"
