"""Draws one task at length: who has it, since when, by which lease, what it is about, and what happened to it."""

from textual.content import Content

from swarm_agents.tasks.rows import HELD_STATUSES, Task, TaskStatus
from swarm_agents.text import one_line, printable
from swarm_agents.views.task_report import TaskReport
from swarm_tui import symbols, times
from swarm_tui.dialogs import details_parts
from swarm_tui.dialogs.details_parts import Line, lease, moment, part
from swarm_tui.themes import STYLE

_TEXT_LINES = 40  # of a detail or a result

_NAME_WIDTH = 12  # cells of the longest name of a fact


def draw(report: TaskReport) -> Content:
    task, now = report.task, report.read_at
    return Content("\n").join(
        [
            Content.styled(one_line(task.title, 300), "bold"),
            Content(),
            *_state(task, now),
            *_about(task, now),
            *part("Comes after", [_predecessor(one) for one in report.before]),
            *part("What waits for it", [f"  {one.id}  {one_line(one.title, 100)}" for one in report.after]),
            *_text("Detail", task.detail),
            *_text("Why it failed" if task.status is TaskStatus.FAILED else "Result", task.result),
            *details_parts.events(report.events),
        ]
    )


def _state(task: Task, now: int) -> list[Line]:
    blocked = bool(task.blocked_by) and task.status is TaskStatus.OPEN
    sign = symbols.BLOCKED if blocked else symbols.TASK[task.status]
    state = Content.assemble((f"{sign}", STYLE[sign.tone]), f"  since {moment(task.changed_at, now)}")
    lines: list[Line] = [_fact("state", state)]
    if task.claimant is not None:
        lines.append(_fact("claimant", f"{one_line(task.claimant, 64)}, fence {task.fence}"))
    elif task.former is not None:
        lines.append(_fact("last had by", one_line(task.former, 64)))
    if task.lease_expires_at is not None:
        lines.append(_fact("lease", lease(task.lease_expires_at, now)))
    elif task.status in HELD_STATUSES:
        lines.append(_fact("lease", "none runs while it is in review"))
    return lines


def _about(task: Task, now: int) -> list[Line]:
    lines: list[Line] = [_fact("added by", f"{one_line(task.created_by, 64)}, {moment(task.created_at, now)}")]
    if task.feature is not None:
        lines.append(_fact("feature", one_line(task.feature, 100)))
    if task.estimate_min is not None:
        lines.append(_fact("estimate", times.lasting(task.estimate_min * 60_000)))
    if task.files:
        lines += part("Files", [f"  {one_line(name, 200)}" for name in task.files])
    return lines


def _predecessor(task: Task) -> Content:
    sign = symbols.TASK[task.status]
    return Content.assemble(f"  {task.id}  ", (f"{sign}", STYLE[sign.tone]), f"  {one_line(task.title, 100)}")


def _text(title: str, text: str) -> list[Line]:
    lines = printable(text).splitlines()
    cut = [f"  … and {len(lines) - _TEXT_LINES} more lines"] if len(lines) > _TEXT_LINES else []
    return part(title, [*(f"  {line}" for line in lines[:_TEXT_LINES]), *cut])


def _fact(name: str, value: Content | str) -> Content:
    return details_parts.fact(name, value, _NAME_WIDTH)
