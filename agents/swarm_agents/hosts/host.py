"""What every coding agent is to the swarm: the protocol of `hosts/FOLDER/host.py`, and what its hooks say and are told.

A new host is one folder with a `host.py` that has `HOST`, and a `screen.toml` where it draws a screen of its own.
"""

from __future__ import annotations

from swarm_agents.values import TYPE_CHECKING, NamedTuple, StrEnum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol
else:
    Protocol = object


class HookEventKind(StrEnum):
    """What happened in a coding agent, in one word for all hosts."""

    SESSION_START = "session_start"
    PROMPT = "prompt"
    BEFORE_TOOL = "before_tool"
    AFTER_TOOL = "after_tool"
    PERMISSION = "permission"
    """It asks its human for permission."""
    IDLE = "idle"
    """It has said that it waits for its human."""
    TURN_END = "turn_end"
    TURN_FAILED = "turn_failed"
    SESSION_END = "session_end"
    OTHER = "other"
    """The host told of something that only says that it is alive."""


class HookEvent(NamedTuple):
    """One event of a host. All texts are as the host gave them: nothing here is checked or printable."""

    kind: HookEventKind
    source: str
    """The host's own word for it."""
    session: str
    """The host's own id of the session; empty where it has none."""
    folder: str = ""
    """Where the host works; empty where it does not say."""
    command: str = ""
    """The shell command of a tool event."""
    files: tuple[str, ...] = ()
    """What the tool is about to edit."""
    exit_status: int | None = None
    """How the command ended, where the host says so; None also when it did not end badly."""
    output: str = ""
    """What the command printed, as far as the host passes it on."""
    detail: str = ""
    """Why a turn failed, why a session ends or began again, what permission is asked for."""
    failure: str = ""
    """For a failed turn: `rate_limit` `auth` `billing` `overloaded`, or empty for anything else."""
    goes_on_by_itself: bool = False
    """The turn ends, but the host starts the next one itself: a command runs in the background."""


class HookReply(NamedTuple):
    """What the core has to say. Texts are printable; all empty: nothing to say."""

    context: str = ""
    """Facts for the model."""
    deny: str = ""
    """Why the tool must not run now."""
    go_on: str = ""
    """Why the turn must not end yet."""
    name: str = ""
    """The agent's name, when a session begins outside of tmux."""


class HookOutput(NamedTuple):
    """What the hook's process prints and ends with, in the host's form."""

    text: str = ""
    exit: int = 0


class Host(Protocol):
    """One coding agent. All but its names is loaded late: a hook is a process of its own, many times a minute."""

    name: str
    """As in `swarm hook NAME` and `swarm setup NAME`."""
    title: str
    """As people call it."""
    profile: str
    """The name of its screen profile: its folder's name with `-`."""
    runs_hooks: bool
    """It calls `swarm hook NAME` by itself, once it is set up."""
    quiet_events: tuple[str, ...]
    """Its own words for the events that come many times a minute and mostly only say that it is alive."""
    telling_words: tuple[str, ...]
    """A quiet event whose JSON holds one of these is read all the same: it commits or edits."""

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        """The command line that starts it at a prompt, under this name where it can be given one."""

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        """The event that the host reported on standard input and by the words of the command line.

        None for an event that is none of ours. Raises `BadData` for a text that is not in the host's form.
        """

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        """The reply in the host's form. What the host cannot be told is left out."""
