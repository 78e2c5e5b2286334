"""A script, or a program without a host of its own here: it may call `swarm hook plain` itself."""

from __future__ import annotations

from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swarm_agents.hosts.host import HookEvent, HookOutput, HookReply, Host
    from swarm_agents.hosts.plain import codec
else:
    codec = load_late("swarm_agents.hosts.plain.codec")


class Plain:
    name = "plain"
    title = "a script"
    profile = "plain"
    runs_hooks = False
    quiet_events: tuple[str, ...] = ("before_tool", "after_tool")
    telling_words: tuple[str, ...] = ("commit", "files")

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        return ["sh", "-c", prompt]

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        return codec.read_event(text, words, env)

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        return codec.write_reply(event, reply, env)


HOST: Host = Plain()
