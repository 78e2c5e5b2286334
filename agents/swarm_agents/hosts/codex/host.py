"""Codex CLI of OpenAI. It cannot be given a name."""

from __future__ import annotations

from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swarm_agents.hosts.codex import codec
    from swarm_agents.hosts.host import HookEvent, HookOutput, HookReply, Host
else:
    codec = load_late("swarm_agents.hosts.codex.codec")


class Codex:
    name = "codex"
    title = "Codex"
    profile = "codex"
    runs_hooks = True
    quiet_events: tuple[str, ...] = ("PreToolUse", "PostToolUse")
    telling_words: tuple[str, ...] = ("commit", "apply_patch", "Edit", "Write")

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        return ["codex", prompt]

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        return codec.read_event(text, words, env)

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        return codec.write_reply(event, reply, env)


HOST: Host = Codex()
