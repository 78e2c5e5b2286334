"""What a task waits for, its parts wait for too: trackers keep that in mind, a list of tasks has to say it."""

from collections.abc import Mapping

from swarm_agents.tasks.drafts import DraftState
from swarm_agents.tasks.formats.raw_task import RawTask

_LEVELS = 10  # of parts; what stands higher is not looked at


def add_inherited(found: list[RawTask]) -> None:
    """Let each open part wait for what the tasks above it wait for, except where they would wait for each other."""
    by_id = {task.table["id"]: task for task in found if task.state is DraftState.OPEN}
    own = {id_: tuple(task.table["after"]) for id_, task in by_id.items()}
    waiting: dict[str, set[str]] = {}  # for each task those that wait for it
    for id_, task in by_id.items():
        for after in own[id_]:
            waiting.setdefault(after, set()).add(id_)
        if task.parent is not None:
            waiting.setdefault(id_, set()).add(found[task.parent].table["id"])
    for id_, task in by_id.items():
        inherited = [after for above in _list_above(found, task) for after in own.get(above, ())]
        barred = _find_waiting(id_, waiting) if inherited else set()
        for after in dict.fromkeys(inherited):
            if after not in barred and after not in own[id_]:
                task.table["after"].append(after)
                waiting.setdefault(after, set()).add(id_)


def _list_above(found: list[RawTask], task: RawTask) -> list[str]:
    above: list[str] = []
    while task.parent is not None and len(above) < _LEVELS:
        task = found[task.parent]
        above.append(task.table["id"])
    return above


def _find_waiting(id_: str, waiting: Mapping[str, set[str]]) -> set[str]:
    """The task, and all that wait for it, also through others."""
    seen, left = {id_}, [id_]
    while left:
        new = waiting.get(left.pop(), set()) - seen
        seen |= new
        left += new
    return seen
