"""Reads a file of tasks: a Markdown checklist, YAML, JSON, or what another tracker writes. Errors name the line.

docs/tasks.md describes the formats. What is not understood is refused, never skipped.
"""

import json
import re
from typing import Any

from swarm_agents.errors import BadData, UsageError
from swarm_agents.tasks.drafts import DRAFTS_LIMIT, DraftState, TaskDraft, make_count_error
from swarm_agents.tasks.formats import beads, github, json_list, markdown, taskmaster, yaml_list
from swarm_agents.tasks.formats.raw_task import KEYS, RawTask, make_error
from swarm_agents.text import one_line

SIZE_LIMIT = 1_048_576  # bytes

_SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".yaml": "yaml", ".yml": "yaml", ".jsonl": "beads"}
_READERS = {
    "markdown": markdown.read,
    "yaml": yaml_list.read,
    "json": json_list.read,
    "beads": beads.read,
    "github": github.read,
}
_ESTIMATE = re.compile(r"([1-9][0-9]{0,5})\s*(m|min|h|d)?")
_MINUTES = {None: 1, "m": 1, "min": 1, "h": 60, "d": 480}  # 1d is a day of work: 8 hours


def decode(data: bytes) -> str:
    """The text of a file, without a byte order mark. Raises `BadData` with the line for what is no text."""
    if len(data) > SIZE_LIMIT:
        raise BadData(f"{SIZE_LIMIT} bytes are the limit of a file of tasks.")
    if b"\0" in data:
        raise make_error(
            data.count(b"\n", 0, data.index(b"\0")) + 1, "there is a NUL character, so this is no UTF-8 text"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise make_error(data.count(b"\n", 0, error.start) + 1, "this is not valid UTF-8") from None


def choose_format(name: str, text: str) -> str:
    """The format by the file's suffix, in JSON by the content; for standard input (`-`) always by its content.

    Raises `UsageError` for another suffix.
    """
    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix != ".json" and name != "-":
        raise UsageError(
            "The format is unknown. Name it with --format: markdown, yaml, json, taskmaster, beads or github."
        )
    if suffix == ".json" or text.lstrip()[:1] in ("[", "{"):
        return _choose_json_format(text)
    return "markdown" if markdown.has_items(text) else "yaml"


def parse(text: str, format_: str, tag: str | None = None) -> list[TaskDraft]:
    """The tasks in the order of the file; `naming` gives ids to those without. Raises `BadData` with the line."""
    text = text.removeprefix("\ufeff")
    if len(text.encode(errors="surrogatepass")) > SIZE_LIMIT:
        raise BadData(f"{SIZE_LIMIT} bytes are the limit of a file of tasks.")
    if tag is not None and format_ != "taskmaster":
        raise UsageError("--tag chooses a tag of Task Master's tasks.json; this file has none.")
    found = taskmaster.read(text, tag) if format_ == "taskmaster" else _READERS[format_](text)
    count = sum(not one.of_tracker or one.state is DraftState.OPEN for one in found)
    if count > DRAFTS_LIMIT:
        raise make_count_error(count)
    return [make_draft(one) for one in found]


def make_draft(found: RawTask) -> TaskDraft:
    """Check the table of a task and make a draft of it. Raises `BadData` with the line."""
    table, line = found.table, found.line
    if not isinstance(table, dict):
        raise make_error(line, "a task is a table with a title")
    for key in table:
        if key not in KEYS:
            raise make_error(line, f"unknown key {one_line(str(key), 40)!r}; known are {', '.join(KEYS)}")
    title = _read_text(table.get("title"), "title", line)
    id_ = table.get("id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    if id_ == "":
        raise make_error(line, "'id' is empty; leave it out to have one made")
    done = table.get("done", False)
    if not isinstance(done, bool):
        raise make_error(line, "'done' is true or false")
    return TaskDraft(
        id=_read_text(id_, "id", line) if id_ is not None else "",
        title=title,
        after=_read_texts(table.get("after"), "after", line),
        files=_read_texts(table.get("files"), "files", line),
        estimate_min=_read_minutes(table.get("estimate"), line),
        detail=_read_text(table.get("detail", ""), "detail", line),
        state=DraftState.COMPLETED if done else found.state,
        line=line,
        stem=found.stem,
        parent=found.parent,
        of_tracker=found.of_tracker,
    )


def _choose_json_format(text: str) -> str:
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return "beads" if _begins_with_issue(text) else "json"  # whose reader says what is wrong
    if taskmaster.is_written_by(document):
        return "taskmaster"
    if github.is_written_by(document):
        return "github"
    return "beads" if beads.is_written_by(document) else "json"


def _begins_with_issue(text: str) -> bool:
    try:
        return beads.is_written_by(json.loads(text.lstrip().partition("\n")[0]))
    except (ValueError, RecursionError):
        return False


def _read_text(value: Any, key: str, line: int) -> str:
    if not isinstance(value, str):
        raise make_error(line, f"'{key}' must be a text")
    return value


def _read_texts(value: Any, key: str, line: int) -> tuple[str, ...]:
    """A list of texts. A single text may stand without a list; a number counts as a text, since it may be an id."""
    values = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(one, bool) or not isinstance(one, str | int) or one == "" for one in values):
        raise make_error(line, f"'{key}' must be a list of texts")
    return tuple(str(one) for one in values)


def _read_minutes(value: Any, line: int) -> int | None:
    if value is None:
        return None
    parts = None if isinstance(value, bool) else _ESTIMATE.fullmatch(str(value).strip())
    if not parts:
        raise make_error(line, "'estimate' is a time like 30m, 2h or 1d")
    return int(parts[1]) * _MINUTES[parts[2]]
