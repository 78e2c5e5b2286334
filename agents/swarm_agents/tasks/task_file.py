"""Reads a file of tasks: a Markdown checklist, YAML or JSON. Errors name the line.

docs/tasks.md describes the formats. What is not understood is refused, never skipped.
"""

import json
import re
from typing import Any, NamedTuple

from swarm_agents.errors import BadData, UsageError
from swarm_agents.tasks import yaml_subset
from swarm_agents.tasks.drafts import DRAFTS_LIMIT, TaskDraft
from swarm_agents.text import one_line

SIZE_LIMIT = 1_048_576  # bytes

_KEYS = ("id", "title", "after", "files", "estimate", "detail", "done")
_SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_ITEM = re.compile(r"(?P<indent>\s*)[-*+] \[(?P<mark>.)\]\s+(?P<text>.*)")
_NOTES = re.compile(r"(?P<title>.*?)\s*\{(?P<notes>[^{}]*)\}\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
_ESTIMATE = re.compile(r"([1-9][0-9]{0,5})\s*(m|min|h|d)?")
_MINUTES = {None: 1, "m": 1, "min": 1, "h": 60, "d": 480}  # 1d is a day of work: 8 hours


class RawTask(NamedTuple):
    """One task as it stands in the file, unchecked: its line, and a table of keys and values."""

    line: int
    table: Any


def choose_format(name: str, text: str) -> str:
    """The format by the file's suffix; for standard input (`-`) by its content. `UsageError` for another suffix."""
    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if name != "-":
        raise UsageError("The format is unknown. Name it with --format: markdown, yaml or json.")
    return "json" if text.lstrip()[:1] in ("[", "{") else "markdown" if re.search(_ITEM, text) else "yaml"


def parse(text: str, format_: str) -> list[TaskDraft]:
    """The tasks in the order of the file. Raises `BadData` with the line."""
    if len(text.encode(errors="surrogatepass")) > SIZE_LIMIT:
        raise BadData(f"{SIZE_LIMIT} bytes are the limit of a file of tasks.")
    found = {"markdown": _read_markdown, "yaml": _read_yaml, "json": _read_json}[format_](text)
    if len(found) > DRAFTS_LIMIT:
        raise BadData(f"There are {len(found)} tasks in it; {DRAFTS_LIMIT} are the limit.")
    return [make_draft(one) for one in found]


def make_draft(found: RawTask) -> TaskDraft:
    """Check the table of a task and make a draft of it. Raises `BadData` with the line."""
    table, line = found.table, found.line
    if not isinstance(table, dict):
        raise _make_error(line, "a task is a table with a title")
    for key in table:
        if key not in _KEYS:
            raise _make_error(line, f"unknown key {one_line(str(key), 40)!r}; known are {', '.join(_KEYS)}")
    title = _read_text(table.get("title"), "title", line)
    id_ = table.get("id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    done = table.get("done", False)
    if not isinstance(done, bool):
        raise _make_error(line, "'done' is true or false")
    return TaskDraft(
        id=_read_text(id_, "id", line) if id_ is not None else make_slug(title) or f"line-{line}",
        title=title,
        after=_read_texts(table.get("after"), "after", line),
        files=_read_texts(table.get("files"), "files", line),
        estimate_min=_read_minutes(table.get("estimate"), line),
        detail=_read_text(table.get("detail", ""), "detail", line),
        done=done,
        line=line,
    )


def make_slug(title: str) -> str:
    """An id made of the title: its letters and digits in lower case; the same title always gets the same id."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words)[:40].strip("-")


def _read_markdown(text: str) -> list[RawTask]:
    """Checklist items. An item waits for those that are indented under it: they are its parts."""
    found: list[RawTask] = []
    open_items: list[tuple[int, dict[str, Any]]] = []  # the items under which the next one may be indented
    fenced = False
    for line, written in enumerate(text.split("\n"), 1):
        if _FENCE.match(written):
            fenced = not fenced
        item = None if fenced else _ITEM.fullmatch(written)
        if item is None:
            continue
        table = _read_item(line, item["mark"], item["text"])
        indent = len(item["indent"].expandtabs(4))
        while open_items and open_items[-1][0] >= indent:
            open_items.pop()
        if open_items:
            open_items[-1][1].setdefault("after", []).append(_choose_id(table, line))
        open_items.append((indent, table))
        found.append(RawTask(line, table))
    return found


def _read_item(line: int, mark: str, text: str) -> dict[str, Any]:
    if mark not in " xX":
        raise _make_error(line, "the box of a task is [ ] or, when it is done, [x]")
    noted = _NOTES.fullmatch(text)
    table: dict[str, Any] = {"title": (noted["title"] if noted else text).strip()}
    for note in noted["notes"].split() if noted else ():
        key, _, value = note.partition("=")
        if key in table or not value:
            raise _make_error(
                line,
                f"{one_line(note, 40)!r} is no note. Write notes like {{id=api after=a,b files=x.py,y.py estimate=2h}}",
            )
        table[key] = value.split(",") if key in ("after", "files") else value
    if mark != " ":
        table["done"] = True
    return table


def _choose_id(table: dict[str, Any], line: int) -> str:
    return str(table.get("id") or make_slug(table["title"]) or f"line-{line}")


def _read_yaml(text: str) -> list[RawTask]:
    return _read_document(*yaml_subset.parse(text))


def _read_json(text: str) -> list[RawTask]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _make_error(error.lineno, f"this is not JSON: {error.msg}") from None
    except RecursionError:
        raise BadData("This JSON is nested too deeply.") from None
    return _read_document(document, _find_item_lines(text))


def _read_document(document: Any, lines: list[int]) -> list[RawTask]:
    if isinstance(document, dict) and list(document) == ["tasks"]:
        document = document["tasks"]
    if not isinstance(document, list):
        raise BadData("Write a list of tasks, or 'tasks' with such a list.")
    return [RawTask(line, table) for line, table in zip(lines, document, strict=True)]


def _find_item_lines(text: str) -> list[int]:
    """The lines on which the tasks of a valid JSON document begin."""
    decoder = json.JSONDecoder()
    at = text.find("[")
    lines: list[int] = []
    while at >= 0:
        at = _skip_space(text, at + 1)
        if at >= len(text) or text[at] == "]":
            break
        lines.append(text.count("\n", 0, at) + 1)
        at = _skip_space(text, decoder.raw_decode(text, at)[1])
        if at >= len(text) or text[at] != ",":
            break
    return lines


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _read_text(value: Any, key: str, line: int) -> str:
    if not isinstance(value, str):
        raise _make_error(line, f"'{key}' must be a text")
    return value


def _read_texts(value: Any, key: str, line: int) -> tuple[str, ...]:
    """A list of texts. A single text may stand without a list; a number counts as a text, since it may be an id."""
    values = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, str | int) or one == "" for one in values):
        raise _make_error(line, f"'{key}' must be a list of texts")
    return tuple(str(one) for one in values)


def _read_minutes(value: Any, line: int) -> int | None:
    if value is None:
        return None
    parts = None if isinstance(value, bool) else _ESTIMATE.fullmatch(str(value).strip())
    if not parts:
        raise _make_error(line, "'estimate' is a time like 30m, 2h or 1d")
    return int(parts[1]) * _MINUTES[parts[2]]


def _make_error(line: int, why: str) -> BadData:
    return BadData(f"line {line}: {why}.")
