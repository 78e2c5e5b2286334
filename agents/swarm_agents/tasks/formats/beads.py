"""Reads issues.jsonl of beads: an issue a line. `blocks` is waited for; a parent waits for its children."""

from typing import Any

from swarm_agents.tasks.drafts import DraftState
from swarm_agents.tasks.formats.inheritance import add_inherited
from swarm_agents.tasks.formats.json_text import JsonText
from swarm_agents.tasks.formats.raw_task import RawTask, join_texts, make_error, make_id, make_tracker_task
from swarm_agents.text import one_line

_STATES = {
    "open": DraftState.OPEN,
    "in_progress": DraftState.OPEN,
    "blocked": DraftState.OPEN,
    "hooked": DraftState.OPEN,
    "deferred": DraftState.DEFERRED,
    "pinned": DraftState.DEFERRED,  # kept in sight, never ready to work on
    "closed": DraftState.COMPLETED,
    "tombstone": DraftState.CANCELLED,
}
_BLOCKING = ("blocks", "conditional-blocks", "waits-for")
_NO_WORK = ("message", "event")  # types of issues that are no work
_MARKS = {"issue_type", "status", "created_at"}


def is_written_by(document: Any) -> bool:
    """Whether this is an issue of beads."""
    return isinstance(document, dict) and {"id", "title"} <= set(document) and bool(_MARKS & set(document))


def read(text: str) -> list[RawTask]:
    issues = _read_issues(text)
    positions = {issue["id"]: number for number, (_, issue) in enumerate(issues)}
    found = [_read_issue(line, issue, positions) for line, issue in issues]
    add_inherited(found)
    return found


def _read_issues(text: str) -> list[tuple[int, dict[str, Any]]]:
    """The issues with their lines. A line of another kind, which newer versions write, says so in `_type`."""
    issues: list[tuple[int, dict[str, Any]]] = []
    first_lines: dict[str, int] = {}
    for line, written in enumerate(text.split("\n"), 1):
        issue = JsonText(written, line).read(is_task=True).value if written.strip() else None
        if issue is None or (isinstance(issue, dict) and issue.get("_type", "issue") != "issue"):
            continue
        if not isinstance(issue, dict) or not isinstance(issue.get("id"), str) or not issue["id"]:
            raise make_error(line, "an issue is an object with an 'id' and a 'title'")
        if issue["id"] in first_lines:
            id_ = one_line(issue["id"], 64)
            raise make_error(line, f"the id {id_} is taken by line {first_lines[issue['id']]}")
        first_lines[issue["id"]] = line
        issues.append((line, issue))
    return issues


def _read_issue(line: int, issue: dict[str, Any], positions: dict[str, int]) -> RawTask:
    state = _read_state(line, issue)
    after: list[str] = []
    parent = positions.get(issue["id"].rpartition(".")[0])  # bd-12.3 is a part of bd-12
    for depends_on, kind in _read_dependencies(line, issue):
        if kind in _BLOCKING:
            after.append(make_id(depends_on))
        elif kind == "parent-child" and depends_on in positions:
            parent = positions[depends_on]
    detail = join_texts(
        ("", issue.get("description")),
        ("Design", issue.get("design")),
        ("Acceptance criteria", issue.get("acceptance_criteria")),
        ("Notes", issue.get("notes")),
    )
    id_ = issue["id"]
    title = issue.get("title") if state is not DraftState.CANCELLED else issue.get("title") or id_
    task = make_tracker_task(line, make_id(id_), title, detail, f"bd show {id_}", after, state, parent)
    minutes = issue.get("estimated_minutes")
    if isinstance(minutes, int) and not isinstance(minutes, bool) and 0 < minutes < 1_000_000:
        task.table["estimate"] = minutes
    return task


def _read_state(line: int, issue: dict[str, Any]) -> DraftState:
    if issue.get("issue_type") in _NO_WORK:
        return DraftState.CANCELLED
    status = issue.get("status", "open")
    if not isinstance(status, str) or status not in _STATES:
        raise make_error(line, f"unknown status {one_line(str(status), 40)!r}; known are {', '.join(_STATES)}")
    return _STATES[status]


def _read_dependencies(line: int, issue: dict[str, Any]) -> list[tuple[str, str]]:
    """What it depends on, and how."""
    named = issue.get("dependencies") or []
    if not isinstance(named, list):
        raise make_error(line, "'dependencies' must be a list")
    found = []
    for one in named:
        depends_on = one.get("depends_on_id") if isinstance(one, dict) else None
        if not isinstance(depends_on, str):
            raise make_error(line, "a dependency is an object with a 'depends_on_id' and a 'type'")
        found.append((depends_on, str(one.get("type", "blocks"))))
    return found
