"""All tasks; or one at length: its row, the tasks before and after it, and what happened to it."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.events import Event
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.rows import Task
from swarm_agents.values import NamedTuple


class NextTask(NamedTuple):
    id: str
    title: str


class TaskReport(NamedTuple):
    """Everything about one task, read in one transaction."""

    read_at: int
    task: Task
    before: tuple[Task, ...]
    """The tasks that it comes after."""
    after: tuple[NextTask, ...]
    """The tasks that wait for it, in the order of work."""
    events: tuple[Event, ...]
    """The last ones, oldest first."""


def read_all(db: Database) -> tuple[Task, ...]:
    """Every task in the order of work."""
    with db.reading() as tx:
        return tuple(task_rows.list_tasks(tx))


def read(db: Database, task_id: str) -> TaskReport:
    """Raises `NotFound`."""
    with db.reading() as tx:
        task = task_rows.find(tx, task_id)
        return TaskReport(
            read_at=tx.now,
            task=task,
            before=tuple(task_rows.find(tx, one) for one in task.after),
            after=tuple(NextTask(id_, title) for id_, title in task_rows.list_dependents(tx, task_id)),
            events=tuple(task_rows.read_history(tx, task_id)),
        )
