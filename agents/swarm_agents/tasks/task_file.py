"""Reads proposed tasks from Markdown checklists, YAML or JSON. Knows the line of each, so that a refusal can name it.

docs/tasks.md says what may stand in each. What is not understood is refused, never skipped.
"""

import json
import re
from typing import Any, NamedTuple

from swarm_agents.errors import BadData, Usage
from swarm_agents.tasks import yaml_subset
from swarm_agents.tasks.drafts import DRAFTS_LIMIT, TaskDraft
from swarm_agents.text import one_line

SIZE_LIMIT = 1_048_576  # bytes of a file of tasks

_KEYS = ("id", "title", "after", "files", "estimate", "detail", "done")
_SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_ITEM = re.compile(r"(?P<indent>\s*)[-*+] \[(?P<mark>.)\]\s+(?P<text>.*)")
_NOTES = re.compile(r"(?P<title>.*?)\s*\{(?P<notes>[^{}]*)\}\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
_ESTIMATE = re.compile(r"([1-9][0-9]{0,5})\s*(m|min|h|d)?")
_MINUTES = {None: 1, "m": 1, "min": 1, "h": 60, "d": 480}  # a day of work


class RawTask(NamedTuple):
    """One task as it was written: a table of keys and values, and its line."""

    line: int
    table: Any


def choose_format(name: str, text: str) -> str:
    """By the file's name; for standard input by the first character."""
    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if name != "-":
        raise Usage("What format is it? Name it with --format: markdown, yaml or json.")
    return "json" if text.lstrip()[:1] in ("[", "{") else "markdown" if re.search(_ITEM, text) else "yaml"


def parse(text: str, format_: str) -> list[TaskDraft]:
    """The tasks in the order in which they are written. Raises `BadData` with the line."""
    if len(text.encode(errors="surrogatepass")) > SIZE_LIMIT:
        raise BadData(f"{SIZE_LIMIT} bytes are the limit of a file of tasks.")
    found = {"markdown": _markdown, "yaml": _yaml, "json": _json}[format_](text)
    if len(found) > DRAFTS_LIMIT:
        raise BadData(f"There are {len(found)} tasks in it; {DRAFTS_LIMIT} are the limit.")
    return [make_draft(one) for one in found]


def make_draft(found: RawTask) -> TaskDraft:
    """The task that a table describes. Raises `BadData` with the line."""
    table, line = found.table, found.line
    if not isinstance(table, dict):
        raise _bad(line, "a task is a table with a title")
    for key in table:
        if key not in _KEYS:
            raise _bad(line, f"unknown key {one_line(str(key), 40)!r}; known are {', '.join(_KEYS)}")
    title = _text(table.get("title"), "title", line)
    id_ = table.get("id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    done = table.get("done", False)
    if not isinstance(done, bool):
        raise _bad(line, "'done' is true or false")
    return TaskDraft(
        id=_text(id_, "id", line) if id_ is not None else make_slug(title) or f"line-{line}",
        title=title,
        after=_texts(table.get("after"), "after", line),
        files=_texts(table.get("files"), "files", line),
        estimate_min=_minutes(table.get("estimate"), line),
        detail=_text(table.get("detail", ""), "detail", line),
        done=done,
        line=line,
    )


def make_slug(title: str) -> str:
    """An id that the same title always gets: its letters and digits, in lower case."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words)[:40].strip("-")


def _markdown(text: str) -> list[RawTask]:
    """Checklist items; what is indented under an item is part of it, so that the item comes after it."""
    found: list[RawTask] = []
    open_items: list[tuple[int, dict[str, Any]]] = []  # the items that this one may be indented under
    fenced = False
    for line, written in enumerate(text.split("\n"), 1):
        if _FENCE.match(written):
            fenced = not fenced
        item = None if fenced else _ITEM.fullmatch(written)
        if item is None:
            continue
        table = _item(line, item["mark"], item["text"])
        indent = len(item["indent"].expandtabs(4))
        while open_items and open_items[-1][0] >= indent:
            open_items.pop()
        if open_items:
            open_items[-1][1].setdefault("after", []).append(_id(table, line))
        open_items.append((indent, table))
        found.append(RawTask(line, table))
    return found


def _item(line: int, mark: str, text: str) -> dict[str, Any]:
    if mark not in " xX":
        raise _bad(line, "the box of a task is [ ] or, when it is done, [x]")
    noted = _NOTES.fullmatch(text)
    table: dict[str, Any] = {"title": (noted["title"] if noted else text).strip()}
    for note in noted["notes"].split() if noted else ():
        key, _, value = note.partition("=")
        if key in table or not value:
            raise _bad(line, f"{one_line(note, 40)!r} is no note: {{id=api after=a,b files=x.py,y.py estimate=2h}}")
        table[key] = value.split(",") if key in ("after", "files") else value
    if mark != " ":
        table["done"] = True
    return table


def _id(table: dict[str, Any], line: int) -> str:
    return str(table.get("id") or make_slug(table["title"]) or f"line-{line}")


def _yaml(text: str) -> list[RawTask]:
    return _of_document(*yaml_subset.parse(text))


def _json(text: str) -> list[RawTask]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _bad(error.lineno, f"this is not JSON: {error.msg}") from None
    except RecursionError:
        raise BadData("This JSON is nested too deeply.") from None
    return _of_document(document, _lines_of_items(text))


def _of_document(document: Any, lines: list[int]) -> list[RawTask]:
    if isinstance(document, dict) and list(document) == ["tasks"]:
        document = document["tasks"]
    if not isinstance(document, list):
        raise BadData("Write a list of tasks, or 'tasks' with such a list.")
    return [RawTask(line, table) for line, table in zip(lines, document, strict=True)]


def _lines_of_items(text: str) -> list[int]:
    """The line on which each task of a valid JSON document begins."""
    decoder = json.JSONDecoder()
    at = text.find("[")
    lines: list[int] = []
    while at >= 0:
        at = _past(text, at + 1)
        if at >= len(text) or text[at] == "]":
            break
        lines.append(text.count("\n", 0, at) + 1)
        at = _past(text, decoder.raw_decode(text, at)[1])
        if at >= len(text) or text[at] != ",":
            break
    return lines


def _past(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _text(value: Any, key: str, line: int) -> str:
    if not isinstance(value, str):
        raise _bad(line, f"'{key}' must be a text")
    return value


def _texts(value: Any, key: str, line: int) -> tuple[str, ...]:
    """A list of texts; one alone may stand without a list, and numbers are ids too."""
    values = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, str | int) or one == "" for one in values):
        raise _bad(line, f"'{key}' must be a list of texts")
    return tuple(str(one) for one in values)


def _minutes(value: Any, line: int) -> int | None:
    if value is None:
        return None
    said = None if isinstance(value, bool) else _ESTIMATE.fullmatch(str(value).strip())
    if not said:
        raise _bad(line, "'estimate' is a time like 30m, 2h or 1d")
    return int(said[1]) * _MINUTES[said[2]]


def _bad(line: int, why: str) -> BadData:
    return BadData(f"line {line}: {why}.")
