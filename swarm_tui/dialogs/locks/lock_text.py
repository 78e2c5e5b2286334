"""Draws one lock at length: who holds it, since when, by which lease, why, and what happened to it."""

from textual.content import Content

from swarm_agents.locks.locks import Lock
from swarm_agents.text import one_line
from swarm_agents.views.lock_report import LockReport
from swarm_tui.dialogs import details_parts
from swarm_tui.dialogs.details_parts import Line, lease, moment

_NAME_WIDTH = 12  # cells: as the facts of a task, which stand in the same place


def draw(report: LockReport) -> Content:
    held = _held(report.lock, report.read_at) if report.lock else [_fact("held by", "no agent any more")]
    return Content("\n").join(
        [Content.styled(one_line(report.path, 300), "bold"), Content(), *held, *details_parts.events(report.events)]
    )


def _held(lock: Lock, now: int) -> list[Line]:
    lines: list[Line] = [
        _fact("held by", f"{one_line(lock.holder, 64)}, fence {lock.fence}"),
        _fact("since", moment(lock.since, now)),
        _fact("lease", lease(lock.expires_at, now)),
    ]
    if lock.name.folder:
        lines.append(_fact("covers", "all that is below this folder"))
    return [*lines, _fact("why", one_line(lock.reason, 300))] if lock.reason else lines


def _fact(name: str, value: str) -> Content:
    return details_parts.fact(name, value, _NAME_WIDTH)
