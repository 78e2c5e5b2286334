"""What a human decided in a dialog, and carrying it out. An order keeps the fence that its dialog was opened with."""

from dataclasses import dataclass

from textual.message import Message

from swarm_agents.build import build
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.messages import acknowledgements, deliveries, messages
from swarm_agents.model import HUMAN, AckResolution, Delivery, Evidence, Fenced, MessageType, Resolution
from swarm_agents.tasks import tasks
from swarm_agents.tasks.rows import Task, TaskStatus
from swarm_agents.text import one_line


@dataclass(frozen=True)
class ForceRelease:
    fence: int
    reason: str


@dataclass(frozen=True)
class Escalate:
    fence: int
    reason: str


@dataclass(frozen=True)
class Assign:
    fence: int
    to: str


@dataclass(frozen=True)
class Resolve:
    escalation: int
    option: Resolution
    agent: str | None
    reason: str


@dataclass(frozen=True)
class AnswerUnacknowledged:
    escalation: int
    option: AckResolution
    reason: str


@dataclass(frozen=True)
class DeclareFixed:
    """The human held the role, and repaired it."""

    fence: int
    reason: str


@dataclass(frozen=True)
class Send:
    recipient: str
    body: str
    type: MessageType = MessageType.INFO
    reply_to: int | None = None


@dataclass(frozen=True)
class Retry:
    """Type the notices of a message again where they did not arrive."""

    message: int


@dataclass(frozen=True)
class ReassignTask:
    task: str
    to: str
    fence: int


@dataclass(frozen=True)
class ReleaseTask:
    task: str
    fence: int
    reason: str


@dataclass(frozen=True)
class ForceReleaseLock:
    path: str
    fence: int
    reason: str


Order = (
    ForceRelease
    | Escalate
    | Assign
    | Resolve
    | AnswerUnacknowledged
    | DeclareFixed
    | Send
    | Retry
    | ReassignTask
    | ReleaseTask
    | ForceReleaseLock
)


class Ordered(Message):
    """A screen asks the app to carry it out."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.order = order


@dataclass(frozen=True)
class Sent:
    message: int
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Done:
    """It happened. The event that tells of it is on its way like everybody's."""


@dataclass(frozen=True)
class Refused:
    """What was to be changed is not there, or not what the human saw any more; nothing was changed. What holds now."""

    why: str


def carry_out(db: Database, order: Order, config: Config) -> Done | Sent | Refused | Fenced:
    """`Fenced` when the build is not what the human saw any more; nothing was changed then."""
    match order:
        case ForceRelease(fence, reason):
            return _done(build.force_release(db, fence, reason or "a human released it"))
        case Escalate(fence, reason):
            return _done(build.escalate(db, HUMAN, reason or "a human looks at it", fence))
        case Assign(fence, to):
            return _done(build.assign(db, to, config.rules, fence))
        case Resolve(escalation, option, agent, reason):
            return _done(build.resolve(db, escalation, option, config.rules, agent, reason))
        case AnswerUnacknowledged(escalation, answer, reason):
            acknowledgements.answer(db, escalation, answer, reason=reason)
            return Done()
        case DeclareFixed(fence, reason):
            evidence = Evidence(reason or "a human repaired it", db.moment())
            return _done(build.fixed(db, HUMAN, evidence, fence))
        case Send(recipient, body, type_, reply_to):
            message, queued = messages.send(db, HUMAN, recipient, body, type_, reply_to=reply_to)
            return Sent(message, tuple(queued))
        case Retry(message):
            with db.transaction() as tx:
                again = deliveries.retry(tx, message)
            return Done() if again else Refused("nobody whom it did not reach is in a pane.")
        case ReassignTask(task, to, fence):
            return _task_done(tasks.reassign(db, task, to, config.task_lease_s, fence))
        case ReleaseTask(task, fence, reason):
            return _task_done(tasks.release(db, HUMAN, task, reason, fence))
        case ForceReleaseLock(path, fence, reason):
            return _lock_done(path, locks.force_release(db, [path], reason, fence))


def _done(outcome: object) -> Done | Fenced:
    return outcome if isinstance(outcome, Fenced) else Done()


def _task_done(outcome: tasks.TaskUpdated | tasks.TaskTaken | tasks.TaskBlocked | tasks.TaskNotHeld) -> Done | Refused:
    return Done() if isinstance(outcome, tasks.TaskUpdated) else Refused(standing(outcome.task))


def standing(task: Task) -> str:
    """How a task stands, in words."""
    if task.blocked_by and task.status is TaskStatus.OPEN:
        return f"task {task.id} waits for {', '.join(task.blocked_by[:5])}."
    whose = f" by {task.claimant} (fence {task.fence})" if task.claimant else ""
    return f"task {task.id} is {task.status.value.replace('_', ' ')}{whose} now."


def _lock_done(path: str, outcome: locks.LocksReleased | locks.LocksNotHeld) -> Done | Refused:
    match outcome:
        case locks.LocksNotHeld():
            return Refused(f"another one has locked {one_line(path, 200)} since.")
        case locks.LocksReleased(free=[_, *_]):
            return Refused(f"nobody holds {one_line(path, 200)} any more.")
    return Done()
