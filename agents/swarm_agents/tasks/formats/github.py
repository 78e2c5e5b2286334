"""Reads issues of GitHub and the checklists in their bodies: what `gh issue view` and `gh issue list` write as JSON.

An issue waits for its items. An item `#12` is issue 12, not a task of its own where the file has that issue too.
"""

import re
from typing import Any

from swarm_agents.errors import BadData
from swarm_agents.tasks.drafts import DraftState
from swarm_agents.tasks.formats import markdown
from swarm_agents.tasks.formats.json_text import JsonText
from swarm_agents.tasks.formats.raw_task import RawTask, fit_texts, make_error, make_tracker_task
from swarm_agents.tasks.naming import make_slug

_REFERENCE = re.compile(r"#([1-9][0-9]{0,9})(?:\s.*)?")


def is_written_by(document: Any) -> bool:
    """Whether `gh` wrote this document."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and "number" in first and ("title" in first or "body" in first)


def read(text: str) -> list[RawTask]:
    parsed = JsonText(text)
    document = parsed.read()
    parts = parsed.read_items(document.at) if isinstance(document.value, list) else [parsed.read(is_task=True)]
    issues = [(parsed.get_line(part.at), _check_issue(parsed.get_line(part.at), part.value)) for part in parts]
    if not issues:
        raise BadData("There is no issue in it.")
    found = [_read_issue(line, issue) for line, issue in issues]
    known = {task.table["id"] for task in found}
    for position, (line, issue) in enumerate(issues):
        _add_items(found, position, line, issue, known)
    return found


def _check_issue(line: int, issue: Any) -> dict[str, Any]:
    number = issue.get("number") if isinstance(issue, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 10**10:
        raise make_error(line, "an issue needs its number: gh issue list --json number,title,body,state")
    if not isinstance(issue.get("body") or "", str):
        raise make_error(line, "'body' must be a text")
    return dict(issue)


def _read_issue(line: int, issue: dict[str, Any]) -> RawTask:
    number = issue["number"]
    closed = str(issue.get("state") or "OPEN").upper() == "CLOSED"
    not_planned = str(issue.get("stateReason") or "").upper() == "NOT_PLANNED"
    state = DraftState.OPEN
    if closed:
        state = DraftState.CANCELLED if not_planned else DraftState.COMPLETED
    body = (issue.get("body") or "").replace("\r\n", "\n").strip()
    where = f"gh issue view {number}"
    return make_tracker_task(line, f"gh-{number}", issue.get("title"), body, where, [], state)


def _add_items(found: list[RawTask], position: int, line: int, issue: dict[str, Any], known: set[str]) -> None:
    """Add the items of an issue's body. What is nested in an item that is no task of its own is part of the issue."""
    number, whole = issue["number"], found[position]
    try:
        items = markdown.read(issue.get("body") or "", tasklist_fences=True)
    except BadData as error:
        raise make_error(line, f"in the body of #{number}, {error.message.removesuffix('.')}") from None
    places: list[int] = []
    for item in items:
        parent = position if item.parent is None else places[item.parent]
        state = item.state if whole.state is DraftState.OPEN else whole.state
        title, detail = fit_texts(line, item.table["title"], item.table.get("detail", ""), f"gh issue view {number}")
        table = item.table | {"title": title, "detail": detail}
        reference = _REFERENCE.fullmatch(title)
        if reference and f"gh-{reference[1]}" in known:
            if f"gh-{reference[1]}" != found[parent].table.get("id"):
                found[parent].table.setdefault("after", []).append(f"gh-{reference[1]}")
            places.append(parent)
            continue
        if reference:
            table["id"] = f"gh-{reference[1]}"
            known.add(table["id"])
        stem = f"gh-{number}-{make_slug(title) or 'item'}"
        places.append(len(found))
        found.append(RawTask(line, table, parent, state, stem, of_tracker=True))
