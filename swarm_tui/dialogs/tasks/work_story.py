"""One task or one lock, told: who has it, since when, by which lease, what it is about, and what happened to it."""

from textual.content import Content

from swarm_agents.db.transaction import Transaction
from swarm_agents.events import Event
from swarm_agents.locks import locks
from swarm_agents.locks.locks import Lock
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.rows import HELD_STATUSES, Task, TaskStatus
from swarm_agents.text import one_line, printable
from swarm_tui import symbols, times
from swarm_tui.dialogs.story_parts import Line, fact, part, when
from swarm_tui.themes import STYLE

_LINES = 40  # of a detail or a result

_NAMES = 12  # cells of the longest name of a fact


def of_task(tx: Transaction, id_: str) -> Content:
    """Raises `NotFound`."""
    task = task_rows.find(tx, id_)
    return Content("\n").join(
        [
            Content.styled(one_line(task.title, 300), "bold"),
            Content(),
            *_standing(task, tx.now),
            *_about(task, tx.now),
            *part("Comes after", [_before(tx, one) for one in task.after]),
            *part(
                "What waits for it",
                [f"  {one}  {one_line(title, 100)}" for one, title in task_rows.list_dependents(tx, id_)],
            ),
            *_text("Detail", task.detail),
            *_text("Why it failed" if task.status is TaskStatus.FAILED else "Result", task.result),
            *_happened(task_rows.read_history(tx, id_)),
        ]
    )


def of_lock(tx: Transaction, path: str) -> Content:
    lock = next((one for one in locks.list_locks(tx) if one.path == path), None)
    return Content("\n").join(
        [
            Content.styled(one_line(path, 300), "bold"),
            Content(),
            *(_held(lock, tx.now) if lock else [_fact("held by", Content("nobody any more"))]),
            *_happened(locks.read_history(tx, path)),
        ]
    )


def _standing(task: Task, now: int) -> list[Line]:
    blocked = bool(task.blocked_by) and task.status is TaskStatus.OPEN
    sign = symbols.BLOCKED if blocked else symbols.TASK[task.status]
    lines: list[Line] = [
        _fact("state", Content.assemble((f"{sign}", STYLE[sign.tone]), (f"  since {when(task.changed_at, now)}", "")))
    ]
    if task.claimant is not None:
        lines.append(_fact("claimant", Content(f"{one_line(task.claimant, 64)}, fence {task.fence}")))
    elif task.former is not None:
        lines.append(_fact("last had by", Content(one_line(task.former, 64))))
    if task.lease_expires_at is not None:
        lines.append(_fact("lease", Content(_lease(task.lease_expires_at, now))))
    elif task.status in HELD_STATUSES:
        lines.append(_fact("lease", Content("none runs while it is in review")))
    return lines


def _about(task: Task, now: int) -> list[Line]:
    lines: list[Line] = [_fact("added by", Content(f"{one_line(task.created_by, 64)}, {when(task.created_at, now)}"))]
    if task.feature is not None:
        lines.append(_fact("feature", Content(one_line(task.feature, 100))))
    if task.estimate_min is not None:
        lines.append(_fact("estimate", Content(times.lasting(task.estimate_min * 60_000))))
    if task.files:
        lines += part("Files", [f"  {one_line(name, 200)}" for name in task.files])
    return lines


def _before(tx: Transaction, id_: str) -> Content:
    before = task_rows.find(tx, id_)
    sign = symbols.TASK[before.status]
    return Content.assemble(f"  {id_}  ", (f"{sign}", STYLE[sign.tone]), f"  {one_line(before.title, 100)}")


def _held(lock: Lock, now: int) -> list[Line]:
    lines: list[Line] = [
        _fact("held by", Content(f"{one_line(lock.holder, 64)}, fence {lock.fence}")),
        _fact("since", Content(when(lock.since, now))),
        _fact("lease", Content(_lease(lock.expires_at, now))),
    ]
    if lock.name.folder:
        lines.append(_fact("covers", Content("all that is below this folder")))
    return [*lines, _fact("why", Content(one_line(lock.reason, 300)))] if lock.reason else lines


def _lease(expires_at: int, now: int) -> str:
    left = expires_at - now
    return f"{times.left(left)} left" if left > 0 else "ran out"


def _text(title: str, text: str) -> list[Line]:
    lines = printable(text).splitlines()
    cut = [f"  … and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return part(title, [*(f"  {line}" for line in lines[:_LINES]), *cut])


def _happened(found: list[Event]) -> list[Line]:
    return part("What happened", [_event(event) for event in found])


def _event(event: Event) -> Content:
    kind = event.kind.partition("_")[2].replace("_", "-")
    return Content.assemble(
        (f"  {times.of_day(event.at)}  ", STYLE["dim"]),
        f"{one_line(event.actor, 24)}: ",
        (kind, "bold"),
        f"  {one_line(event.detail.partition(': ')[2], 200)}".rstrip(),
    )


def _fact(name: str, what: Content) -> Content:
    return fact(name, what, _NAMES)
