"""Lists of tasks that other trackers write: Task Master, beads, issues of GitHub; in the form that these write."""

import json
from typing import Any

import pytest

from swarm_agents.errors import BadData
from swarm_agents.tasks import task_file
from swarm_agents.tasks.drafts import DraftState, TaskDraft
from swarm_agents.tasks.naming import name_drafts

SUBTASKS = [
    {"id": 1, "title": "Schema", "status": "done", "dependencies": []},
    {"id": 2, "title": "Rows", "status": "pending", "dependencies": [1]},
    {"id": 3, "title": "Docs", "status": "in-progress", "dependencies": ["2.2", 1]},
]
TASKS = [
    {
        "id": 1,
        "title": "Set up",
        "description": "The folders.",
        "status": "pending",
        "dependencies": [],
        "subtasks": [],
    },
    {
        "id": 2,
        "title": "Storage",
        "description": "What it is.",
        "details": "How.",
        "testStrategy": "By hand.",
        "priority": "high",
        "status": "in-progress",
        "dependencies": [1],
        "subtasks": SUBTASKS,
    },
    {"id": 3, "title": "Later", "status": "deferred", "dependencies": ["2.3", "2"]},
]


@pytest.mark.parametrize("document", [{"tasks": TASKS}, {"master": {"tasks": TASKS, "metadata": {"created": "x"}}}])
def test_task_master_is_read_in_both_shapes(document: dict[str, Any]) -> None:
    drafts = read(document, "taskmaster")

    assert {one.id: one.after for one in drafts} == {
        "tm-1": (),
        "tm-2": ("tm-1", "tm-2-1", "tm-2-2", "tm-2-3"),
        "tm-2-1": (),
        "tm-2-2": ("tm-2-1", "tm-1"),
        "tm-2-3": ("tm-2-2", "tm-2-1", "tm-1"),
        "tm-3": ("tm-2-3", "tm-2"),
    }
    assert drafts[1].detail == "What it is.\n\nHow.\n\nHow to test it:\nBy hand."
    assert [one.state.value for one in drafts] == ["open", "open", "completed", "open", "open", "deferred"]


def test_of_several_tags_one_is_chosen() -> None:
    document = {"ui": {"tasks": TASKS[:1]}, "api": {"tasks": TASKS[:1]}}

    with pytest.raises(BadData, match="--tag; there are: ui, api"):
        read(document, "taskmaster")
    assert [one.id for one in task_file.parse(json.dumps(document), "taskmaster", "api")] == ["api-tm-1"]
    assert [one.id for one in read(document | {"master": {"tasks": TASKS[:1]}}, "taskmaster")] == ["tm-1"]


def test_what_is_done_is_that_with_its_subtasks() -> None:
    document = {"tasks": [{"id": 1, "title": "A", "status": "cancelled", "subtasks": SUBTASKS}]}

    assert {one.state for one in read(document, "taskmaster")} == {DraftState.CANCELLED}


def test_subtasks_inherit_no_dependency_that_would_be_a_circle() -> None:
    first = {"id": 1, "title": "A", "dependencies": [2], "subtasks": [{"id": 1, "title": "B"}]}
    document = {"tasks": [first, {"id": 2, "title": "C", "dependencies": ["1.1"]}]}

    assert {one.id: one.after for one in read(document, "taskmaster")} == {
        "tm-1": ("tm-2", "tm-1-1"),
        "tm-1-1": (),
        "tm-2": ("tm-1-1",),
    }


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ({"id": 1, "title": "A", "status": "odd"}, "line 2: unknown status 'odd'"),
        ({"id": "one", "title": "A", "status": "done"}, "line 2: 'id' must be a number"),
        ({"id": 1, "status": "done"}, "line 2: a task needs a title"),
        ({"id": 1, "title": "A", "dependencies": ["x"]}, "line 2: 'dependencies'"),
        ({"id": 1, "title": "A", "subtasks": {"a": 1}}, "line 2: 'subtasks' must be a list"),
        ({"id": 1, "title": "A", "subtasks": [3]}, "line 2: a task is an object"),
        (3, "line 2: a task is an object"),
    ],
)
def test_a_mistake_of_task_master_is_refused_with_its_line(task: object, why: str) -> None:
    with pytest.raises(BadData, match=why):
        task_file.parse('{"tasks": [\n' + json.dumps(task) + "]}", "taskmaster")


def issue(id_: str, title: str, status: str = "open", **more: object) -> dict[str, Any]:
    return {"id": id_, "title": title, "status": status, "priority": 2, "issue_type": "task"} | more


def depends(on: str, kind: str = "blocks") -> dict[str, str]:
    return {"issue_id": "x", "depends_on_id": on, "type": kind, "created_by": "x"}


