"""Claude Code's hooks: its JSON on standard input, and JSON for it on standard output."""

from __future__ import annotations

from swarm_agents.hosts import hook_json
from swarm_agents.hosts.hook_json import read_text
from swarm_agents.hosts.host import HookEvent, HookEventKind, HookOutput, HookReply
from swarm_agents.text import is_name
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_KINDS = {
    "SessionStart": HookEventKind.SESSION_START,
    "UserPromptSubmit": HookEventKind.PROMPT,
    "PreToolUse": HookEventKind.BEFORE_TOOL,
    "PostToolUse": HookEventKind.AFTER_TOOL,
    "PostToolUseFailure": HookEventKind.AFTER_TOOL,
    "PostToolBatch": HookEventKind.AFTER_TOOL,
    "PermissionRequest": HookEventKind.PERMISSION,
    "Stop": HookEventKind.TURN_END,
    "StopFailure": HookEventKind.TURN_FAILED,
    "SessionEnd": HookEventKind.SESSION_END,
}
_NOTIFICATIONS = {
    "permission_prompt": HookEventKind.PERMISSION,
    "agent_needs_input": HookEventKind.PERMISSION,
    "elicitation_dialog": HookEventKind.PERMISSION,
    "idle_prompt": HookEventKind.IDLE,
}
_FAILURES = {
    "rate_limit": "rate_limit",
    "overloaded": "overloaded",
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "billing_error": "billing",
}
_SHELLS = ("Bash", "PowerShell")
_EDITORS = ("Edit", "MultiEdit", "Write", "NotebookEdit")


def read_event(text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
    data = hook_json.parse(text)
    source = read_text(data, "hook_event_name")
    kind = _KINDS.get(source)
    if source == "Notification":
        said = read_text(data, "notification_type")
        kind, source = _NOTIFICATIONS.get(said, HookEventKind.OTHER), f"Notification {said}".strip()
    if kind is None:
        return None
    event = HookEvent(kind, source, read_text(data, "session_id"), read_text(data, "cwd"))
    match kind:
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL:
            return _add_tool(event, data)
        case HookEventKind.PERMISSION:
            return event._replace(detail=read_text(data, "message") or read_text(data, "tool_name"))
        case HookEventKind.SESSION_START | HookEventKind.SESSION_END | HookEventKind.IDLE:
            return event._replace(detail=read_text(data, "source", "reason", "message"))
        case HookEventKind.TURN_END:
            return event._replace(goes_on_by_itself=_has_running_task(data.get("background_tasks")))
        case HookEventKind.TURN_FAILED:
            error = read_text(data, "error")
            return event._replace(detail=error, failure=_FAILURES.get(error, ""))
    return event


def write_reply(event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
    name = event.source.partition(" ")[0]
    match event.kind:
        case HookEventKind.BEFORE_TOOL if reply.deny:
            denied = {"permissionDecision": "deny", "permissionDecisionReason": reply.deny}
            return hook_json.write({"hookSpecificOutput": {"hookEventName": name, **denied}})
        case HookEventKind.TURN_END:
            return hook_json.write({"decision": "block", "reason": reply.go_on} if reply.go_on else {})
        case HookEventKind.SESSION_START | HookEventKind.PROMPT | HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL:
            if event.kind is HookEventKind.SESSION_START:
                _set_name(reply.name, env)
            if reply.context:
                return hook_json.write(
                    {"hookSpecificOutput": {"hookEventName": name, "additionalContext": reply.context}}
                )
    return HookOutput()


def _add_tool(event: HookEvent, data: dict[str, Any]) -> HookEvent:
    tool, given = read_text(data, "tool_name"), data.get("tool_input")
    if tool in _EDITORS:
        event = event._replace(files=hook_json.read_files(given))
    if tool not in _SHELLS:
        return event
    error = read_text(data, "error")
    return event._replace(
        command=hook_json.read_command(given),
        output=error or hook_json.read_output(data.get("tool_response")),
        exit_status=hook_json.find_exit_status(error.partition("\n")[0]),
    )


def _has_running_task(tasks: Any) -> bool:
    return isinstance(tasks, list) and any(read_text(task, "status") in ("", "running") for task in tasks)


def _set_name(name: str, env: Mapping[str, str]) -> None:
    """Give the name to each shell command to come: Claude Code reads this file before it runs one."""
    path = env.get("CLAUDE_ENV_FILE")
    if path and name and is_name(name):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"export SWARM_AGENT={name}\n")
