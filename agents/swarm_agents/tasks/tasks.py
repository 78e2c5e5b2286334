"""Work to be shared out: each task is one agent's at a time, and only after the tasks that it waits for.

open ──► claimed ──► in_progress ──► review       held by the claimant; the first two by a lease, which any command of
              └──────────┴─────────────┴──► completed | failed       the claimant renews
Whatever is held goes back to open: released, taken by a human, or because the lease ran out. `cancelled` is for good.
Every change is one conditional update whose `where` is the guard; who loses is told what holds now.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from swarm_agents import events, roster
from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import BadData, NotFound, Taken
from swarm_agents.model import EVERYONE, HUMAN, SWARM
from swarm_agents.tasks import graph as task_graph
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import task_messages
from swarm_agents.tasks.graph import TaskDraft
from swarm_agents.tasks.leases import TASK_LEASES
from swarm_agents.tasks.rows import HELD_STATUSES, Task, TaskStatus
from swarm_agents.text import NAME, checked_name, one_line, printable

TITLE_LIMIT = 200  # characters; what is longer belongs into the detail
TEXT_LIMIT = 10_240  # bytes of a detail, a result or a reason; what is longer belongs into a file that it names
DRAFTS_LIMIT = 1_000  # tasks in one act

_HELD = "status in ('claimed', 'in_progress', 'review')"
_MINE = f"id = :id and claimant = :agent and fence = coalesce(:fence, fence) and {_HELD}"
_SETTLED = "('completed', 'cancelled')"  # what nobody has to wait for any more
_FREE = (
    "not exists (select 1 from task_deps d join tasks b on b.id = d.after_id "
    f"where d.task_id = tasks.id and b.status not in {_SETTLED})"
)
_LOST = f"status = 'open', former = claimant, claimant = null, fence = fence + 1, {leases.ENDED}, changed_at = :now"


# Ends of an act on a task. Each says what holds now.


class TaskUpdated(NamedTuple):
    """It is so. `new` is false when it was so already."""

    task: Task
    new: bool = True


class TaskTaken(NamedTuple):
    """Not to be had: another agent has it or had it, or it is over. Nothing was changed."""

    task: Task


class TaskBlocked(NamedTuple):
    """Other tasks come first: `task.blocked_by`. Nothing was changed."""

    task: Task


class TaskNotHeld(NamedTuple):
    """The caller does not hold it (any more), or not under that fence. Nothing was changed."""

    task: Task


# Making tasks.


def add(db: Database, title: str, by: str, id_: str | None = None, after: Iterable[str] = (), detail: str = "") -> Task:
    """A new task. Raises `Taken` when the id exists, `NotFound` for a task to wait for that does not exist."""
    with db.transaction() as tx:
        made = checked_name(id_, "task id") if id_ is not None else _next_id(tx)
        if task_rows.exists(tx, made):
            raise Taken(f"There is a task {made} already.", next=f"swarm task show {made}")
        waits_for = tuple(dict.fromkeys(after))
        for one in waits_for:
            if one == made:
                raise BadData(f"Task {made} cannot come after itself.")
            task_rows.find(tx, one)
        _insert(tx, [TaskDraft(made, title, waits_for, detail=detail)], by, None)
        return task_rows.find(tx, made)


def add_all(db: Database, drafts: Iterable[TaskDraft], by: str, feature: str | None = None) -> list[Task]:
    """All of these tasks or, with `BadData` that names the line, none of them."""
    with db.transaction() as tx:
        known = {row["id"] for row in tx.execute("select id from tasks")}
        placed = task_graph.sort_drafts(drafts, known)
        if not placed:
            raise BadData("There is no task in it.")
        _insert(tx, placed, by, feature)
        return [task_rows.find(tx, draft.id) for draft in placed]


def check_draft(draft: TaskDraft) -> None:
    """Raises `BadData` for what no task may be."""
    if not NAME.fullmatch(draft.id):
        raise task_graph.make_draft_error(
            draft, f"{one_line(draft.id, 40)!r} is no task id: letters, digits, '_', '-'; up to 64"
        )
    if not draft.title.strip():
        raise task_graph.make_draft_error(draft, "the title is empty")
    if len(draft.title) > TITLE_LIMIT:
        raise task_graph.make_draft_error(
            draft, f"the title has {len(draft.title)} characters; {TITLE_LIMIT} are the limit"
        )
    if "\n" in draft.title or "\t" in draft.title or printable(draft.title) != draft.title:
        raise task_graph.make_draft_error(draft, "the title must be one line of visible characters")
    for name in draft.files:
        if not name.strip() or len(name) > 1000 or one_line(name, 1000) != name:
            raise task_graph.make_draft_error(draft, f"{one_line(name, 60)!r} is no file name")
    check_text(draft.detail, "detail")


def check_text(text: str, what: str) -> None:
    """Raises `BadData` for a text that cannot be stored as it is."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadData(f"The {what} is not valid UTF-8.") from None
    if size > TEXT_LIMIT:
        raise BadData(f"The {what} has {size} bytes; {TEXT_LIMIT} are the limit. Put it into a file and name that.")


