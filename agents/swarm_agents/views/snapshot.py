"""Everything that the dashboard shows, as one immutable value read in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from swarm_agents import events, host_sessions
from swarm_agents.build.waiters import Waiter
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import SwarmError
from swarm_agents.escalations import announcements
from swarm_agents.escalations.announcements import Announcement
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.events import Event
from swarm_agents.gate import gate
from swarm_agents.host_sessions import HostState
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import Attempt
from swarm_agents.locks import locks
from swarm_agents.locks.locks import Lock
from swarm_agents.messages import deliveries
from swarm_agents.model import Build, Delivery, Moment
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.rows import Task
from swarm_agents.values import NamedTuple
from swarm_agents.views import message_pages, swarm_status
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.branch_state import BranchState
from swarm_agents.views.message_pages import LogRow

TAIL = 128  # messages: a screen that follows the log needs no second read
UNGATED_KEPT_MS = 24 * 3600 * 1000  # a commit that went round is shown that long, and while its incident is open
UNGATED_READ = 20
RECENT_MESSAGES = 12  # whose deliveries are shown side by side
RECENT_EVENTS = 50  # more than happens between two snapshots, which are some 50 ms apart


@dataclass(frozen=True)
class UnreachedAgent:
    """An agent that notices did not reach: how many, and the newest of them."""

    agent: str
    count: int
    newest: Delivery


@dataclass(frozen=True)
class UngatedCommits:
    """Commits that went round the gate: without its hook, or let by on request. How many, and the newest."""

    count: int
    newest: Event


class TasksAndLocks(NamedTuple):
    """Every task in the order of work, every lock by its path."""

    tasks: tuple[Task, ...]
    locks: tuple[Lock, ...]


class SnapshotRequest(NamedTuple):
    """What a snapshot holds only on request, because it may be long."""

    message: int | None = None
    """The id of a message, to hold all its deliveries."""
    work: bool = False
    deliveries: bool = False


NOTHING_EXTRA = SnapshotRequest()


@dataclass(frozen=True)
class Snapshot:
    moment: Moment
    build: Build
    attempts: tuple[Attempt, ...]
    """Of the open incident, oldest first."""
    waiting: tuple[Waiter, ...]
    """First in line first."""
    agents: tuple[ListedAgent, ...]
    host_states: dict[str, HostState]
    """By agent: what its host said last of itself."""
    escalations: tuple[Escalation, ...]
    """The unanswered ones about the build."""
    unannounced: tuple[Announcement, ...]
    """Channels by which an escalation could not be announced, the newest failure first."""
    unacknowledged: tuple[Escalation, ...]
    """The unanswered ones about messages that were not acknowledged, however often they were repeated."""
    branch: BranchState | None
    """Where the shared branch is; None until a background loop has seen it."""
    ungated: UngatedCommits | None
    unreached: tuple[UnreachedAgent, ...]
    """Agents that have not left, and that notices did not reach."""
    queued: int
    """Notices that wait for the courier."""
    first_message: int
    last_message: int
    """Ids; 0 when there is no message."""
    tail: tuple[LogRow, ...]
    events: tuple[Event, ...]
    """The newest ones, oldest first."""
    work: TasksAndLocks | None
    """None unless requested: there may be thousands."""
    recent_deliveries: tuple[Delivery, ...] | None
    """Of the last messages, newest first; None unless requested."""
    watched_message: int | None
    watched: tuple[Delivery, ...]
    """The deliveries of the requested message."""


@dataclass(frozen=True)
class SnapshotFailure:
    """The database could not be read, so nothing is known: not the same as an empty swarm."""

    error: SwarmError
    at: int


View = Snapshot | SnapshotFailure


def needs_human(snapshot: Snapshot) -> bool:
    return bool(
        snapshot.escalations
        or snapshot.unannounced
        or snapshot.unacknowledged
        or snapshot.ungated
        or snapshot.unreached
    )


def take(db: Database, request: SnapshotRequest = NOTHING_EXTRA) -> Snapshot:
    """Read all of it in one transaction: about a millisecond for a thousand agents."""
    with db.reading() as tx:
        status = swarm_status.read_in(tx)
        now, last = status.build, status.last_message
        return Snapshot(
            moment=tx.moment,
            build=now,
            attempts=tuple(incidents.list_attempts(tx, now.incident)) if now.incident else (),
            waiting=status.waiting,
            agents=status.agents,
            host_states=host_sessions.list_states(tx),
            escalations=tuple(one for one in status.escalations if one.incident is not None),
            unannounced=tuple(announcements.list_failed(tx)),
            unacknowledged=tuple(one for one in status.escalations if one.message is not None),
            branch=status.branch,
            ungated=_find_ungated(tx, now),
            unreached=tuple(
                UnreachedAgent(one.agent, count, one) for one, count in deliveries.list_unreached_agents(tx)
            ),
            queued=deliveries.count_queued(tx),
            first_message=message_pages.find_first_id(tx),
            last_message=last,
            tail=message_pages.find_rows(tx, last - TAIL + 1, last),
            events=tuple(events.list_after(tx, events.find_last_id(tx) - RECENT_EVENTS, RECENT_EVENTS)),
            work=TasksAndLocks(tuple(task_rows.list_tasks(tx)), tuple(locks.list_locks(tx))) if request.work else None,
            recent_deliveries=_recent_deliveries(tx) if request.deliveries else None,
            watched_message=request.message,
            watched=tuple(deliveries.list_for_message(tx, request.message)) if request.message else (),
        )


def is_at_rest(snapshot: Snapshot) -> bool:
    """Nothing counts down and no notice is on its way, so panes and clocks need no look all the time."""
    return not (snapshot.build.red or snapshot.waiting or snapshot.queued)


def differ_only_in_time(one: Snapshot, other: View | None) -> bool:
    """Whether there is nothing new to show: a courier that renews its lease commits too."""
    return isinstance(other, Snapshot) and replace(one, moment=other.moment) == other


def _recent_deliveries(tx: Transaction) -> tuple[Delivery, ...]:
    return tuple(deliveries.list_for_latest_messages(tx, RECENT_MESSAGES))


def _find_ungated(tx: Transaction, now: Build) -> UngatedCommits | None:
    found = [
        event
        for event in gate.list_ungated_commits(tx, UNGATED_READ)
        if event.at > tx.now - UNGATED_KEPT_MS or (now.red and event.incident == now.incident)
    ]
    return UngatedCommits(len(found), found[0]) if found else None
