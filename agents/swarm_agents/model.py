"""The types that many rooms share. A type that one room owns is defined there. Imports nothing of ours."""

from __future__ import annotations

from swarm_agents.values import NamedTuple, StrEnum


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
    """The state of one message's delivery into one pane. Only `read` may be called delivered."""

    QUEUED = "queued"
    TYPED = "typed"
    SUBMITTED = "submitted"
    READ = "read"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


HUMAN = "human"
HUMAN_LEASE_S = 8 * 3600  # a human may be away for hours; an agent runs a command every few minutes
SWARM = "swarm"
EVERYONE = "all"


class Moment(NamedTuple):
    """One instant: wall clock for people, the host's monotonic clock and boot id for deadlines. Milliseconds."""

    wall_ms: int
    mono_ms: int
    boot_id: str


class Deadline(NamedTuple):
    """A moment on the monotonic clock of one boot of the host. A deadline of another boot has passed."""

    mono_ms: int
    boot_id: str

    def left_ms(self, moment: Moment) -> int:
        """Milliseconds until then; 0 when it has passed."""
        return max(0, self.mono_ms - moment.mono_ms) if self.boot_id == moment.boot_id else 0

    def age_ms(self, moment: Moment) -> int:
        """Milliseconds since then; 0 when it lies ahead or belongs to another boot."""
        return max(0, moment.mono_ms - self.mono_ms) if self.boot_id == moment.boot_id else 0


class BuildRules(NamedTuple):
    """Limits from `[build]` of swarm.toml. Seconds."""

    max_attempts: int = 3
    lease_s: float = 900
    wait_s: float = 300


class Build(NamedTuple):
    """The build's row. `attempt` is the number of the attempt that is open or comes next, of `max_attempts`."""

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
    """After a failure of the network: no agent may claim before this time (UTC ms)."""
    retry: Deadline | None = None
    """The same moment on the monotonic clock."""
    last_check_commit: str | None = None
    """The commit that the last check ran on, where that is known."""
    suspect: str = ""
    """The first red commit and its author, where they are known."""

    def lease_left_ms(self, moment: Moment) -> int:
        """Milliseconds until the fixer's lease runs out; 0 when it has, and without a fixer."""
        return self.lease.left_ms(moment) if self.lease else 0

    @property
    def red(self) -> bool:
        return self.status is not BuildStatus.PASSING

    @property
    def breakage(self) -> str:
        """What is broken and, where it is known, which commit is suspected: for people and agents."""
        summary = self.summary or "no summary"
        return f"{summary} (suspect: {self.suspect})" if self.suspect else summary


class PaneAddress(NamedTuple):
    """Identifies one pane: server socket, server instance (pid and start time), pane id, pid of its process.

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
    """The message that began the thread; None when this one does."""
    reply_to: int | None = None
    retry_of: int | None = None
    """The unacknowledged message that this one repeats."""
    requires_ack: bool = False
    awaits_ack: bool = False
    """The reader has not acknowledged it yet."""
    phase: str | None = None
    """The phase that its sender worked in; agents in another phase do not see it. None: all agents see it."""


class Delivery(NamedTuple):
    message: int
    agent: str
    pane: str | None
    state: DeliveryState
    reason: str | None
    at: int
    detail: str = ""