def _insert(tx: Transaction, drafts: list[TaskDraft], by: str, feature: str | None) -> None:
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
            status="completed" if draft.done else "open",
            now=tx.now,
            by=by,
        )
        for after in dict.fromkeys(draft.after):
            tx.execute("insert into task_deps (task_id, after_id) values (:id, :after)", id=draft.id, after=after)
        events.record(tx, by, "task_added", f"{draft.id}: {one_line(draft.title, TITLE_LIMIT)}")
    ids = [draft.id for draft in drafts]
    task_messages.announce_new_tasks(tx, by, ids, [one for one in ids if task_rows.find(tx, one).claimable])


def _next_id(tx: Transaction) -> str:
    row = tx.one("select coalesce(max(number), 0) as number from tasks")
    number = (row["number"] if row else 0) + 1
    while task_rows.exists(tx, f"t{number}"):
        number += 1
    return f"t{number}"


# Holding a task.


def claim(db: Database, agent: str, task: str, lease_s: float) -> TaskUpdated | TaskTaken | TaskBlocked:
    """The agent takes it, if it is open and nothing comes before it: one of all who try is answered `TaskUpdated`.

    Claiming one's own task again is harmless and renews the lease. Raises `NotFound`.
    """
    with db.transaction() as tx:
        _return_expired(tx)
        row = tx.one(
            f"update tasks set status = 'claimed', claimant = :agent, fence = fence + 1, {leases.GRANTED}, "
            f"changed_at = :now where id = :id and status = 'open' and {_FREE} returning *",
            **_grant(tx, lease_s),
            id=task,
            agent=agent,
        )
        if row:
            _note(tx, agent, "task_claimed", row)
            task_messages.announce_claim(tx, agent, row["id"], row["title"])
            return TaskUpdated(task_rows.find(tx, task))
        now = task_rows.find(tx, task)
        if now.claimant == agent and now.status in HELD_STATUSES:
            TASK_LEASES.renew(tx, agent)
            return TaskUpdated(task_rows.find(tx, task), new=False)
        return TaskBlocked(now) if now.status is TaskStatus.OPEN else TaskTaken(now)


def start(db: Database, agent: str, task: str, lease_s: float, fence: int | None = None) -> TaskUpdated | TaskNotHeld:
    """The claimant works on it now; also when it comes back from a review."""
    with db.transaction() as tx:
        _return_expired(tx)
        grant = _grant(tx, lease_s)
        row = _change(tx, f"status = 'in_progress', {leases.GRANTED}", agent, task, fence, **grant)
        if not row:
            return TaskNotHeld(task_rows.find(tx, task))
        _note(tx, agent, "task_started", row)
        return TaskUpdated(task_rows.find(tx, task))