def test_beads_are_read_with_what_blocks_them_and_their_children() -> None:
    lines = [
        issue("bd-1", "Epic", issue_type="epic", dependencies=[depends("bd-4")]),
        issue(
            "bd-1.1", "Child", "in_progress", dependencies=[depends("bd-1", "parent-child"), depends("bd-3", "related")]
        ),
        issue(
            "bd-2", "Other", design="So.", description="Why.", dependencies=[depends("bd-1.1")], estimated_minutes=30
        ),
        issue("bd-3", "Old", "closed"),
        issue("bd-4", "First"),
        issue("bd-5", "Gone", "tombstone"),
        {"_type": "memory", "key": "x"},
    ]
    drafts = read_lines(lines)

    assert {one.id: one.after for one in drafts} == {
        "bd-1": ("bd-4", "bd-1__1"),
        "bd-1__1": ("bd-4",),
        "bd-2": ("bd-1__1",),
        "bd-3": (),
        "bd-4": (),
        "bd-5": (),
    }
    assert (drafts[2].detail, drafts[2].estimate_min, drafts[2].line) == ("Why.\n\nDesign:\nSo.", 30, 3)
    assert [one.id for one in drafts if one.state is not DraftState.OPEN] == ["bd-3", "bd-5"]


def test_ids_of_beads_that_differ_stay_different() -> None:
    drafts = read_lines(
        [issue(id_, "A") for id_ in ("a.1", "a-1", "a_1", "a__1", "a 1", "修复", "ä.1", "x" * 80, "x" * 81)]
    )

    assert len({one.id for one in drafts}) == 9


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("<<<<<<< HEAD", "line 2: this is not JSON"),
        ('{"id": "bd-1", "title": "B"}', "line 2: the id bd-1 is taken by line 1"),
        ('{"title": "B"}', "line 2: an issue is an object"),
        ('{"id": "bd-2", "title": "B", "status": "odd"}', "line 2: unknown status"),
        ('{"id": "bd-2", "title": "B", "dependencies": ["bd-1"]}', "line 2: a dependency is an object"),
        ('{"id": "bd-2", "title": ""}', "line 2: a task needs a title"),
        ("[" * 10_000, "not JSON|nested too deeply"),
    ],
)
def test_a_mistake_of_beads_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(BadData, match=why):
        task_file.parse(json.dumps(issue("bd-1", "A")) + "\n" + line, "beads")


BODY = """\
Some words.\r
\r
- [ ] Tests\r
  - [x] Unit\r
- [ ] #13\r
- [ ] #99 of another page\r
\r
```[tasklist]\r
### Tasks\r
- [ ] #14\r
- [ ] Docs\r
```\r
"""


def test_issues_of_github_wait_for_their_items_and_for_the_issues_that_these_name() -> None:
    issues = [
        {"number": 12, "title": "Big", "body": BODY, "state": "OPEN"},
        {"number": 13, "title": "Small", "body": None},
        {"number": 14, "title": "Done", "body": "- [ ] Tests", "state": "CLOSED", "stateReason": "COMPLETED"},
    ]
    drafts = read(issues, "github")

    assert {one.id: one.after for one in drafts} == {
        "gh-12": ("gh-13", "gh-14", "gh-12-tests", "gh-99", "gh-12-docs"),
        "gh-13": (),
        "gh-14": ("gh-14-tests",),
        "gh-12-tests": ("gh-12-unit",),
        "gh-12-unit": (),
        "gh-99": (),
        "gh-12-docs": (),
        "gh-14-tests": (),
    }
    assert {one.id for one in drafts if one.state is DraftState.COMPLETED} == {"gh-14", "gh-14-tests", "gh-12-unit"}


def test_one_issue_is_read_like_a_list_of_one() -> None:
    view = {"number": 1, "title": "A", "body": "- [ ] B", "state": "OPEN"}

    assert [one._replace(line=1) for one in read([view], "github")] == read(view, "github")


def test_texts_that_are_too_long_are_cut_in_sight() -> None:
    [draft] = read([{"number": 7, "title": "T" * 250, "body": "ä" * 60_000}], "github")

    assert draft.title == "T" * 199 + "…" and draft.detail.startswith("T" * 250)
    assert draft.detail.endswith("the rest is in gh issue view 7)") and 10_000 < len(draft.detail.encode()) <= 10_240


@pytest.mark.parametrize(
    ("issue_", "why"),
    [
        ({"title": "A", "number": "7"}, "line 2: an issue needs its number"),
        ({"number": 7, "body": ""}, "line 2: a task needs a title"),
        ({"number": 7, "title": "A", "body": 3}, "line 2: 'body' must be a text"),
        ({"number": 7, "title": "A", "body": "x\n- [ ] B\n- [?] C"}, "line 2: in the body of #7, line 3: the box"),
    ],
)
def test_a_mistake_in_an_issue_is_refused_with_its_line(issue_: object, why: str) -> None:
    with pytest.raises(BadData, match=why):
        task_file.parse("[\n" + json.dumps(issue_) + "]", "github")


def read(document: object, format_: str) -> list[TaskDraft]:
    return name_drafts(task_file.parse(json.dumps(document, indent=1), format_), {})


def read_lines(issues: list[dict[str, Any]]) -> list[TaskDraft]:
    return name_drafts(task_file.parse("".join(json.dumps(one) + "\n" for one in issues), "beads"), {})
