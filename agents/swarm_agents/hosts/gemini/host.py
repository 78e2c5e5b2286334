"""Gemini CLI of Google. It cannot be given a name."""

from __future__ import annotations

from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swarm_agents.hosts.gemini import codec
    from swarm_agents.hosts.host import HookEvent, HookOutput, HookReply, Host
else:
    codec = load_late("swarm_agents.hosts.gemini.codec")


class Gemini:
    name = "gemini"
    title = "Gemini CLI"
    profile = "gemini"
    runs_hooks = True
    quiet_events: tuple[str, ...] = ("BeforeTool", "AfterTool")
    telling_words: tuple[str, ...] = ("commit", "replace", "write_file")

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        return ["gemini", "--prompt-interactive", prompt]

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        return codec.read_event(text, words, env)

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        return codec.write_reply(event, reply, env)


HOST: Host = Gemini()
