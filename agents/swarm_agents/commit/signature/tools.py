"""Reads the patterns of the tools: one file for each in the folder `tools`.

* `patterns`: each match is a failure. Its groups `file`, `id` and any others but `kind` are what it is called.
* `otherwise`: the same, where `patterns` find nothing.
* `sign`: the patterns count only in an output that has this.
* `heading`: its group `file` belongs to the failures below it.
* `kind`: what kind of error it is; searched between one failure and the next. `spelled` are other words for kinds.
* `detail`: its group `name` is the end of what a failure is called, and the kind of error stands below it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLDER = Path(__file__).with_name("tools")
_MOST_DETAILS = 200  # each is compared with each failure


class ToolPatterns(NamedTuple):
    """How one tool names what failed; regular expressions, in which `^` and `$` are the ends of a line."""

    name: str
    patterns: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    sign: str | None = None
    heading: str | None = None
    kind: str | None = None
    detail: str | None = None
    spelled: dict[str, str] = {}  # noqa: RUF012 - never written to


class Failure(NamedTuple):
    """What a tool calls a thing that failed, and the kind of error, '' where it does not tell."""

    id: str
    kind: str


def read_tools() -> list[ToolPatterns]:
    return [_read_tool(path) for path in sorted(_FOLDER.glob("*.toml"))]


def find_failures(tools: Iterable[ToolPatterns], text: str) -> list[Failure]:
    """Every failure that one of these tools names in the text, in its order, tool by tool; some more than once."""
    found = []
    for tool in tools:
        if tool.sign is None or _compile(tool.sign).search(text):
            found += _find(tool, tool.patterns, text) or _find(tool, tool.otherwise, text)
    return found


def _find(tool: ToolPatterns, patterns: tuple[str, ...], text: str) -> list[Failure]:
    matches = [match for pattern in patterns for match in _compile(pattern).finditer(text)]
    matches.sort(key=lambda match: match.start())
    headings = [] if not matches or tool.heading is None else list(_compile(tool.heading).finditer(text))
    details = _find_details(tool, text) if matches else {}
    found, file = [], ""
    for match, kind in zip(matches, _find_kinds(tool, matches, text), strict=True):
        while headings and headings[0].start() < match.start():
            file = headings.pop(0)["file"]
        name = _name(file, match)
        kind = tool.spelled.get(kind, kind) or next((details[end] for end in details if _ends_with(name, end)), "")
        found.append(Failure(name, kind))
    return found


def _find_details(tool: ToolPatterns, text: str) -> dict[str, str]:
    """The kinds of error by the ends of the names of the failures."""
    if tool.detail is None or tool.kind is None:
        return {}
    parts = list(_compile(tool.detail).finditer(text))[:_MOST_DETAILS]
    ends = [*(part.start() for part in parts[1:]), len(text)][: len(parts)]
    errors = [_compile(tool.kind).search(text, part.end(), end) for part, end in zip(parts, ends, strict=True)]
    return {part["name"]: error[1] for part, error in zip(parts, errors, strict=True) if error}


def _ends_with(name: str, end: str) -> bool:
    return name.replace("::", ".").endswith(end.replace("::", "."))


def _find_kinds(tool: ToolPatterns, matches: list[re.Match[str]], text: str) -> list[str]:
    """The kind of error of each match. Failures that follow each other at once share the error below them."""
    kinds = []
    kind, end = "", len(text)
    for match in reversed(matches):
        between = text[match.end() : end]
        told = match.groupdict().get("kind")
        if told is None and tool.kind and not tool.detail and between.strip():
            error = _compile(tool.kind).search(between)
            told = error[1] if error else ""
        kind = told or ("" if between.strip() or tool.kind is None or tool.detail else kind)
        kinds.append(kind)
        end = match.start()
    return kinds[::-1]


def _name(heading: str, match: re.Match[str]) -> str:
    named = match.groupdict()
    if not named:
        return " ".join(part for part in match.groups() if part) or match[0]
    parts = [named.pop("file", None) or heading, named.pop("id", None)]
    parts += [part for name, part in named.items() if name != "kind"]
    return " ".join(part for part in parts if part)


def _read_tool(path: Path) -> ToolPatterns:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    return ToolPatterns(name=path.stem, **table | lists)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)  # `re` itself remembers what it compiled
