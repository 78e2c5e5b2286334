"""Codex's hooks: its JSON on standard input, and JSON for it on standard output.

Codex refuses keys that it does not know, so that each event gets only those of its own schema.
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
    "UserPromptSubmit": HookEventKind.PROMPT,
    "PreToolUse": HookEventKind.BEFORE_TOOL,
    "PostToolUse": HookEventKind.AFTER_TOOL,
    "PermissionRequest": HookEventKind.PERMISSION,
    "Stop": HookEventKind.TURN_END,
    "Interrupt": HookEventKind.IDLE,
    "SessionEnd": HookEventKind.SESSION_END,
}
_EDITORS = ("apply_patch", "Edit", "Write")


def read_event(text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
    data = hook_json.parse(text)
    source = read_text(data, "hook_event_name")
    kind = _KINDS.get(source)
    if kind is None:
        return None
    tool, given = read_text(data, "tool_name"), data.get("tool_input")
    event = HookEvent(kind, source, read_text(data, "session_id"), read_text(data, "cwd"))
    match kind:
        case HookEventKind.PERMISSION:
            return event._replace(detail=read_text(given, "description") or tool)
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL if tool in _EDITORS:
            return event._replace(files=hook_json.read_files(given))
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL:
            output = hook_json.read_output(data.get("tool_response"))
            status = hook_json.find_exit_status(output)
            return event._replace(command=hook_json.read_command(given), output=output, exit_status=status)
    return event._replace(detail=read_text(data, "source", "reason"))


def write_reply(event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
    match event.kind:
        case HookEventKind.BEFORE_TOOL if reply.deny:
            denied = {"permissionDecision": "deny", "permissionDecisionReason": reply.deny}
            return hook_json.write({"hookSpecificOutput": {"hookEventName": event.source, **denied}})
        case HookEventKind.TURN_END:
            return hook_json.write({"decision": "block", "reason": reply.go_on} if reply.go_on else {})
        case HookEventKind.SESSION_START | HookEventKind.PROMPT | HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL:
            if reply.context:
                told = {"hookEventName": event.source, "additionalContext": reply.context}
                return hook_json.write({"hookSpecificOutput": told})
    return HookOutput()
