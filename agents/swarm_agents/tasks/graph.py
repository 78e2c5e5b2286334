"""The graph of tasks: sorts proposed tasks so that each follows those it waits for, and refuses circles."""

from collections.abc import Container, Iterable

from swarm_agents.tasks.drafts import TaskDraft, make_draft_error
from swarm_agents.text import one_line


def sort_drafts(drafts: Iterable[TaskDraft], known: Container[str]) -> list[TaskDraft]:
    """Sort the drafts: each after those that it waits for, otherwise in the given order. `known` ids exist already.

    Raises `BadData` with the line for a duplicate id, an id that exists, an unknown dependency, or a circle.
    """
    by_id = check_ids(drafts)
    for draft in by_id.values():
        if draft.id in known:
            raise make_draft_error(draft, f"there is a task {draft.id} already")
        for after in draft.after:
            if after not in by_id and after not in known:
                raise make_draft_error(draft, f"it comes after {one_line(after, 64)}, and there is no such task")
    return _sort_by_dependencies(by_id)


def check_ids(drafts: Iterable[TaskDraft]) -> dict[str, TaskDraft]:
    """The drafts by their ids. Raises `BadData` with the line for an id that stands twice."""
    by_id: dict[str, TaskDraft] = {}
    for draft in drafts:
        if draft.id in by_id:
            id_ = one_line(draft.id, 64)
            raise make_draft_error(draft, f"the id {id_} is taken{_describe_line(by_id[draft.id])}")
        by_id[draft.id] = draft
    return by_id


def _sort_by_dependencies(by_id: dict[str, TaskDraft]) -> list[TaskDraft]:
    placed: dict[str, TaskDraft] = {}
    for first in by_id.values():
        path = [first]  # each draft waits for the next one
        while path:
            draft = path[-1]
            missing = next((one for one in draft.after if one in by_id and one not in placed), None)
            if missing is None:
                placed[draft.id] = draft
                path.pop()
            elif any(one.id == missing for one in path):
                raise make_draft_error(
                    by_id[missing], f"tasks wait for each other in a circle: {_describe_circle(path, missing)}"
                )
            else:
                path.append(by_id[missing])
    return list(placed.values())


def _describe_circle(path: list[TaskDraft], back_to: str) -> str:
    ids = [one.id for one in path]
    return " after ".join([*ids[ids.index(back_to) :], back_to])


def _describe_line(draft: TaskDraft) -> str:
    return f" by line {draft.line}" if draft.line is not None else ""
