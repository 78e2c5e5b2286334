"""Reads tasks.json of Task Master: `{"tasks": [...]}`, or such a list under each of several tags.

A task waits for its subtasks. A number among the dependencies of a subtask is a subtask beside it; `1.2` is one of
task 1.
"""

import re
from typing import Any

from swarm_agents.errors import BadData
from swarm_agents.tasks.drafts import DraftState
from swarm_agents.tasks.formats.inheritance import add_inherited
from swarm_agents.tasks.formats.json_text import JsonPart, JsonText
from swarm_agents.tasks.formats.raw_task import RawTask, join_texts, make_error, make_id, make_tracker_task
from swarm_agents.text import one_line

DEFAULT_TAG = "master"

_STATES = {
    "pending": DraftState.OPEN,
    "in-progress": DraftState.OPEN,
    "review": DraftState.OPEN,
    "blocked": DraftState.OPEN,
    "done": DraftState.COMPLETED,
    "completed": DraftState.COMPLETED,
    "cancelled": DraftState.CANCELLED,
    "deferred": DraftState.DEFERRED,
}
_MARKS = {"status", "dependencies", "subtasks", "testStrategy"}
_DEPTH_LIMIT = 10


def is_written_by(document: Any) -> bool:
    """Whether Task Master wrote this document."""
    if not isinstance(document, dict) or not document:
        return False
    tasks = document.get("tasks")
    if isinstance(tasks, list):
        return bool(tasks) and all(isinstance(one, dict) and "id" in one and _MARKS & set(one) for one in tasks)
    return all(isinstance(one, dict) and isinstance(one.get("tasks"), list) for one in document.values())


def read(text: str, tag: str | None = None) -> list[RawTask]:
    parsed = JsonText(text)
    document = parsed.read()
    if not isinstance(document.value, dict):
        raise BadData("Task Master writes an object with 'tasks', or with a tag and its 'tasks'.")
    tag, tasks = _choose_tag(parsed, document, tag)
    prefix = "tm" if tag in (None, DEFAULT_TAG) else f"{make_id(tag or '')[:40]}-tm"
    reading = _Reading(parsed, prefix)
    for part in parsed.read_items(tasks.at):
        reading.add(part, "", None, DraftState.OPEN)
    return reading.finish()


def _choose_tag(parsed: JsonText, document: JsonPart, tag: str | None) -> tuple[str | None, JsonPart]:
    """The chosen tag, None in a file without tags, and its tasks."""
    members = parsed.read_members(document.at)
    if isinstance(document.value.get("tasks"), list) and tag is None:
        return None, members["tasks"]
    tags = [name for name, part in members.items() if isinstance(part.value, dict) and "tasks" in part.value]
    chosen = tag or (DEFAULT_TAG if DEFAULT_TAG in tags else tags[0] if len(tags) == 1 else None)
    if chosen not in tags:
        named = ", ".join(one_line(one, 40) for one in tags) or "none"
        raise BadData(f"Choose a tag of the file with --tag; there are: {named}.")
    tasks = parsed.read_members(members[chosen].at)["tasks"]
    if not isinstance(tasks.value, list):
        raise make_error(parsed.get_line(tasks.at), "'tasks' must be a list")
    return chosen, tasks


class _Reading:
    """The tasks found so far, with the keys that their dependencies name: `1`, `1.2`."""

    def __init__(self, parsed: JsonText, prefix: str) -> None:
        self._parsed = parsed
        self._prefix = prefix
        self._found: list[RawTask] = []
        self._keys: list[str] = []

    def add(self, part: JsonPart, above: str, parent: int | None, state_above: DraftState) -> None:
        """Add a task and its subtasks. What is done, cancelled or put off is that with all its parts."""
        table, line = part.value, self._parsed.get_line(part.at)
        if not isinstance(table, dict):
            raise make_error(line, "a task is an object with a title")
        key = _read_key(table.get("id"), above, line)
        state = _read_state(table, line) if state_above is DraftState.OPEN else state_above
        detail = join_texts(
            ("", table.get("description")), ("", table.get("details")), ("How to test it", table.get("testStrategy"))
        )
        where = f"task {key} of Task Master"
        position = len(self._found)
        self._keys.append(key)
        self._found.append(
            make_tracker_task(line, self._make_id(key), table.get("title"), detail, where, [], state, parent)
        )
        self._found[-1].table["after"] += _read_dependencies(table, line)
        if table.get("subtasks"):
            if not isinstance(table["subtasks"], list):
                raise make_error(line, "'subtasks' must be a list")
            for one in self._parsed.read_items(self._parsed.read_members(part.at)["subtasks"].at):
                self.add(one, key, position, state)

    def finish(self) -> list[RawTask]:
        known = set(self._keys)
        for key, task in zip(self._keys, self._found, strict=True):
            above = key.rpartition(".")[0]
            for number, named in enumerate(task.table["after"]):
                beside = f"{above}.{named}"
                task.table["after"][number] = self._make_id(beside if above and beside in known else named)
        add_inherited(self._found)
        return self._found

    def _make_id(self, key: str) -> str:
        return f"{self._prefix}-{key.replace('.', '-')}"


def _read_key(id_: Any, above: str, line: int) -> str:
    """The key of a task: its number, below that of the task that it is part of."""
    written = str(id_) if isinstance(id_, int | str) and not isinstance(id_, bool) else ""
    written = written.removeprefix(f"{above}.") if above else written
    if not re.fullmatch(r"[0-9]{1,9}", written):
        raise make_error(line, "'id' must be a number")
    key = f"{above}.{written}" if above else written
    if key.count(".") > _DEPTH_LIMIT:
        raise make_error(line, f"subtasks are nested more than {_DEPTH_LIMIT} deep")
    return key


def _read_state(table: dict[str, Any], line: int) -> DraftState:
    status = table.get("status", "pending")
    if not isinstance(status, str) or status not in _STATES:
        raise make_error(line, f"unknown status {one_line(str(status), 40)!r}; known are {', '.join(_STATES)}")
    return _STATES[status]


def _read_dependencies(table: dict[str, Any], line: int) -> list[str]:
    named = table.get("dependencies") or []
    texts = [str(one) for one in named if not isinstance(one, bool)] if isinstance(named, list) else [""]
    if not all(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", one) for one in texts):
        raise make_error(line, "'dependencies' must be a list of numbers, or texts like '1.2'")
    return texts
