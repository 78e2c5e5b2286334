"""Returns tasks to open when their claimant left, died, or let the lease run out."""

from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.model import SWARM
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import task_messages

REOPENED = f"status = 'open', former = claimant, claimant = null, fence = fence + 1, {leases.ENDED}, changed_at = :now"


def release_held(tx: Transaction, agent: str, why: str) -> None:
    """The agent has left: open everything that it holds."""
    rows = tx.execute(
        f"update tasks set {REOPENED} where claimant = :agent and {task_rows.IS_HELD} returning *",
        agent=agent,
        now=tx.now,
    )
    for row in rows:
        announce_reopened(tx, agent, "task_released", row, why)


def expire_held(tx: Transaction, agent: str, why: str) -> None:
    """The agent is dead: open what it holds by a lease. A task in review has none and stays in review."""
    rows = tx.execute(
        f"update tasks set {REOPENED} where claimant = :agent and {leases.DEADLINE.mono_ms} is not null returning *",
        agent=agent,
        now=tx.now,
    )
    for row in rows:
        announce_reopened(tx, SWARM, "task_expired", row, why)


def reap(db: Database) -> None:
    """Open the tasks whose lease has run out. Any process may call it at any time; writes only if there are any."""
    with db.reading() as tx:
        due = tx.one(f"select 1 from tasks where {leases.EXPIRED} limit 1", **tx.clock)
    if due:
        with db.transaction() as tx:
            reopen_expired(tx)


def reopen_expired(tx: Transaction) -> None:
    """The same within the transaction of an act on tasks: each begins with it."""
    for row in tx.execute(f"update tasks set {REOPENED} where {leases.EXPIRED} returning *", now=tx.now, **tx.clock):
        why = f"the lease of {row['former']} ran out without a sign of life"
        announce_reopened(tx, SWARM, "task_expired", row, why)


def announce_reopened(tx: Transaction, by: str, kind: str, row: Row, why: str) -> None:
    """Record the event, tell the former claimant unless it did this itself, and tell the others."""
    task_rows.record_event(tx, by, kind, row, why)
    if row["former"] is not None and row["former"] != by:
        task_messages.tell_former_claimant(tx, row["former"], row["id"], why)
    task_messages.announce_return(tx, by, row["id"], row["title"], why, task_rows.find(tx, row["id"]).claimable)
