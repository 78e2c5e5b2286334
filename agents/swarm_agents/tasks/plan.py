"""Plans a feature: proposes its tasks, from a template or by the user's own model, and adds all of them or none.

The model is any command. It gets the request on standard input and answers with JSON on standard output.
"""

import contextlib
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from swarm_agents.db.database import Database
from swarm_agents.errors import BadData, NotFound, Unavailable
from swarm_agents.system import subprocesses
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import task_file, tasks
from swarm_agents.tasks.drafts import TITLE_LIMIT, TaskDraft, check_draft
from swarm_agents.tasks.formats.raw_task import RawTask
from swarm_agents.tasks.graph import sort_drafts
from swarm_agents.tasks.naming import make_slug, name_drafts
from swarm_agents.tasks.rows import Task
from swarm_agents.text import one_line, tail

AUTO = "auto"
FALLBACK = "generic"

_PREFIX_LIMIT = 24  # characters of the feature in an id: room for the task's own part
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)

_REQUEST = """\
Split this feature into tasks that several coding agents can work on at the same time: {feature}

Answer with JSON alone, a list of objects:
  "id"        letters, digits, '-' and '_', at most 32 of them
  "title"     one line, at most 200 characters
  "after"     a list of the ids that have to be done before, [] for none
  "files"     a list of the files that it changes
  "estimate"  a time like "30m" or "2h"
  "detail"    what the agent that does it has to know
Tasks that can go on at the same time must not change the same files. At most 30 tasks.
"""


def propose_from_template(name: str, feature: str) -> list[TaskDraft]:
    """The tasks of a template; `auto` chooses the one that shares most words with the feature. Raises `NotFound`."""
    known = _read_templates()
    chosen = _choose_template(known, feature) if name == AUTO else name
    if chosen not in known:
        raise NotFound(f"There is no template {one_line(chosen, 40)!r}; there are {', '.join(sorted(known))} and auto.")
    items = known[chosen]["tasks"]
    return [task_file.make_draft(RawTask(0, _fill_in(item, feature)))._replace(line=None) for item in items]


def propose_from_command(command: str, feature: str, limit_s: float, where: Path) -> list[TaskDraft]:
    """The tasks that the command answers with, run in the folder `where`.

    Raises `Unavailable` when it fails or runs longer than `limit_s`, and `BadData` for an answer that is not valid.
    """
    answer = _run(command, _REQUEST.format(feature=feature), limit_s, where)
    try:
        return name_drafts(task_file.parse(_extract_json(answer), "json"), {})
    except BadData as error:
        raise BadData(f"The command's answer cannot be used, and nothing was added: {error.message}") from None


def prefix_ids(db: Database, feature: str, proposed: list[TaskDraft]) -> list[TaskDraft]:
    """Give the tasks ids that begin with the feature and that no task has, so a second plan leaves the first alone."""
    with db.reading() as tx:
        taken = task_rows.read_titles(tx)
    base = make_slug(feature)[:_PREFIX_LIMIT].strip("-") or "plan"
    prefix, number = base, 1
    while any(id_.startswith(f"{prefix}-") for id_ in taken):
        number += 1
        prefix = f"{base}-{number}"
    mine = {one.id: f"{prefix}-{one.id}" for one in proposed}
    named = [one._replace(id=mine[one.id], after=tuple(mine.get(id_, id_) for id_ in one.after)) for one in proposed]
    for one in named:
        check_draft(one)
    return sort_drafts(named, taken)


def add_plan(db: Database, feature: str, proposed: list[TaskDraft], by: str) -> list[Task]:
    """Add the proposed tasks, all or none. Two plans at the same time get different ids."""
    for _ in range(20):
        named = prefix_ids(db, feature, proposed)
        with contextlib.suppress(_IdsTaken):
            return _add(db, named, by, feature)
    raise Unavailable("Others are planning the same feature right now. Look at their tasks: swarm task list.")


class _IdsTaken(Exception):
    """Another plan added tasks under these ids in the meantime."""


def _add(db: Database, named: list[TaskDraft], by: str, feature: str) -> list[Task]:
    try:
        return tasks.add_all(db, named, by, feature)
    except BadData:
        with db.reading() as tx:
            taken = task_rows.read_titles(tx)
        if any(one.id in taken for one in named):
            raise _IdsTaken from None
        raise


def _read_templates() -> dict[str, Any]:
    folder = resources.files("swarm_agents.tasks") / "templates"
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def _choose_template(known: dict[str, Any], feature: str) -> str:
    words = set(re.findall(r"[a-z0-9]+", feature.lower()))
    score = {name: len(words & set(template["words"])) for name, template in known.items()}
    best = max(score, key=lambda name: score[name])
    return best if score[best] else FALLBACK


def _fill_in(item: dict[str, Any], feature: str) -> dict[str, Any]:
    return item | {"title": one_line(item["title"].replace("FEATURE", feature), TITLE_LIMIT)}


def _extract_json(answer: str) -> str:
    """The JSON of an answer: its fenced block if it has one, else all of it."""
    fenced = _FENCED.search(answer)
    return fenced[1] if fenced and not answer.lstrip().startswith(("[", "{")) else answer


def _run(command: str, request: str, limit_s: float, where: Path) -> str:
    kept = task_file.SIZE_LIMIT + 1
    ended = subprocesses.run_with_limit(limit_s, ["sh", "-c", command], where, request=request.encode(), kept=kept)
    if not ended.in_time:
        raise Unavailable(f"The command did not answer within {limit_s:g} s. Nothing was added.")
    if ended.code != 0:
        why = one_line(tail(ended.errors.decode(errors="replace"), lines=3), 300)
        raise Unavailable(f"The command ended with exit status {ended.code}. Nothing was added. {why}".rstrip())
    if len(ended.output) == kept:
        raise BadData(f"The command's answer is longer than {task_file.SIZE_LIMIT} bytes. Nothing was added.")
    try:
        return ended.output.decode()
    except UnicodeDecodeError:
        raise BadData("The command's answer is not valid UTF-8. Nothing was added.") from None
