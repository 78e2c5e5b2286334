"""Acts on tasks. One agent holds a task at a time, and only once the tasks that it waits for are done.

open ──► claimed ──► in_progress ──► review       all three are held by the claimant; `claimed` and `in_progress` by a
              └──────────┴─────────────┴──► completed | failed       lease, which any command of the claimant renews
A held task returns to open when it is released, when a human takes it, or when its lease runs out. `cancelled` is
final. Every change is one conditional update whose `where` is the guard; a refused caller gets the task as it is now.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from swarm_agents import events, roster
from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import AlreadyTaken, BadData, NotFound
from swarm_agents.model import EVERYONE, HUMAN
from swarm_agents.tasks import graph as task_graph
from swarm_agents.tasks import reopening, task_messages
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.drafts import TITLE_LIMIT, TaskDraft, check_draft, check_text
from swarm_agents.tasks.leases import TASK_LEASES
from swarm_agents.tasks.rows import HELD_STATUSES, Task, TaskStatus
from swarm_agents.text import checked_name, one_line

_IS_CLAIMANT = f"id = :id and claimant = :agent and fence = coalesce(:fence, fence) and {task_rows.IS_HELD}"
_SETTLED = "('completed', 'cancelled')"  # nothing waits for these
_IS_UNBLOCKED = (
    "not exists (select 1 from task_deps d join tasks b on b.id = d.after_id "
    f"where d.task_id = tasks.id and b.status not in {_SETTLED})"
)


# Outcomes of an act. Each has the task as it is now.


class TaskUpdated(NamedTuple):
    """The task is in the state that was asked for. `new` is false when it was before."""

    task: Task
    new: bool = True


class TaskTaken(NamedTuple):
    """Another agent holds it or has ended it, or it was cancelled. Nothing was changed."""

    task: Task


class TaskBlocked(NamedTuple):
    """It waits for other tasks: `task.blocked_by`. Nothing was changed."""

    task: Task


class TaskNotHeld(NamedTuple):
    """The caller does not hold it, or not under that fence. Nothing was changed."""

    task: Task


# Adding tasks.


def add(db: Database, title: str, by: str, id_: str | None = None, after: Iterable[str] = (), detail: str = "") -> Task:
    """Add a task. Raises `AlreadyTaken` when the id exists, `NotFound` when one that it waits for does not."""
    with db.transaction() as tx:
        new_id = checked_name(id_, "task id") if id_ is not None else _make_id(tx)
        if task_rows.exists(tx, new_id):
            raise AlreadyTaken(f"There is a task {new_id} already.", next=f"swarm task show {new_id}")
        waits_for = tuple(dict.fromkeys(after))
        for one in waits_for:
            if one == new_id:
                raise BadData(f"Task {new_id} cannot come after itself.")
            task_rows.find(tx, one)
        insert(tx, [TaskDraft(new_id, title, waits_for, detail=detail)], by, None)
        return task_rows.find(tx, new_id)


def add_all(db: Database, drafts: Iterable[TaskDraft], by: str, feature: str | None = None) -> list[Task]:
    """Add all of these tasks, or none: then raises `BadData`, with the line that is wrong."""
    with db.transaction() as tx:
        known = {row["id"] for row in tx.execute("select id from tasks")}
        ordered = task_graph.sort_drafts(drafts, known)
        if not ordered:
            raise BadData("There is no task in it.")
        insert(tx, ordered, by, feature)
        return [task_rows.find(tx, draft.id) for draft in ordered]


def insert(tx: Transaction, drafts: list[TaskDraft], by: str, feature: str | None) -> None:
    """Insert the drafts, each after those that it waits for, and announce those that can be claimed now."""
    for draft in drafts:
        check_draft(draft)
        tx.execute(
            "insert into tasks (id, number, title, detail, feature, files, estimate_min, status, created_at, "
            "created_by, changed_at) values (:id, (select coalesce(max(number), 0) + 1 from tasks), :title, :detail, "
            ":feature, :files, :estimate_min, :status, :now, :by, :now)",
            id=draft.id,
            title=draft.title.strip(),
            detail=draft.detail,
            feature=feature,
            files="\n".join(draft.files),
            estimate_min=draft.estimate_min,
            status=draft.state.value,
            now=tx.now,
            by=by,
        )
        for after in dict.fromkeys(draft.after):
            tx.execute("insert into task_deps (task_id, after_id) values (:id, :after)", id=draft.id, after=after)
        events.record(tx, by, "task_added", f"{draft.id}: {one_line(draft.title, TITLE_LIMIT)}")
    ids = [draft.id for draft in drafts]
    task_messages.announce_new_tasks(tx, by, ids, [one for one in ids if task_rows.find(tx, one).claimable])


def _make_id(tx: Transaction) -> str:
    row = tx.one("select coalesce(max(number), 0) as number from tasks")
    number = (row["number"] if row else 0) + 1
    while task_rows.exists(tx, f"t{number}"):
        number += 1
    return f"t{number}"


# Acts on one task.


def claim(db: Database, agent: str, task: str, lease_s: float) -> TaskUpdated | TaskTaken | TaskBlocked:
    """The agent takes the task if it is open and not blocked. Of several that try at once, exactly one gets it.

    A claimant that claims it again renews its leases. Raises `NotFound`.
    """
    with db.transaction() as tx:
        reopening.reopen_expired(tx)
        row = tx.one(
            f"update tasks set status = 'claimed', claimant = :agent, fence = fence + 1, {leases.GRANTED}, "
            f"changed_at = :now where id = :id and status = 'open' and {_IS_UNBLOCKED} returning *",
            **_make_grant(tx, lease_s),
            id=task,
            agent=agent,
        )
        if row:
            task_rows.record_event(tx, agent, "task_claimed", row)
            task_messages.announce_claim(tx, agent, row["id"], row["title"])
            return TaskUpdated(task_rows.find(tx, task))
        now = task_rows.find(tx, task)
        if now.claimant == agent and now.status in HELD_STATUSES:
            TASK_LEASES.renew(tx, agent)
            return TaskUpdated(task_rows.find(tx, task), new=False)
        return TaskBlocked(now) if now.status is TaskStatus.OPEN else TaskTaken(now)


def start(db: Database, agent: str, task: str, lease_s: float, fence: int | None = None) -> TaskUpdated | TaskNotHeld:
    """The claimant begins to work on it, or goes on after a review."""
    with db.transaction() as tx:
        reopening.reopen_expired(tx)
        grant = _make_grant(tx, lease_s)
        row = _update_held(tx, f"status = 'in_progress', {leases.GRANTED}", agent, task, fence, **grant)
        if not row:
            return TaskNotHeld(task_rows.find(tx, task))
        task_rows.record_event(tx, agent, "task_started", row)
        return TaskUpdated(task_rows.find(tx, task))


def request_review(
    db: Database, agent: str, task: str, reviewer: str, note: str = "", fence: int | None = None
) -> TaskUpdated | TaskNotHeld:
    """The claimant asks for a review; without a lease, for as long as it takes. It then completes or starts the task.

    Raises `NotFound` when `reviewer` is neither a present agent, nor its role, nor `all` or `human`.
    """
    check_text(note, "note")
    with db.transaction() as tx:
        if reviewer not in (EVERYONE, HUMAN):
            present = roster.list_present(tx)
            if not any(reviewer in (one.name, one.role) for one in present):
                told = f"There is no agent or role {one_line(reviewer, 64)}."
                raise NotFound(told, next="swarm agent list", kind="recipient", name=reviewer)
        reopening.reopen_expired(tx)
        row = _update_held(tx, f"status = 'review', {leases.ENDED}", agent, task, fence, "status <> 'review'")
        if not row:
            now = task_rows.find(tx, task)
            again = now.status is TaskStatus.REVIEW and _is_held_by(now, agent, fence)
            return TaskUpdated(now, new=False) if again else TaskNotHeld(now)
        task_rows.record_event(tx, agent, "task_review", row, f"by {reviewer}")
        task_messages.ask_for_review(tx, agent, reviewer, task, row["title"], note)
        return TaskUpdated(task_rows.find(tx, task))


def complete(
    db: Database, agent: str, task: str, result: str = "", fence: int | None = None
) -> TaskUpdated | TaskNotHeld:
    """The claimant completes it. Tasks that waited only for this one become claimable; all agents are told."""
    check_text(result, "result")
    with db.transaction() as tx:
        reopening.reopen_expired(tx)
        row = _update_held(
            tx, f"status = 'completed', result = :result, {leases.ENDED}", agent, task, fence, result=result
        )
        if not row:
            now = task_rows.find(tx, task)
            again = now.status is TaskStatus.COMPLETED and now.claimant == agent and fence in (None, now.fence)
            return TaskUpdated(now, new=False) if again else TaskNotHeld(now)
        task_rows.record_event(tx, agent, "task_completed", row, one_line(result, TITLE_LIMIT))
        task_messages.announce_completion(tx, agent, task, row["title"], result, _list_unblocked_by(tx, task))
        return TaskUpdated(task_rows.find(tx, task))


def fail(db: Database, agent: str, task: str, reason: str, fence: int | None = None) -> TaskUpdated | TaskNotHeld:
    """The claimant gives up. The task stays failed, and tasks that wait for it stay blocked, until a human decides."""
    check_text(reason, "reason")
    with db.transaction() as tx:
        reopening.reopen_expired(tx)
        row = _update_held(
            tx, f"status = 'failed', result = :reason, {leases.ENDED}", agent, task, fence, reason=reason
        )
        if not row:
            return TaskNotHeld(task_rows.find(tx, task))
        task_rows.record_event(tx, agent, "task_failed", row, one_line(reason, TITLE_LIMIT))
        task_messages.announce_failure(tx, agent, task, row["title"], reason)
        return TaskUpdated(task_rows.find(tx, task))


def release(db: Database, by: str, task: str, reason: str = "", fence: int | None = None) -> TaskUpdated | TaskNotHeld:
    """Return it to open: by its claimant, or by a human at any time, also when it has failed."""
    check_text(reason, "reason")
    guard = "id = :id and fence = coalesce(:fence, fence) and (claimant = :agent or :agent = 'human')"
    statuses = (
        "('claimed', 'in_progress', 'review', 'failed')" if by == HUMAN else "('claimed', 'in_progress', 'review')"
    )
    with db.transaction() as tx:
        reopening.reopen_expired(tx)
        row = tx.one(
            f"update tasks set {reopening.REOPENED} where {guard} and status in {statuses} returning *",
            now=tx.now,
            id=task,
            agent=by,
            fence=fence,
        )
        if not row:
            return TaskNotHeld(task_rows.find(tx, task))
        why = f"released by {by}" + (f": {one_line(reason, TITLE_LIMIT)}" if reason else "")
        reopening.announce_reopened(tx, by, "task_released", row, why)
        return TaskUpdated(task_rows.find(tx, task))


def reassign(
    db: Database, task: str, to: str, lease_s: float, fence: int | None = None
) -> TaskUpdated | TaskTaken | TaskBlocked:
    """A human gives it to a named agent. `TaskTaken` when it is completed or cancelled, or the fence differs."""
    with db.transaction() as tx:
        if to != HUMAN:
            roster.find(tx, to)
        before = task_rows.find(tx, task)
        row = tx.one(
            "update tasks set status = 'claimed', former = claimant, claimant = :to, fence = fence + 1, "
            f"{leases.GRANTED}, changed_at = :now where id = :id and fence = coalesce(:fence, fence) "
            f"and status not in {_SETTLED} and {_IS_UNBLOCKED} returning *",
            **_make_grant(tx, lease_s),
            id=task,
            to=to,
            fence=fence,
        )
        if not row:
            return TaskBlocked(before) if before.blocked_by else TaskTaken(before)
        task_rows.record_event(tx, HUMAN, "task_reassigned", row, f"to {to}")
        if before.claimant is not None and before.status in HELD_STATUSES and before.claimant != to:
            task_messages.tell_former_claimant(tx, before.claimant, task, f"a human gave it to {to}")
        task_messages.tell_new_claimant(tx, to, task, row["title"], row["fence"])
        return TaskUpdated(task_rows.find(tx, task))


def cancel(db: Database, by: str, task: str, reason: str = "") -> TaskUpdated | TaskNotHeld:
    """Cancel it: a human may, and, while it is open, the agent that added it. Unblocks the tasks that wait for it."""
    check_text(reason, "reason")
    with db.transaction() as tx:
        reopening.reopen_expired(tx)
        row = tx.one(
            "update tasks set status = 'cancelled', former = claimant, claimant = null, fence = fence + 1, "
            f"result = :reason, {leases.ENDED}, changed_at = :now where id = :id and status not in {_SETTLED} "
            "and (:by = 'human' or (status = 'open' and created_by = :by)) returning *",
            now=tx.now,
            id=task,
            by=by,
            reason=reason,
        )
        if not row:
            now = task_rows.find(tx, task)
            return TaskUpdated(now, new=False) if now.status is TaskStatus.CANCELLED else TaskNotHeld(now)
        task_rows.record_event(tx, by, "task_cancelled", row, one_line(reason, TITLE_LIMIT))
        if row["former"] is not None:
            task_messages.tell_former_claimant(tx, row["former"], task, "it was cancelled")
        task_messages.announce_cancellation(tx, by, task, row["title"], _list_unblocked_by(tx, task))
        return TaskUpdated(task_rows.find(tx, task))


def _update_held(
    tx: Transaction, change: str, agent: str, task: str, fence: int | None, guard: str = "1 = 1", **values: Any
) -> Row | None:
    return tx.one(
        f"update tasks set {change}, changed_at = :now where {_IS_CLAIMANT} and {guard} returning *",
        **{"now": tx.now} | values,
        id=task,
        agent=agent,
        fence=fence,
    )


def _list_unblocked_by(tx: Transaction, task: str) -> list[str]:
    """The open tasks that waited for this one and are not blocked any more."""
    rows = tx.execute(
        f"select id from tasks where status = 'open' and {_IS_UNBLOCKED} "
        "and id in (select task_id from task_deps where after_id = :id) order by number",
        id=task,
    )
    return [row["id"] for row in rows]


def _is_held_by(task: Task, agent: str, fence: int | None) -> bool:
    return task.claimant == agent and task.status in HELD_STATUSES and fence in (None, task.fence)


def _make_grant(tx: Transaction, lease_s: float) -> dict[str, Any]:
    """The parameters of `leases.GRANTED`."""
    return {"now": tx.now, **tx.clock, "lease_ms": int(lease_s * 1000)}
