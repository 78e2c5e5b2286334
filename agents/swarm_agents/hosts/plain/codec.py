"""The swarm's own form of events and replies: for scripts, and for plugins that we write ourselves.

    {"hook_event_name": "before_tool", "session_id": "1", "cwd": "/repo", "command": "git commit -m x"}

Each field of `HookEvent` may be there; the reply has `context`, `deny`, `go_on` and `name`, each only where it says
something.
"""

from __future__ import annotations

from swarm_agents.hosts import hook_json
from swarm_agents.hosts.hook_json import read_text
from swarm_agents.hosts.host import HookEvent, HookEventKind, HookOutput, HookReply
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KINDS = {kind.value: kind for kind in HookEventKind}


def read_event(text: str, words: Sequence[str], env: Mapping[str, str]) -> HookEvent | None:
    data = hook_json.parse(text) if text.strip() else {}
    source = words[0] if words else read_text(data, "hook_event_name")
    kind = _KINDS.get(source)
    if kind is None:
        return None
    status, files = data.get("exit_status"), data.get("files")
    return HookEvent(
        kind,
        source,
        read_text(data, "session_id"),
        read_text(data, "cwd"),
        command=read_text(data, "command"),
        files=tuple(path for path in files if isinstance(path, str)) if isinstance(files, list) else (),
        exit_status=status if type(status) is int else None,
        output=read_text(data, "output"),
        detail=read_text(data, "detail"),
        failure=read_text(data, "failure"),
        goes_on_by_itself=data.get("goes_on_by_itself") is True,
    )


def write_reply(event: HookEvent, reply: HookReply, env: Mapping[str, str]) -> HookOutput:
    return hook_json.write({key: text for key, text in reply._asdict().items() if text})
