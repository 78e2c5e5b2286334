"""opencode's plugin, `swarm.js` beside this file: its JSON on standard input, and JSON for it on standard output.

The plugin passes on what opencode gave it, under opencode's own words, and does what the reply says.
"""

from __future__ import annotations

from swarm_agents.hosts import hook_json
from swarm_agents.hosts.hook_json import read_text
from swarm_agents.hosts.host import HookEvent, HookEventKind, HookOutput, HookReply
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_KINDS = {
    "session.created": HookEventKind.SESSION_START,
    "chat.message": HookEventKind.PROMPT,
    "tool.execute.before": HookEventKind.BEFORE_TOOL,
    "tool.execute.after": HookEventKind.AFTER_TOOL,
    "permission.asked": HookEventKind.PERMISSION,
    "session.idle": HookEventKind.TURN_END,
    "session.error": HookEventKind.TURN_FAILED,
    "session.deleted": HookEventKind.SESSION_END,
    "dispose": HookEventKind.SESSION_END,
}
_FAILURES = {401: "auth", 403: "auth", 402: "billing", 429: "rate_limit", 529: "overloaded"}  # by HTTP status
_EDITORS = ("edit", "write", "patch", "apply_patch", "multiedit")


def read_event(text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
    data = hook_json.parse(text)
    source = read_text(data, "hook_event_name")
    kind = _KINDS.get(source)
    if kind is None:
        return None
    tool, given = read_text(data, "tool"), data.get("args")
    event = HookEvent(kind, source, read_text(data, "session_id"), read_text(data, "cwd"))
    match kind:
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL if tool in _EDITORS:
            return event._replace(files=hook_json.read_files(given))
        case HookEventKind.BEFORE_TOOL | HookEventKind.AFTER_TOOL:
            status = data.get("exit_status")
            return event._replace(
                command=hook_json.read_command(given),
                output=read_text(data, "output"),
                exit_status=status if type(status) is int else None,
            )
        case HookEventKind.TURN_FAILED:
            error = data.get("error")
            return event._replace(detail=read_text(error, "name"), failure=_find_failure(error))
    return event._replace(detail=read_text(data, "detail"))


def write_reply(event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
    return hook_json.write({key: text for key, text in reply._asdict().items() if text})


def _find_failure(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    if error.get("name") == "ProviderAuthError":
        return "auth"
    data = error.get("data")
    status = data.get("statusCode") if isinstance(data, dict) else None
    return _FAILURES.get(status, "") if type(status) is int else ""
