"""How a state looks: a symbol, a word and a tone, always together, so that no state is shown by colour alone."""

from typing import NamedTuple

from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.model import BuildStatus, DeliveryState
from swarm_agents.tasks.rows import TaskStatus


class Sign(NamedTuple):
    symbol: str
    word: str
    tone: str
    """`good` `busy` `bad` `ask` `dim` or `plain`; themes.py gives each its colour."""

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


BUILD = {
    BuildStatus.PASSING: Sign("✓", "PASSING", "good"),
    BuildStatus.BROKEN: Sign("✗", "BROKEN", "bad"),
    BuildStatus.FIXING: Sign("◆", "FIXING", "busy"),
    BuildStatus.ESCALATED: Sign("‼", "ESCALATED", "ask"),
}
UNKNOWN = Sign("?", "UNKNOWN", "ask")

ATTEMPT: dict[AttemptEnd | None, Sign] = {
    None: Sign("◆", "open", "busy"),
    AttemptEnd.FIXED: Sign("✓", "fixed", "good"),
    AttemptEnd.FAILED: Sign("✗", "failed", "bad"),
    AttemptEnd.EXPIRED: Sign("○", "expired", "busy"),
    AttemptEnd.RELEASED: Sign("-", "released", "dim"),
}

AGENT = {
    "fixing": Sign("◆", "fixing", "busy"),
    "waiting": Sign("…", "waiting", "plain"),
    "active": Sign("●", "active", "good"),
    "silent": Sign("○", "silent", "dim"),
    "gone": Sign("✗", "gone", "bad"),
    "replaced": Sign("≠", "replaced", "bad"),
    "left": Sign("-", "left", "dim"),
}

TASK = {
    TaskStatus.OPEN: Sign("○", "open", "good"),
    TaskStatus.CLAIMED: Sign("◇", "claimed", "busy"),
    TaskStatus.IN_PROGRESS: Sign("◆", "in progress", "busy"),
    TaskStatus.REVIEW: Sign("?", "review", "ask"),
    TaskStatus.COMPLETED: Sign("✓", "completed", "dim"),
    TaskStatus.FAILED: Sign("✗", "failed", "bad"),
    TaskStatus.CANCELLED: Sign("-", "cancelled", "dim"),
}
BLOCKED = Sign("…", "blocked", "dim")

_PANE = {
    "ready": Sign("●", "ready", "good"),
    "dialog": Sign("‼", "asks you", "ask"),
    "draft": Sign("◌", "draft", "busy"),
    "human-typing": Sign("◌", "you type", "busy"),
    "dead": Sign("✗", "dead", "bad"),
    "gone": Sign("✗", "gone", "bad"),
    "replaced": Sign("≠", "replaced", "bad"),
    "server-gone": Sign("✗", "server gone", "bad"),
    "no-answer": Sign("?", "no answer", "ask"),
    "no-tmux": Sign("-", "no pane", "dim"),
}


def pane(state: str) -> Sign:
    """The state of a pane: the word of `previews`, or a plainer one."""
    return _PANE.get(state, Sign("○", state, "busy" if state in ("copy-mode", "shell", "input-off") else "plain"))


DELIVERY = {
    DeliveryState.QUEUED: Sign("·", "queued", "dim"),
    DeliveryState.TYPED: Sign("›", "typed", "plain"),
    DeliveryState.SUBMITTED: Sign("»", "submitted", "plain"),
    DeliveryState.READ: Sign("✓", "read", "good"),
    DeliveryState.SKIPPED: Sign("-", "skipped", "busy"),
    DeliveryState.FAILED: Sign("✗", "failed", "bad"),
    DeliveryState.UNKNOWN: Sign("?", "unknown", "ask"),
}