def request_review(
    db: Database, agent: str, task: str, reviewer: str, note: str = "", fence: int | None = None
) -> TaskUpdated | TaskNotHeld:
    """The work waits for somebody's look; no lease runs meanwhile. The claimant completes it, or starts again.

    Raises `NotFound` when `reviewer` is no agent, no role, and neither `all` nor `human`.
    """
    check_text(note, "note")
    with db.transaction() as tx:
        if reviewer not in (EVERYONE, HUMAN):
            here = roster.present(tx)
            if not any(reviewer in (one.name, one.role) for one in here):
                raise NotFound(f"There is no agent or role {one_line(reviewer, 64)}.", next="swarm agent list")
        _return_expired(tx)
        row = _change(tx, f"status = 'review', {leases.ENDED}", agent, task, fence, "status <> 'review'")
        if not row:
            now = task_rows.find(tx, task)
            again = now.status is TaskStatus.REVIEW and _holds(now, agent, fence)
            return TaskUpdated(now, new=False) if again else TaskNotHeld(now)
        _note(tx, agent, "task_review", row, f"by {reviewer}")
        task_messages.request_review(tx, agent, reviewer, task, row["title"], note)
        return TaskUpdated(task_rows.find(tx, task))


def complete(
    db: Database, agent: str, task: str, result: str = "", fence: int | None = None
) -> TaskUpdated | TaskNotHeld:
    """The claimant is done; what waited only for this becomes claimable, and everybody is told of both."""
    check_text(result, "result")
    with db.transaction() as tx:
        _return_expired(tx)
        row = _change(tx, f"status = 'completed', result = :result, {leases.ENDED}", agent, task, fence, result=result)
        if not row:
            now = task_rows.find(tx, task)
            again = now.status is TaskStatus.COMPLETED and now.claimant == agent and fence in (None, now.fence)
            return TaskUpdated(now, new=False) if again else TaskNotHeld(now)
        _note(tx, agent, "task_completed", row, one_line(result, TITLE_LIMIT))
        task_messages.announce_completion(tx, agent, task, row["title"], result, _freed_by(tx, task))
        return TaskUpdated(task_rows.find(tx, task))


def fail(db: Database, agent: str, task: str, reason: str, fence: int | None = None) -> TaskUpdated | TaskNotHeld:
    """The claimant cannot do it. It stays failed, and what waits for it stays blocked, until a human decides."""
    check_text(reason, "reason")
    with db.transaction() as tx:
        _return_expired(tx)
        row = _change(tx, f"status = 'failed', result = :reason, {leases.ENDED}", agent, task, fence, reason=reason)
        if not row:
            return TaskNotHeld(task_rows.find(tx, task))
        _note(tx, agent, "task_failed", row, one_line(reason, TITLE_LIMIT))
        task_messages.announce_failure(tx, agent, task, row["title"], reason)
        return TaskUpdated(task_rows.find(tx, task))


def release(db: Database, by: str, task: str, reason: str = "", fence: int | None = None) -> TaskUpdated | TaskNotHeld:
    """Back to open: by its claimant, or by a human from anybody, also what has failed."""
    check_text(reason, "reason")
    guard = "id = :id and fence = coalesce(:fence, fence) and (claimant = :agent or :agent = 'human')"
    statuses = (
        "('claimed', 'in_progress', 'review', 'failed')" if by == HUMAN else "('claimed', 'in_progress', 'review')"
    )
    with db.transaction() as tx:
        _return_expired(tx)
        row = tx.one(
            f"update tasks set {_LOST} where {guard} and status in {statuses} returning *",
            now=tx.now,
            id=task,
            agent=by,
            fence=fence,
        )
        if not row:
            return TaskNotHeld(task_rows.find(tx, task))
        why = f"released by {by}" + (f": {one_line(reason, TITLE_LIMIT)}" if reason else "")
        _gave_back(tx, by, "task_released", row, why)
        return TaskUpdated(task_rows.find(tx, task))


def reassign(
    db: Database, task: str, to: str, lease_s: float, fence: int | None = None
) -> TaskUpdated | TaskTaken | TaskBlocked:
    """A human gives it to a named agent, whoever has it. `TaskTaken` when it is over, or its fence is another one."""
    with db.transaction() as tx:
        if to != HUMAN:
            roster.find(tx, to)
        before = task_rows.find(tx, task)
        row = tx.one(
            "update tasks set status = 'claimed', former = claimant, claimant = :to, fence = fence + 1, "
            f"{leases.GRANTED}, changed_at = :now where id = :id and fence = coalesce(:fence, fence) "
            f"and status not in {_SETTLED} and {_FREE} returning *",
            **_grant(tx, lease_s),
            id=task,
            to=to,
            fence=fence,
        )
        if not row:
            return TaskBlocked(before) if before.blocked_by else TaskTaken(before)
        _note(tx, HUMAN, "task_reassigned", row, f"to {to}")
        if before.claimant is not None and before.status in HELD_STATUSES and before.claimant != to:
            task_messages.tell_former_claimant(tx, before.claimant, task, f"a human gave it to {to}")
        task_messages.tell_new_claimant(tx, to, task, row["title"], row["fence"])
        return TaskUpdated(task_rows.find(tx, task))


