"""Tasks as values, read from their rows: one, all, their history, and the workload of each agent."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from swarm_agents import events
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import NotFound
from swarm_agents.events import Event
from swarm_agents.text import checked_name

_KINDS = (
    *("task_added", "task_claimed", "task_started", "task_review", "task_completed", "task_failed"),
    *("task_released", "task_expired", "task_reassigned", "task_cancelled"),
)


class TaskStatus(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


HELD_STATUSES = frozenset({TaskStatus.CLAIMED, TaskStatus.IN_PROGRESS, TaskStatus.REVIEW})
IS_HELD = "status in ('claimed', 'in_progress', 'review')"  # the same as SQL


class Task(NamedTuple):
    """One task. `after`: the tasks that it waits for; `blocked_by`: those of them that are not done.

    `former` is the last claimant before the present one. Times are UTC milliseconds.
    """

    id: str
    title: str
    status: TaskStatus
    claimant: str | None
    former: str | None
    fence: int
    after: tuple[str, ...]
    blocked_by: tuple[str, ...]
    files: tuple[str, ...]
    estimate_min: int | None
    feature: str | None
    detail: str
    result: str
    created_at: int
    created_by: str
    changed_at: int
    lease_expires_at: int | None

    @property
    def claimable(self) -> bool:
        return self.status is TaskStatus.OPEN and not self.blocked_by


class Workload(NamedTuple):
    """How many tasks one agent holds, completed and failed. Minutes are the sum of the estimates."""

    agent: str
    held: int
    completed: int
    failed: int
    held_min: int
    completed_min: int


def find(tx: Transaction, task: str) -> Task:
    """The task with this id. Raises `NotFound`, or `UsageError` for what is no id."""
    row = tx.one("select * from tasks where id = :id", id=checked_name(task, "task id"))
    if row is None:
        raise NotFound(f"There is no task {task}.", next="swarm task list", kind="task", name=task)
    rows = tx.execute(
        "select d.after_id, b.status from task_deps d join tasks b on b.id = d.after_id where d.task_id = :id "
        "order by b.number",
        id=task,
    )
    return _make_task(row, [(dep["after_id"], dep["status"]) for dep in rows])


def exists(tx: Transaction, task: str) -> bool:
    return tx.one("select 1 from tasks where id = :id", id=task) is not None


def read_titles(tx: Transaction) -> dict[str, str]:
    """The titles of all tasks by their ids."""
    return {row["id"]: row["title"] for row in tx.execute("select id, title from tasks")}


def list_tasks(tx: Transaction) -> list[Task]:
    """All tasks, in an order in which they can be done."""
    after: dict[str, list[tuple[str, str]]] = {}
    for dep in tx.execute(
        "select d.task_id, d.after_id, b.status from task_deps d join tasks b on b.id = d.after_id order by b.number"
    ):
        after.setdefault(dep["task_id"], []).append((dep["after_id"], dep["status"]))
    return [_make_task(row, after.get(row["id"], [])) for row in tx.execute("select * from tasks order by number")]


def read_history(tx: Transaction, task: str, limit: int = 50) -> list[Event]:
    """The last events about a task, oldest first."""
    return events.list_about(tx, _KINDS, task, limit)


def record_event(tx: Transaction, actor: str, kind: str, row: Row, detail: str = "") -> None:
    """Record a change of the task of this row."""
    events.record(tx, actor, kind, f"{row['id']}: {detail}" if detail else row["id"], fence=row["fence"])


def list_dependents(tx: Transaction, task: str) -> list[tuple[str, str]]:
    """The ids and titles of the tasks that wait for it, in the order of work."""
    rows = tx.execute(
        "select t.id, t.title from task_deps d join tasks t on t.id = d.task_id where d.after_id = :id "
        "order by t.number",
        id=task,
    )
    return [(row["id"], row["title"]) for row in rows]


def count_workloads(found: Iterable[Task]) -> list[Workload]:
    """The workload that these tasks are, by agent."""
    mine: dict[str, list[Task]] = {}
    for task in found:
        if task.claimant is not None:
            mine.setdefault(task.claimant, []).append(task)
    return [_make_workload(agent, mine[agent]) for agent in sorted(mine)]


def _make_workload(agent: str, mine: list[Task]) -> Workload:
    held = [task for task in mine if task.status in HELD_STATUSES]
    completed = [task for task in mine if task.status is TaskStatus.COMPLETED]
    failed = sum(task.status is TaskStatus.FAILED for task in mine)
    return Workload(agent, len(held), len(completed), failed, _sum_minutes(held), _sum_minutes(completed))


def _sum_minutes(found: list[Task]) -> int:
    return sum(task.estimate_min or 0 for task in found)


def _make_task(row: Row, after: list[tuple[str, str]]) -> Task:
    return Task(
        id=row["id"],
        title=row["title"],
        status=TaskStatus(row["status"]),
        claimant=row["claimant"],
        former=row["former"],
        fence=row["fence"],
        after=tuple(one for one, _ in after),
        blocked_by=tuple(one for one, status in after if status not in ("completed", "cancelled")),
        files=tuple(row["files"].split("\n")) if row["files"] else (),
        estimate_min=row["estimate_min"],
        feature=row["feature"],
        detail=row["detail"],
        result=row["result"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        changed_at=row["changed_at"],
        lease_expires_at=row["lease_expires_at"],
    )
