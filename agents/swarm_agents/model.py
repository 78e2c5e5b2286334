"""The words of the swarm as values: what a build, an agent, a message is. Imports nothing of ours."""

from enum import StrEnum
from typing import NamedTuple


class BuildStatus(StrEnum):
    PASSING = "passing"
    BROKEN = "broken"
    FIXING = "fixing"
    ESCALATED = "escalated"


class MessageType(StrEnum):
    INFO = "INFO"
    QUESTION = "QUESTION"
    ANSWER = "ANSWER"
    BLOCKED = "BLOCKED"
    COMPLETED = "COMPLETED"
    HANDOFF = "HANDOFF"
    REVIEW_REQUEST = "REVIEW-REQUEST"
    CHALLENGE = "CHALLENGE"
    PROGRESS = "PROGRESS"
    STATUS = "STATUS"
    ACK = "ACK"


class DeliveryState(StrEnum):
    """A (message, pane) on its way. Only `read` may be called delivered."""

    QUEUED = "queued"
    TYPED = "typed"
    SUBMITTED = "submitted"
    READ = "read"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


HUMAN = "human"
SWARM = "swarm"
EVERYONE = "all"


class Moment(NamedTuple):
    """One instant: wall clock for people, the host's monotonic clock and boot for deadlines. Milliseconds."""

    wall_ms: int
    mono_ms: int
    boot_id: str


class Deadline(NamedTuple):
    """A moment on the monotonic clock of one boot of the host. One of another boot has passed."""

    mono_ms: int
    boot_id: str

    def left_ms(self, moment: Moment) -> int:
        """Milliseconds until then; 0 when it has passed."""
        return max(0, self.mono_ms - moment.mono_ms) if self.boot_id == moment.boot_id else 0

    def age_ms(self, moment: Moment) -> int:
        """Milliseconds since then; 0 when it lies ahead or belongs to another boot."""
        return max(0, moment.mono_ms - self.mono_ms) if self.boot_id == moment.boot_id else 0


class Rules(NamedTuple):
    """How long and how often: `[build]` of swarm.toml. Seconds."""

    max_attempts: int = 3
    lease_s: float = 900
    wait_s: float = 300


class Build(NamedTuple):
    """The build's row. `attempt` is the try that is open or comes next, out of `max_attempts`."""

    status: BuildStatus
    incident: int | None
    summary: str
    fixer: str | None
    fence: int
    attempt: int
    max_attempts: int
    broken_since: int | None
    lease_expires_at: int | None
    lease: Deadline | None
    """Decides a takeover; `lease_expires_at` is the same moment for people."""
    changed_at: int
    last_check: int | None
    retry_at: int | None = None
    """Nobody may claim before, after a failure of the network (UTC ms)."""
    retry: Deadline | None = None
    """The same moment on the monotonic clock."""

    @property
    def red(self) -> bool:
        return self.status is not BuildStatus.PASSING


class PaneAddress(NamedTuple):
    """One pane for good: server socket, server instance (pid and start time), pane id, pid of its process.

    Pane ids are reused after a server restart, and a respawned pane keeps its id: all four must match.
    """

    socket: str
    server: str
    pane_id: str
    pane_pid: int


class Message(NamedTuple):
    id: int
    at: int
    sender: str
    recipient: str
    type: MessageType
    body: str
    thread: int | None = None
    """The message that began it; None when nothing was said before."""
    reply_to: int | None = None
    retry_of: int | None = None
    """The message that was not acknowledged, and is said again here."""
    requires_ack: bool = False
    awaits_ack: bool = False
    """Whoever reads it here has not acknowledged it yet."""
    phase: str | None = None
    """The phase that its sender worked in; who works in another one does not see it. None: everybody does."""


class Delivery(NamedTuple):
    message: int
    agent: str
    pane: str | None
    state: DeliveryState
    reason: str | None
    at: int
    detail: str = ""