def cancel(db: Database, by: str, task: str, reason: str = "") -> TaskUpdated | TaskNotHeld:
    """Nobody shall do it: by a human, or by the agent that added it while nobody has it. What waited goes on."""
    check_text(reason, "reason")
    with db.transaction() as tx:
        _return_expired(tx)
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
        _note(tx, by, "task_cancelled", row, one_line(reason, TITLE_LIMIT))
        if row["former"] is not None:
            task_messages.tell_former_claimant(tx, row["former"], task, "it was cancelled")
        task_messages.announce_cancellation(tx, by, task, row["title"], _freed_by(tx, task))
        return TaskUpdated(task_rows.find(tx, task))


def release_held(tx: Transaction, agent: str, why: str) -> None:
    """Everything the agent holds is open again: it has left."""
    rows = tx.execute(
        f"update tasks set {_LOST} where claimant = :agent and {_HELD} returning *", agent=agent, now=tx.now
    )
    for row in rows:
        _gave_back(tx, agent, "task_released", row, why)


def expire_held(tx: Transaction, agent: str, why: str) -> None:
    """The agent is known to be dead: its leases end early. What is in review has none, and waits for its reviewer."""
    rows = tx.execute(
        f"update tasks set {_LOST} where claimant = :agent and {leases.DEADLINE.mono_ms} is not null returning *",
        agent=agent,
        now=tx.now,
    )
    for row in rows:
        _gave_back(tx, SWARM, "task_expired", row, why)


def reap(db: Database) -> None:
    """Take back the tasks whose lease ran out. Anybody may call it at any time; looks before it writes."""
    with db.reading() as tx:
        due = tx.one(f"select 1 from tasks where {leases.EXPIRED} limit 1", **tx.clock)
    if due:
        with db.transaction() as tx:
            _return_expired(tx)


def _return_expired(tx: Transaction) -> None:
    for row in tx.execute(f"update tasks set {_LOST} where {leases.EXPIRED} returning *", now=tx.now, **tx.clock):
        why = f"the lease of {row['former']} ran out without a sign of life"
        _gave_back(tx, SWARM, "task_expired", row, why)


def _gave_back(tx: Transaction, by: str, kind: str, row: Row, why: str) -> None:
    _note(tx, by, kind, row, why)
    if row["former"] is not None and row["former"] != by:
        task_messages.tell_former_claimant(tx, row["former"], row["id"], why)
    task_messages.announce_return(tx, by, row["id"], row["title"], why, task_rows.find(tx, row["id"]).claimable)


def _change(
    tx: Transaction, change: str, agent: str, task: str, fence: int | None, guard: str = "1 = 1", **values: Any
) -> Row | None:
    return tx.one(
        f"update tasks set {change}, changed_at = :now where {_MINE} and {guard} returning *",
        **{"now": tx.now} | values,
        id=task,
        agent=agent,
        fence=fence,
    )


def _freed_by(tx: Transaction, task: str) -> list[str]:
    """The open tasks that waited for this one and wait for nothing any more."""
    rows = tx.execute(
        f"select id from tasks where status = 'open' and {_FREE} "
        "and id in (select task_id from task_deps where after_id = :id) order by number",
        id=task,
    )
    return [row["id"] for row in rows]


def _holds(task: Task, agent: str, fence: int | None) -> bool:
    return task.claimant == agent and task.status in HELD_STATUSES and fence in (None, task.fence)


def _note(tx: Transaction, actor: str, kind: str, row: Row, detail: str = "") -> None:
    events.record(tx, actor, kind, f"{row['id']}: {detail}" if detail else row["id"], fence=row["fence"])


def _grant(tx: Transaction, lease_s: float) -> dict[str, Any]:
    return {"now": tx.now, **tx.clock, "lease_ms": int(lease_s * 1000)}
