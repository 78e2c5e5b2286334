"""What a human decided in a dialog, and carrying it out. An order keeps the fence that its dialog was opened with."""

from dataclasses import dataclass

from textual.message import Message

from swarm_agents import build, deliveries, messages
from swarm_agents.config import Config
from swarm_agents.db.database import Database
from swarm_agents.model import HUMAN, Delivery, Evidence, Fenced, Resolution


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
class DeclareFixed:
    """The human held the role, and repaired it."""

    fence: int
    reason: str


@dataclass(frozen=True)
class Send:
    recipient: str
    body: str


@dataclass(frozen=True)
class Retry:
    """Type the notices of a message again where they did not arrive."""

    message: int


Order = ForceRelease | Escalate | Assign | Resolve | DeclareFixed | Send | Retry


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


def carry_out(db: Database, order: Order, config: Config) -> Done | Sent | Fenced:
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
        case DeclareFixed(fence, reason):
            evidence = Evidence(reason or "a human repaired it", db.moment())
            return _done(build.fixed(db, HUMAN, evidence, fence))
        case Send(recipient, body):
            message, queued = messages.send(db, HUMAN, recipient, body)
            return Sent(message, tuple(queued))
        case Retry(message):
            with db.transaction() as tx:
                deliveries.retry(tx, message)
            return Done()


def _done(outcome: object) -> Done | Fenced:
    return outcome if isinstance(outcome, Fenced) else Done()
