"""Adds the tasks of a file that the swarm does not have yet, all or none. A second import adds what is new in the file.

What is there already stays as it is, also when the file says something else of it by now.
"""

from collections.abc import Sequence
from typing import NamedTuple

from swarm_agents.db.database import Database
from swarm_agents.errors import BadData
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import tasks
from swarm_agents.tasks.drafts import DraftState, TaskDraft, make_draft_error
from swarm_agents.tasks.graph import check_ids, sort_drafts
from swarm_agents.tasks.naming import name_drafts
from swarm_agents.tasks.rows import Task
from swarm_agents.text import one_line


class ImportedTasks(NamedTuple):
    """What became of the tasks of a file, by their ids.

    `ended`: done or cancelled in the tracker that wrote it, so no work. `deferred`: put off there, or waiting for such
    a one. `unlinked`: those that were there already, each with a new task that the file lets it wait for; it does not.
    """

    added: list[Task]
    present: list[str]
    ended: list[str]
    deferred: list[str]
    unlinked: list[tuple[str, str]]


def import_all(db: Database, drafts: Sequence[TaskDraft], by: str) -> ImportedTasks:
    """Add those that are new. Raises `BadData` with the line for what is wrong, and then adds none."""
    if not drafts:
        raise BadData("There is no task in it.")
    with db.transaction() as tx:
        known = task_rows.read_titles(tx)
        named = name_drafts(drafts, known)
        check_ids(named)
        present = [draft for draft in named if draft.id in known]
        for draft in present:
            _check_same(draft, known[draft.id])
        choice = _choose_work([draft for draft in named if draft.id not in known])
        ordered = sort_drafts(choice.work, known)
        if ordered:
            tasks.insert(tx, ordered, by, None)
        new = {draft.id for draft in ordered}
        return ImportedTasks(
            added=[task_rows.find(tx, draft.id) for draft in ordered],
            present=[draft.id for draft in present],
            ended=choice.ended,
            deferred=choice.deferred,
            unlinked=[(draft.id, after) for draft in present for after in draft.after if after in new],
        )


class _Choice(NamedTuple):
    work: list[TaskDraft]
    ended: list[str]
    deferred: list[str]


def _choose_work(drafts: list[TaskDraft]) -> _Choice:
    """Leave out what a tracker has ended, and what is put off together with all that waits for it."""
    ended = [one.id for one in drafts if one.of_tracker and one.state in (DraftState.COMPLETED, DraftState.CANCELLED)]
    settled = set(ended)
    work = [
        one._replace(after=tuple(id_ for id_ in one.after if id_ not in settled))
        for one in drafts
        if one.id not in settled
    ]
    deferred = {one.id for one in work if one.state is DraftState.DEFERRED}
    waiting: dict[str, list[str]] = {}
    for one in work:
        for after in one.after:
            waiting.setdefault(after, []).append(one.id)
    left = list(deferred)
    while left:
        for id_ in waiting.get(left.pop(), ()):
            if id_ not in deferred:
                deferred.add(id_)
                left.append(id_)
    return _Choice(
        [one for one in work if one.id not in deferred], ended, [one.id for one in work if one.id in deferred]
    )


def _check_same(draft: TaskDraft, title: str) -> None:
    """Raises `BadData` when a file means another task by this id. In a tracker the title of a task may change."""
    if not draft.of_tracker and draft.title.strip() != title:
        shown = one_line(title, 60)
        raise make_draft_error(draft, f"there is a task {draft.id} already, '{shown}'; give this one another id")
