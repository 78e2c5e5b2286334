"""Claude Code of Anthropic."""

from __future__ import annotations

from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swarm_agents.hosts.claude_code import codec
    from swarm_agents.hosts.host import HookEvent, HookOutput, HookReply, Host
else:
    codec = load_late("swarm_agents.hosts.claude_code.codec")


class ClaudeCode:
    name = "claude"
    title = "Claude Code"
    profile = "claude-code"
    runs_hooks = True
    quiet_events: tuple[str, ...] = ("PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch")
    telling_words: tuple[str, ...] = ("commit", "Edit", "Write")

    def make_start_command(self, prompt: str, name: str) -> list[str]:
        return ["claude", "--name", name, prompt]

    def read_event(self, text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
        return codec.read_event(text, words, env)

    def write_reply(self, event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
        return codec.write_reply(event, reply, env)


HOST: Host = ClaudeCode()
