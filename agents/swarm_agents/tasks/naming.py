"""Gives tasks ids that are made of their titles. Different tasks get different ids, and the same task always the same.

`C`, `C++` and `C#` become `c`, `c-2` and `c-3`. A task that the swarm has under one of these ids and with the same
title is the same one, so a file can be imported again wherever a line was added.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from swarm_agents.tasks.drafts import TaskDraft

_UNWRITABLE = "task"  # what an id is made of when no letter of the title may stand in one


def make_slug(title: str) -> str:
    """The letters and digits of the title in lower case that may stand in an id: none of a Chinese title."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "-".join(words)[:40].strip("-")


def name_drafts(drafts: Sequence[TaskDraft], known: Mapping[str, str]) -> list[TaskDraft]:
    """The drafts with ids, each waiting for its parts too. `known`: the titles of the swarm's tasks by their ids."""
    ids = [draft.id for draft in drafts]
    used = {id_ for id_ in ids if id_}
    for number, draft in enumerate(drafts):
        if not draft.id:
            ids[number] = _find_present(draft, known, used)
            used.add(ids[number])
    for number, draft in enumerate(drafts):
        if not ids[number]:
            ids[number] = next(id_ for id_ in _list_candidates(draft) if id_ not in known and id_ not in used)
            used.add(ids[number])
    after = [list(draft.after) for draft in drafts]
    for number, draft in enumerate(drafts):
        if draft.parent is not None:
            after[draft.parent].append(ids[number])
    return [
        draft._replace(id=id_, after=tuple(dict.fromkeys(waits)), parent=None)
        for draft, id_, waits in zip(drafts, ids, after, strict=True)
    ]


def _find_present(draft: TaskDraft, known: Mapping[str, str], used: set[str]) -> str:
    """The id under which the swarm has this task already, or ''."""
    for id_ in _list_candidates(draft):
        if id_ in known and id_ not in used and known[id_] == draft.title.strip():
            return id_
        if id_ not in known and id_ not in used:
            break
    return ""


def _list_candidates(draft: TaskDraft) -> Iterator[str]:
    stem = draft.stem or make_slug(draft.title) or _UNWRITABLE
    yield stem
    yield from (f"{stem}-{number}" for number in itertools.count(2))
