"""aider's two commands: `notifications-command: swarm hook aider`, and `lint-cmd: swarm hook aider lint`.

aider runs the first one each time that it waits for its human, without any input, and the second one after it has
edited a file, with the file's name added. What the second one prints goes to the model when it exits with 1.
"""

from __future__ import annotations

from swarm_agents.hosts.host import HookEvent, HookEventKind, HookOutput, HookReply
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def read_event(text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
    session = env.get("TMUX_PANE", "")  # it names no session, and one pane shows one aider
    if words and words[0] == "lint":
        return HookEvent(HookEventKind.BEFORE_TOOL, "lint-cmd", session, files=tuple(words[1:]))
    return HookEvent(HookEventKind.IDLE, "notifications-command", session)


def write_reply(event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
    return HookOutput(f"{reply.deny}\n", exit=1) if reply.deny else HookOutput()
