"""The words of the swarm as values: what a build, an agent, a message is. Imports nothing of ours."""

from dataclasses import dataclass
from enum import StrEnum


class BuildStatus(StrEnum):
    PASSING = "passing"
    BROKEN = "broken"
    FIXING = "fixing"
    ESCALATED = "escalated"


class AttemptEnd(StrEnum):
    FIXED = "fixed"
    FAILED = "failed"
    EXPIRED = "expired"
    RELEASED = "released"


class ErrorClass(StrEnum):
    """Why an attempt failed. `auth` and `permission` ask the human at once and use up no attempt."""

    LOGIC = "logic"
    AUTH = "auth"
    PERMISSION = "permission"
    NETWORK = "network"
    UNKNOWN = "unknown"


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


class Resolution(StrEnum):
    """What a human may answer to an escalation."""

    RETRY = "retry"
    ASSIGN = "assign"
    TAKE_OVER = "take-over"
    DECLARE_PASSING = "declare-passing"


HUMAN = "human"
SWARM = "swarm"
EVERYONE = "all"


@dataclass(frozen=True)
class Moment:
    """One instant: wall clock for people, the host's monotonic clock and boot for deadlines. Milliseconds."""

    wall_ms: int
    mono_ms: int
    boot_id: str


@dataclass(frozen=True)
class Rules:
    """How long and how often: `[build]` of swarm.toml. Seconds."""

    max_attempts: int = 3
    lease_s: float = 900
    wait_s: float = 300


@dataclass(frozen=True)
class Build:
    """The build's row. `attempt` is the try that is running or comes next, out of `max_attempts`."""

    status: BuildStatus
    incident: int | None
    summary: str
    fixer: str | None
    fence: int
    attempt: int
    max_attempts: int
    broken_since: int | None
    lease_expires_at: int | None
    lease_mono_ms: int | None
    lease_boot_id: str | None
    changed_at: int
    last_check: int | None

    @property
    def red(self) -> bool:
        return self.status is not BuildStatus.PASSING


@dataclass(frozen=True)
class Evidence:
    """Why somebody may call the build passing: a check or a hook that passed, or a human's word.

    `began` is when the check started: one that began before the last change of status proves nothing.
    """

    what: str
    began: Moment
    commit: str | None = None


# Ends of an act on the build. Each says what holds now.


@dataclass(frozen=True)
class Passing:
    """Nobody has to do anything. `incident` is the one that just ended, if this act ended it."""

    build: Build
    incident: int | None = None


@dataclass(frozen=True)
class Yours:
    """The caller is the fixer, under `build.fence`. `new` is false when it was already."""

    build: Build
    new: bool


@dataclass(frozen=True)
class Waiting:
    """Another agent repairs it, or will; the caller is in line until `deadline` (UTC ms)."""

    build: Build
    ticket: int
    deadline: int


@dataclass(frozen=True)
class Asked:
    """A human was asked; agents can do nothing more about it."""

    build: Build
    escalation: int


@dataclass(frozen=True)
class Broken:
    """The build is red and nobody holds the lease; the attempt that ended is named."""

    build: Build


@dataclass(frozen=True)
class Fenced:
    """The caller does not hold the role under that fence, and nothing was changed."""

    build: Build


@dataclass(frozen=True)
class Stale:
    """The caller's check began before the build last turned; it says nothing about now, and nothing was changed."""

    build: Build


@dataclass(frozen=True)
class PaneAddress:
    """One pane for good: server socket, server instance (pid and start time), pane id, pid of its process.

    Pane ids are reused after a server restart, and a respawned pane keeps its id: all four must match.
    """

    socket: str
    server: str
    pane_id: str
    pane_pid: int


@dataclass(frozen=True)
class Agent:
    name: str
    role: str
    joined_at: int
    seen_at: int
    left_at: int | None
    pane: PaneAddress | None


@dataclass(frozen=True)
class Waiter:
    agent: str
    ticket: int
    since: int
    deadline: int


@dataclass(frozen=True)
class Attempt:
    incident: int
    number: int
    agent: str
    fence: int
    began_at: int
    ended_at: int | None
    end: AttemptEnd | None
    reason: str


@dataclass(frozen=True)
class Escalation:
    id: int
    incident: int
    raised_at: int
    raised_by: str
    reason: str
    text: str
    acked_at: int | None
    resolved_at: int | None
    resolution: str | None


@dataclass(frozen=True)
class Message:
    id: int
    at: int
    sender: str
    recipient: str
    type: MessageType
    body: str


@dataclass(frozen=True)
class Delivery:
    message: int
    agent: str
    pane: str | None
    state: DeliveryState
    reason: str | None
    at: int
    detail: str = ""
