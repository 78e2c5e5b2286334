"""aider. It has no hooks, but commands for notifications and for linting. It works on a prompt once and ends."""

from __future__ import annotations

from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swarm_agents.hosts.aider import codec
    from swarm_agents.hosts.host import HookEvent, HookOutput, HookReply, Host
else:
    codec = load_late("swarm_agents.hosts.aider.codec")


class Aider:
    name = "aider"
    title = "aider"
    profile = "aider"
    runs_hooks = True
    quiet_events: tuple[str, ...] = ()
    telling_words: tuple[str, ...] = ()

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        return ["aider", "--message", prompt]

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        return codec.read_event(text, words, env)

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        return codec.write_reply(event, reply, env)


HOST: Host = Aider()
