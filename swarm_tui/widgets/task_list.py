"""Every task in the order of work: its state, who has it and for how long, and what it waits for."""

from swarm_agents.model import Moment
from swarm_agents.tasks.rows import HELD_STATUSES, Task, TaskStatus
from swarm_agents.text import one_line
from swarm_tui import symbols, times
from swarm_tui.widgets.row_list import Cell, RowList

_WIDE = 90  # cells; below, the lease is left out


class TaskList(RowList):
    empty = "no task yet: swarm task add TITLE"

    def __init__(self) -> None:
        super().__init__()
        self._tasks: tuple[Task, ...] = ()
        self._now = 0
        self.border_title = "Tasks"

    def show(self, tasks: tuple[Task, ...], moment: Moment) -> None:
        self._now = moment.wall_ms
        if tasks == self._tasks:
            self.refresh_times()
            return
        chosen = self.chosen
        self._tasks = tasks
        ids = [task.id for task in tasks]
        if chosen and chosen.id in ids:
            self.cursor = ids.index(chosen.id)
        self.set_title(_title(tasks))
        self.update_rows()

    def tick(self, moment: Moment) -> None:
        self._now = moment.wall_ms
        self.refresh_times()

    @property
    def chosen(self) -> Task | None:
        """The task under the cursor."""
        return self._tasks[self.cursor] if self.cursor < len(self._tasks) else None

    def is_cursor_visible(self) -> bool:
        return True  # keys act on it, wherever the focus is

    def count(self) -> int:
        return len(self._tasks)

    def cells(self, index: int, width: int) -> list[Cell]:
        task = self._tasks[index]
        sign = symbols.BLOCKED if task.blocked_by and task.status is TaskStatus.OPEN else symbols.TASK[task.status]
        return [
            (f"{sign.symbol} ", sign.tone),
            (f"{one_line(task.id, 12):<12} ", "strong"),
            (f"{sign.word:<11} ", sign.tone),
            (f"{one_line(_who(task), 16):<16} ", "dim" if task.blocked_by else "plain"),
            (f"{self._lease(task):<12}" if width >= _WIDE else "", "dim"),
            (
                one_line(task.title, 100),
                "dim" if task.status in (TaskStatus.COMPLETED, TaskStatus.CANCELLED) else "plain",
            ),
        ]

    def _lease(self, task: Task) -> str:
        if task.status not in HELD_STATUSES or task.lease_expires_at is None:
            return ""
        left = task.lease_expires_at - self._now
        return f"{times.left(left)} left" if left > 0 else "ran out"


def _who(task: Task) -> str:
    """Who has it, or else what it waits for."""
    return task.claimant or (f"after {', '.join(task.blocked_by)}" if task.blocked_by else "")


def _title(tasks: tuple[Task, ...]) -> str:
    held = sum(task.status in HELD_STATUSES for task in tasks)
    free = sum(task.claimable for task in tasks)
    done = sum(task.status is TaskStatus.COMPLETED for task in tasks)
    return f"Tasks {len(tasks)}: {held} held, {free} free, {done} completed" if tasks else "Tasks"
