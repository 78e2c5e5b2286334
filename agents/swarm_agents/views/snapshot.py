"""Everything that one screen shows, as one immutable value read in one transaction."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from swarm_agents import events
from swarm_agents.build import build, waiters
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import SwarmError
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import Announcement
from swarm_agents.events import Event
from swarm_agents.gate import gate
from swarm_agents.incidents import incidents
from swarm_agents.locks import locks
from swarm_agents.locks.locks import Lock
from swarm_agents.messages import deliveries
from swarm_agents.model import Attempt, Build, Delivery, Escalation, Moment, Waiter
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.rows import Task
from swarm_agents.views import agents, message_pages
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.message_pages import LogRow

TAIL = 128  # messages: what a follower sees is never a read behind the banner
ROUND_KEPT_MS = 24 * 3600 * 1000  # a commit that went round the gate is shown so long, and while its incident is open
ROUND_LOOKED_AT = 20
RECENT_MESSAGES = 12  # whose deliveries are shown side by side
RECENT_EVENTS = 50  # enough to tell of everything that happened since the last look, some 50 ms ago


@dataclass(frozen=True)
class Lost:
    """What did not reach an agent: how many notices, and the newest of them."""

    agent: str
    count: int
    newest: Delivery


@dataclass(frozen=True)
class WentRound:
    """Commits that landed without the hook, or while the build was somebody else's: how many, and the newest."""

    count: int
    newest: Event


@dataclass(frozen=True)
class Work:
    """What is shared out: every task in the order of work, every lock by its path."""

    tasks: tuple[Task, ...]
    locks: tuple[Lock, ...]


class Asked(NamedTuple):
    """What is read only while somebody looks at it. `message` is the one of which every delivery is told."""

    message: int | None = None
    work: bool = False
    deliveries: bool = False


NOTHING_MORE = Asked()


@dataclass(frozen=True)
class Snapshot:
    moment: Moment
    build: Build
    attempts: tuple[Attempt, ...]
    """Of the open incident, oldest first."""
    waiting: tuple[Waiter, ...]
    """First in line first."""
    agents: tuple[ListedAgent, ...]
    escalations: tuple[Escalation, ...]
    """The unanswered ones about the build."""
    untold: tuple[Announcement, ...]
    """Channels of those that failed, the newest failure first."""
    unacknowledged: tuple[Escalation, ...]
    """The unanswered ones about messages that were not acknowledged, however often they were said again."""
    went_round: WentRound | None
    lost: tuple[Lost, ...]
    """Agents that are here and were not reached."""
    queued: int
    """Notices that wait for the courier."""
    first_message: int
    last_message: int
    """Ids; 0 when there is no message."""
    tail: tuple[LogRow, ...]
    events: tuple[Event, ...]
    """The newest ones, oldest first."""
    work: Work | None
    """None while nobody looks at it: there may be thousands."""
    recent_deliveries: tuple[Delivery, ...] | None
    """Of the last messages, newest first; None while nobody looks at them."""
    watched_message: int | None
    watched: tuple[Delivery, ...]
    """What became of the one message that somebody looks at."""


@dataclass(frozen=True)
class CouldNotLook:
    """Nothing is known now, which is not the same as nothing being there."""

    error: SwarmError
    at: int


View = Snapshot | CouldNotLook


def needs_human(snapshot: Snapshot) -> bool:
    return bool(
        snapshot.escalations or snapshot.untold or snapshot.unacknowledged or snapshot.went_round or snapshot.lost
    )


def take(db: Database, asked: Asked = NOTHING_MORE) -> Snapshot:
    """Read it all in one transaction: about a millisecond for a thousand agents."""
    with db.reading() as tx:
        now = build.state(tx)
        first, last = message_pages.bounds(tx)
        unanswered = escalations.unresolved(tx)
        return Snapshot(
            moment=tx.moment,
            build=now,
            attempts=tuple(incidents.attempts(tx, now.incident)) if now.incident else (),
            waiting=tuple(waiters.line(tx)),
            agents=tuple(agents.list_agents(tx)),
            escalations=tuple(one for one in unanswered if one.incident is not None),
            untold=tuple(announcements.failed(tx)),
            unacknowledged=tuple(one for one in unanswered if one.message is not None),
            went_round=_went_round(tx, now),
            lost=tuple(Lost(one.agent, count, one) for one, count in deliveries.list_unreached_agents(tx)),
            queued=deliveries.count_queued(tx),
            first_message=first,
            last_message=last,
            tail=message_pages.rows(tx, last - TAIL + 1, last),
            events=tuple(events.after(tx, events.last_id(tx) - RECENT_EVENTS, RECENT_EVENTS)),
            work=Work(tuple(task_rows.list_tasks(tx)), tuple(locks.list_locks(tx))) if asked.work else None,
            recent_deliveries=tuple(deliveries.list_for_latest_messages(tx, RECENT_MESSAGES))
            if asked.deliveries
            else None,
            watched_message=asked.message,
            watched=tuple(deliveries.list_for_message(tx, asked.message)) if asked.message else (),
        )


def at_rest(snapshot: Snapshot) -> bool:
    """Nothing counts down, and no notice is on its way: nobody has to look at panes or clocks all the time."""
    return not (snapshot.build.red or snapshot.waiting or snapshot.queued)


def alike(one: Snapshot, other: View | None) -> bool:
    """Whether only time has passed: a courier that renews its lease commits too."""
    return isinstance(other, Snapshot) and replace(one, moment=other.moment) == other


def _went_round(tx: Transaction, now: Build) -> WentRound | None:
    found = [
        event
        for event in gate.went_round(tx, ROUND_LOOKED_AT)
        if event.at > tx.now - ROUND_KEPT_MS or (now.red and event.incident == now.incident)
    ]
    return WentRound(len(found), found[0]) if found else None
