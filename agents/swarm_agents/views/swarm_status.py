"""What `swarm status` tells: the build, who waits, who is here, what was asked. Cheap to load and to read."""

from __future__ import annotations

from swarm_agents.build import row as build_row
from swarm_agents.build import waiters
from swarm_agents.build.waiters import Waiter
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.late import load_late
from swarm_agents.messages import rows as message_rows
from swarm_agents.model import Build
from swarm_agents.values import TYPE_CHECKING, NamedTuple
from swarm_agents.views import agents, branch_state

if TYPE_CHECKING:
    from swarm_agents.escalations import escalations
else:
    escalations = load_late("swarm_agents.escalations.escalations")
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.branch_state import BranchState


class SwarmStatus(NamedTuple):
    """All of it as it was at one moment."""

    read_at: int
    build: Build
    waiting: tuple[Waiter, ...]
    """First in line first."""
    agents: tuple[ListedAgent, ...]
    """Those that left included."""
    escalations: tuple[Escalation, ...]
    """The unanswered ones, oldest first."""
    branch: BranchState | None
    """Where the shared branch is; None until a background loop has seen it."""
    last_message: int
    """The id of the newest message; 0 when there is none."""

    @property
    def present(self) -> tuple[ListedAgent, ...]:
        """The agents that have not left."""
        return tuple(one for one in self.agents if one.agent.left_at is None)


def read(db: Database) -> SwarmStatus:
    with db.reading() as tx:
        return read_in(tx)


def read_in(tx: Transaction) -> SwarmStatus:
    """The same within the caller's transaction."""
    now = build_row.read(tx)
    return SwarmStatus(
        read_at=tx.now,
        build=now,
        waiting=tuple(waiters.list_waiting(tx)),
        agents=tuple(agents.list_agents(tx)),
        escalations=tuple(escalations.list_open(tx)),
        branch=branch_state.read(tx, now),
        last_message=message_rows.find_last_id(tx),
    )
