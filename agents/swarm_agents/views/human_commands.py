"""What only a human may command, each command with the act that carries it out. Without Textual: the screen's keys and
the human's verbs of `swarm` both come through here.

A command about a fixer, a task or a lock carries the fence that the human saw; with an outdated one it changes nothing.
"""

from __future__ import annotations

from typing import Protocol

from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import BuildBroken, BuildPassing, Evidence, FenceRejected, HumanAsked, RoleGranted
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import AckResolution, Resolution
from swarm_agents.locks import locks
from swarm_agents.locks.locks import LocksNotHeld, LocksReleased
from swarm_agents.messages import acknowledgements, deliveries, messages
from swarm_agents.messages.acknowledgements import AckOutcome
from swarm_agents.model import HUMAN, HUMAN_LEASE_S, Delivery, MessageType
from swarm_agents.tasks import tasks
from swarm_agents.tasks.rows import Task, TaskStatus
from swarm_agents.tasks.tasks import TaskBlocked, TaskNotHeld, TaskTaken, TaskUpdated
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class HumanCommand(Protocol):
    """`carry_out` is one whole act. What it returns is the outcome of that act; it raises `SwarmError`."""

    def carry_out(self, db: Database, config: Config) -> object: ...


class MessageSent(NamedTuple):
    message: int
    deliveries: tuple[Delivery, ...]


class NoticesQueued(NamedTuple):
    """Notices that are typed again; none when each is queued, submitted or read, or its agent has no pane."""

    deliveries: tuple[Delivery, ...]


class ForceReleaseCommand(NamedTuple):
    fence: int
    reason: str

    def carry_out(self, db: Database, config: Config) -> BuildBroken | FenceRejected:
        return human_acts.force_release(db, self.fence, self.reason or "a human decided so")


class EscalateCommand(NamedTuple):
    fence: int
    reason: str

    def carry_out(self, db: Database, config: Config) -> BuildPassing | HumanAsked | FenceRejected:
        return build.escalate(db, HUMAN, self.reason or "a human looks at it", self.fence)


class AssignCommand(NamedTuple):
    fence: int
    to: str

    def carry_out(self, db: Database, config: Config) -> RoleGranted | FenceRejected:
        return human_acts.assign(db, self.to, config.rules, self.fence)


class DeclareFixedCommand(NamedTuple):
    """The human held the role, and repaired it. Without a fence, whatever the human holds now."""

    fence: int | None
    reason: str

    def carry_out(self, db: Database, config: Config) -> BuildPassing | FenceRejected:
        evidence = Evidence(self.reason or "a human repaired it", db.moment())
        return build.mark_fixed(db, HUMAN, evidence, self.fence)


class ResolveCommand(NamedTuple):
    escalation: int
    option: Resolution
    agent: str | None
    reason: str

    def carry_out(self, db: Database, config: Config) -> BuildBroken | RoleGranted | BuildPassing:
        return human_acts.resolve(db, self.escalation, self.option, config.rules, self.agent, self.reason)


class AcknowledgeEscalationCommand(NamedTuple):
    """The human has seen it; it stays open."""

    escalation: int

    def carry_out(self, db: Database, config: Config) -> None:
        with db.transaction() as tx:
            escalations.acknowledge(tx, self.escalation)


class AnswerUnacknowledgedCommand(NamedTuple):
    """For all recipients that stayed silent, or for `agent` only."""

    escalation: int
    option: AckResolution
    reason: str
    agent: str | None = None

    def carry_out(self, db: Database, config: Config) -> list[str]:
        """The names of those recipients."""
        return acknowledgements.answer(db, self.escalation, self.option, self.agent, self.reason)


class ExcuseCommand(NamedTuple):
    """The agent need not acknowledge that message any more."""

    message: int
    agent: str

    def carry_out(self, db: Database, config: Config) -> AckOutcome:
        return acknowledgements.excuse(db, self.agent, self.message)


class SendCommand(NamedTuple):
    recipient: str
    body: str
    type: MessageType = MessageType.INFO
    reply_to: int | None = None

    def carry_out(self, db: Database, config: Config) -> MessageSent:
        message, queued = messages.send(db, HUMAN, self.recipient, self.body, self.type, reply_to=self.reply_to)
        return MessageSent(message, tuple(queued))


class RetryCommand(NamedTuple):
    """Type the notices of a message again where they did not arrive, for all agents or for `agent` only."""

    message: int
    agent: str | None = None

    def carry_out(self, db: Database, config: Config) -> NoticesQueued:
        with db.transaction() as tx:
            return NoticesQueued(tuple(deliveries.retry(tx, self.message, self.agent)))


class ReassignTaskCommand(NamedTuple):
    """To an agent, or to the human."""

    task: str
    to: str
    fence: int | None

    def carry_out(self, db: Database, config: Config) -> TaskUpdated | TaskTaken | TaskBlocked:
        lease_s = HUMAN_LEASE_S if self.to == HUMAN else config.task_lease_s
        return tasks.reassign(db, self.task, self.to, lease_s, self.fence)


class ReleaseTaskCommand(NamedTuple):
    task: str
    fence: int | None
    reason: str

    def carry_out(self, db: Database, config: Config) -> TaskUpdated | TaskNotHeld:
        return tasks.release(db, HUMAN, self.task, self.reason, self.fence)


class ForceReleaseLocksCommand(NamedTuple):
    paths: tuple[str, ...]
    fence: int | None
    reason: str

    def carry_out(self, db: Database, config: Config) -> LocksReleased | LocksNotHeld:
        return locks.force_release(db, self.paths, self.reason, self.fence)


def find_refusal(outcome: object) -> str | None:
    """Why nothing was changed: the thing is gone, or no longer as the human saw it. None when the command succeeded.

    `FenceRejected` has no words here: each screen describes the build in its own.
    """
    match outcome:
        case TaskTaken(task) | TaskBlocked(task) | TaskNotHeld(task):
            return describe_task(task)
        case NoticesQueued(deliveries=()):
            return "no agent that it did not reach is in a pane."
        case LocksNotHeld(paths):
            return f"another agent has locked {_name(paths)} since."
        case LocksReleased(released=[], free=paths):
            return f"no agent holds {_name(paths)} any more."
    return None


def describe_task(task: Task) -> str:
    """The state of a task as a sentence."""
    if task.blocked_by and task.status is TaskStatus.OPEN:
        return f"task {task.id} waits for {', '.join(task.blocked_by[:5])}."
    whose = f" by {task.claimant} (fence {task.fence})" if task.claimant else ""
    return f"task {task.id} is {task.status.value.replace('_', ' ')}{whose} now."


def _name(paths: Sequence[str]) -> str:
    return one_line(", ".join(paths), 200)
