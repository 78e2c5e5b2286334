"""What a human can command from a screen, and carrying it out: without Textual, so any other screen may use it.

Commands about a fixer, a task or a lock carry the fence that the human saw; with an outdated one they change nothing.
"""

from typing import NamedTuple

from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import Evidence, FenceRejected
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.escalations.escalations import AckResolution, Resolution
from swarm_agents.locks import locks
from swarm_agents.messages import acknowledgements, deliveries, messages
from swarm_agents.model import HUMAN, Delivery, MessageType
from swarm_agents.tasks import tasks
from swarm_agents.tasks.rows import Task, TaskStatus
from swarm_agents.text import one_line


class ForceReleaseCommand(NamedTuple):
    fence: int
    reason: str


class EscalateCommand(NamedTuple):
    fence: int
    reason: str


class AssignCommand(NamedTuple):
    fence: int
    to: str


class ResolveCommand(NamedTuple):
    escalation: int
    option: Resolution
    agent: str | None
    reason: str


class AnswerUnacknowledgedCommand(NamedTuple):
    escalation: int
    option: AckResolution
    reason: str


class DeclareFixedCommand(NamedTuple):
    """The human held the role, and repaired it."""

    fence: int
    reason: str


class SendCommand(NamedTuple):
    recipient: str
    body: str
    type: MessageType = MessageType.INFO
    reply_to: int | None = None


class RetryCommand(NamedTuple):
    """Type the notices of a message again where they did not arrive."""

    message: int


class ReassignTaskCommand(NamedTuple):
    task: str
    to: str
    fence: int


class ReleaseTaskCommand(NamedTuple):
    task: str
    fence: int
    reason: str


class ForceReleaseLockCommand(NamedTuple):
    path: str
    fence: int
    reason: str


HumanCommand = (
    ForceReleaseCommand
    | EscalateCommand
    | AssignCommand
    | ResolveCommand
    | AnswerUnacknowledgedCommand
    | DeclareFixedCommand
    | SendCommand
    | RetryCommand
    | ReassignTaskCommand
    | ReleaseTaskCommand
    | ForceReleaseLockCommand
)


class MessageSent(NamedTuple):
    message: int
    deliveries: tuple[Delivery, ...]


class CommandDone(NamedTuple):
    """The command succeeded."""


class CommandRefused(NamedTuple):
    """Nothing was changed: the thing is gone, or no longer as the human saw it. `why` says how it is now."""

    why: str


def carry_out(
    db: Database, order: HumanCommand, config: Config
) -> CommandDone | MessageSent | CommandRefused | FenceRejected:
    """`FenceRejected` when the build is no longer as the human saw it: nothing was changed. Raises `SwarmError`."""
    match order:
        case ForceReleaseCommand(fence, reason):
            return _done(human_acts.force_release(db, fence, reason or "a human released it"))
        case EscalateCommand(fence, reason):
            return _done(build.escalate(db, HUMAN, reason or "a human looks at it", fence))
        case AssignCommand(fence, to):
            return _done(human_acts.assign(db, to, config.rules, fence))
        case ResolveCommand(escalation, option, agent, reason):
            return _done(human_acts.resolve(db, escalation, option, config.rules, agent, reason))
        case AnswerUnacknowledgedCommand(escalation, answer, reason):
            acknowledgements.answer(db, escalation, answer, reason=reason)
            return CommandDone()
        case DeclareFixedCommand(fence, reason):
            evidence = Evidence(reason or "a human repaired it", db.moment())
            return _done(build.mark_fixed(db, HUMAN, evidence, fence))
        case SendCommand(recipient, body, type_, reply_to):
            message, queued = messages.send(db, HUMAN, recipient, body, type_, reply_to=reply_to)
            return MessageSent(message, tuple(queued))
        case RetryCommand(message):
            with db.transaction() as tx:
                again = deliveries.retry(tx, message)
            return CommandDone() if again else CommandRefused("no agent that it did not reach is in a pane.")
        case ReassignTaskCommand(task, to, fence):
            return _task_done(tasks.reassign(db, task, to, config.task_lease_s, fence))
        case ReleaseTaskCommand(task, fence, reason):
            return _task_done(tasks.release(db, HUMAN, task, reason, fence))
        case ForceReleaseLockCommand(path, fence, reason):
            return _lock_done(path, locks.force_release(db, [path], reason, fence))


def _done(outcome: object) -> CommandDone | FenceRejected:
    return outcome if isinstance(outcome, FenceRejected) else CommandDone()


def _task_done(
    outcome: tasks.TaskUpdated | tasks.TaskTaken | tasks.TaskBlocked | tasks.TaskNotHeld,
) -> CommandDone | CommandRefused:
    return CommandDone() if isinstance(outcome, tasks.TaskUpdated) else CommandRefused(describe_task(outcome.task))


def describe_task(task: Task) -> str:
    """The state of a task as a sentence."""
    if task.blocked_by and task.status is TaskStatus.OPEN:
        return f"task {task.id} waits for {', '.join(task.blocked_by[:5])}."
    whose = f" by {task.claimant} (fence {task.fence})" if task.claimant else ""
    return f"task {task.id} is {task.status.value.replace('_', ' ')}{whose} now."


def _lock_done(path: str, outcome: locks.LocksReleased | locks.LocksNotHeld) -> CommandDone | CommandRefused:
    match outcome:
        case locks.LocksNotHeld():
            return CommandRefused(f"another agent has locked {one_line(path, 200)} since.")
        case locks.LocksReleased(free=[_, *_]):
            return CommandRefused(f"no agent holds {one_line(path, 200)} any more.")
    return CommandDone()
