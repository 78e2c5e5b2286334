"""Gemini CLI's hooks: its JSON on standard input, and JSON for it on standard output.

Gemini CLI shows whatever else a hook prints, on standard error too, so that a hook with nothing to say prints nothing.
"""

from __future__ import annotations

from swarm_agents.hosts import hook_json
from swarm_agents.hosts.hook_json import read_text
from swarm_agents.hosts.host import HookEvent, HookEventKind, HookOutput, HookReply
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS = {
    "SessionStart": HookEventKind.SESSION_START,
    "BeforeAgent": HookEventKind.PROMPT,
    "BeforeTool": HookEventKind.BEFORE_TOOL,
    "AfterTool": HookEventKind.AFTER_TOOL,
    "AfterAgent": HookEventKind.TURN_END,
    "SessionEnd": HookEventKind.SESSION_END,
}
_EDITORS = ("replace", "write_file", "edit")


def read_event(text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
    data = hook_json.parse(text)
    source = read_text(data, "hook_event_name")
    kind = _KINDS.get(source)
    if source == "Notification":
        said = read_text(data, "notification_type")
        kind = HookEventKind.PERMISSION if said == "ToolPermission" else HookEventKind.OTHER
        source = f"Notification {said}".strip()
    if kind is None:
        return None
    tool, given = read_text(data, "tool_name"), data.get("tool_input")
    event = HookEvent(kind, source, read_text(data, "session_id"), read_text(data, "cwd"))
    match kind:
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL if tool in _EDITORS:
            return event._replace(files=hook_json.read_files(given))
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL if tool == "run_shell_command":
            output = hook_json.read_output(data.get("tool_response"))
            status = hook_json.find_exit_status(output)
            return event._replace(command=hook_json.read_command(given), output=output, exit_status=status)
    return event._replace(detail=read_text(data, "source", "reason", "message"))


def write_reply(event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
    match event.kind:
        case HookEventKind.BEFORE_TOOL:
            return hook_json.write({"decision": "deny", "reason": reply.deny} if reply.deny else {})
        case HookEventKind.TURN_END:
            return hook_json.write({"decision": "block", "reason": reply.go_on} if reply.go_on else {})
        case HookEventKind.SESSION_START | HookEventKind.PROMPT | HookEventKind.AFTER_TOOL:
            if reply.context:
                told = {"hookEventName": event.source, "additionalContext": reply.context}
                return hook_json.write({"hookSpecificOutput": told})
    return HookOutput()
