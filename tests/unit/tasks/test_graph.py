"""The graph of tasks never has a circle, for any drafts in any order; a refusal names the line."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_agents.db.database import Database
from swarm_agents.errors import BadData
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import tasks
from swarm_agents.tasks.drafts import TaskDraft
from swarm_agents.tasks.graph import sort_drafts

IDS = ["a", "b", "c", "d", "e", "f"]
DRAFTS = st.lists(
    st.builds(
        lambda id_, after: TaskDraft(id_, "work", tuple(after)),
        st.sampled_from(IDS),
        st.lists(st.sampled_from(IDS), max_size=3, unique=True),
    ),
    max_size=6,
)


@given(DRAFTS)
def test_drafts_are_accepted_exactly_when_they_have_an_order(drafts: list[TaskDraft]) -> None:
    sound = len({one.id for one in drafts}) == len(drafts) and can_be_done({one.id: one.after for one in drafts})

    try:
        placed = sort_drafts(drafts, known=())
    except BadData:
        assert not sound
        return

    assert sound and sorted(placed) == sorted(drafts)
    for number, draft in enumerate(placed):
        assert set(draft.after) <= {one.id for one in placed[:number]}


@given(st.permutations(IDS), st.integers(0, 2**15 - 1))
def test_a_graph_without_circles_is_accepted_in_any_order(order: list[str], edges: int) -> None:
    pairs = [(later, earlier) for number, later in enumerate(IDS) for earlier in IDS[:number]]
    chosen = [pair for bit, pair in enumerate(pairs) if edges >> bit & 1]
    drafts = [TaskDraft(id_, "work", tuple(after for later, after in chosen if later == id_)) for id_ in order]

    assert {one.id for one in sort_drafts(drafts, known=())} == set(IDS)


@settings(max_examples=40)
@given(batches=st.lists(DRAFTS, max_size=5))
def test_the_stored_graph_never_has_a_circle_and_a_refused_batch_leaves_no_trace(
    fresh_database: Path, batches: list[list[TaskDraft]]
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "swarm.db"
        shutil.copyfile(fresh_database, path)
        with Database(path) as db:
            for batch in batches:
                before = graph(db)
                try:
                    tasks.add_all(db, batch, "human")
                except BadData:
                    assert graph(db) == before
                else:
                    assert graph(db) == before | {one.id: frozenset(one.after) for one in batch}
                assert can_be_done(graph(db))


@pytest.mark.parametrize(
    ("drafts", "why"),
    [
        ([TaskDraft("a", "A", line=1), TaskDraft("a", "A", line=4)], "line 4: the id a is taken by line 1"),
        ([TaskDraft("old", "A", line=2)], "line 2: there is a task old already"),
        ([TaskDraft("a", "A", ("nowhere",), line=7)], "line 7: it comes after nowhere, and there is no such task"),
        ([TaskDraft("a", "A", ("a",), line=3)], "line 3: tasks wait for each other in a circle: a after a"),
        (
            [
                TaskDraft("a", "A", ("c",), line=1),
                TaskDraft("b", "B", ("a",), line=2),
                TaskDraft("c", "C", ("b",), line=3),
            ],
            "line 1: tasks wait for each other in a circle: a after c after b after a",
        ),
    ],
)
def test_a_refusal_names_the_line(drafts: list[TaskDraft], why: str) -> None:
    with pytest.raises(BadData, match=f"^{why}[.]$"):
        sort_drafts(drafts, known={"old"})


def test_a_chain_of_a_thousand_tasks_is_sorted() -> None:
    drafts = [TaskDraft(f"t{n}", "work", (f"t{n + 1}",)) for n in range(999)] + [TaskDraft("t999", "work")]

    assert [one.id for one in sort_drafts(drafts, known=())] == [f"t{n}" for n in reversed(range(1000))]


def graph(db: Database) -> dict[str, frozenset[str]]:
    with db.reading() as tx:
        return {task.id: frozenset(task.after) for task in task_rows.list_tasks(tx)}


def can_be_done(after: "dict[str, tuple[str, ...]] | dict[str, frozenset[str]]") -> bool:
    """An oracle without sorting: repeatedly remove the tasks that wait for nothing; can all be removed?"""
    left = {id_: set(before) for id_, before in after.items()}
    while ready := [id_ for id_, before in left.items() if not before & left.keys() and before <= after.keys()]:
        for id_ in ready:
            del left[id_]
    return not left
