"""What the codecs of hosts share: reads the JSON of a hook without trusting it, and writes a reply as JSON."""

from __future__ import annotations

from swarm_agents.errors import BadData
from swarm_agents.hosts.host import HookOutput
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Claude Code begins the error of its shell tool with the first, Codex and Gemini CLI have the others in a text.
_EXIT_STATUS = r"(?m)(?:^Exit code|\bExit Code:|\bexited with code|\bexit code:?) (\d{1,3})\b"
_PATCHED_FILE = r"(?m)^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$"


def parse(text: str) -> dict[str, Any]:
    """The JSON object. Raises `BadData` for anything else."""
    try:
        found, end = _make_scanner()(text, len(text) - len(text.lstrip()))
        if text[end:].strip():
            raise StopIteration
    except (StopIteration, ValueError, RecursionError, SystemError):  # it cannot say what is wrong
        found = _parse_slowly(text)
    if not isinstance(found, dict):
        raise BadData("JSON, but no object")
    return found


def _parse_slowly(text: str) -> Any:
    import json  # see `_make_scanner`

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadData(f"not JSON: {error}") from None


def _make_scanner() -> Any:
    """The C half of `json`, set as `json.loads` has it. The other half loads `re`, a fifth of bare Python."""
    import _json  # private, and there since Python 2.6

    class Settings:
        strict = True
        object_hook = object_pairs_hook = None
        parse_float, parse_int = float, int
        parse_constant = str

    made: Any = _json
    return made.make_scanner(Settings)


def read_text(table: Any, *keys: str) -> str:
    """The first of these keys that holds a text which is not empty; else an empty text."""
    if isinstance(table, dict):
        for key in keys:
            value = table.get(key)
            if isinstance(value, str) and value:
                return value
    return ""


def read_command(tool_input: Any) -> str:
    """The shell command of a tool, which some hosts give as a list of words."""
    command = tool_input.get("command") if isinstance(tool_input, dict) else None
    if isinstance(command, list):
        words = [word for word in command if isinstance(word, str)]
        shell = len(words) == 3 and words[1] in ("-c", "-lc")
        return words[2] if shell else " ".join(words)
    return command if isinstance(command, str) else ""


def read_files(tool_input: Any) -> tuple[str, ...]:
    """The files that a tool is about to edit, by the names that hosts use for them."""
    found = [read_text(tool_input, "file_path", "filePath", "notebook_path", "path", "absolute_path")]
    if isinstance(tool_input, dict):
        found += _list_patched(read_text(tool_input, "command", "patch", "patchText", "input"))
    return tuple(dict.fromkeys(path.strip() for path in found if path.strip()))


def read_output(response: Any) -> str:
    """What a tool printed, as one text."""
    if isinstance(response, str):
        return response
    if isinstance(response, list):
        return "\n".join(filter(None, map(read_output, response)))
    if isinstance(response, dict):
        keys = ("llmContent", "output", "stdout", "stderr", "text", "error")
        return "\n".join(filter(None, (read_output(response.get(key)) for key in keys)))
    return ""


def find_exit_status(text: str) -> int | None:
    """The exit status that a host's text tells; None where it tells none."""
    if "xit" not in text:
        return None
    import re  # few events tell of a command that failed

    found = re.search(_EXIT_STATUS, text)
    return int(found[1]) if found else None


def write(table: Mapping[str, Any]) -> HookOutput:
    """The reply as JSON on one line; nothing for an empty one. Its values are texts and tables of such."""
    return HookOutput(f"{_encode(table)}\n" if table else "")


def _encode(value: Any) -> str:
    from _json import encode_basestring_ascii  # see `_make_scanner`

    if isinstance(value, str):
        return str(encode_basestring_ascii(value))
    return "{" + ", ".join(f"{_encode(key)}: {_encode(inner)}" for key, inner in value.items()) + "}"


def _list_patched(patch: str) -> list[str]:
    if not patch:
        return []
    import re  # few events hold a patch

    return re.findall(_PATCHED_FILE, patch)
