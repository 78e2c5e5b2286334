"""opencode. It cannot be given a name; its hooks are a plugin, which calls `swarm hook opencode`."""

from __future__ import annotations

from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swarm_agents.hosts.host import HookEvent, HookOutput, HookReply, Host
    from swarm_agents.hosts.opencode import codec
else:
    codec = load_late("swarm_agents.hosts.opencode.codec")


class Opencode:
    name = "opencode"
    title = "opencode"
    profile = "opencode"
    runs_hooks = True
    quiet_events: tuple[str, ...] = ("tool.execute.before", "tool.execute.after")
    telling_words: tuple[str, ...] = ("commit", "edit", "write", "patch")

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        return ["opencode", "--prompt", prompt]

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        return codec.read_event(text, words, env)

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        return codec.write_reply(event, reply, env)


HOST: Host = Opencode()
