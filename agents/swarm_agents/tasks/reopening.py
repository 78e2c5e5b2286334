"""Tasks that go back to open: their claimant left, died or let the lease run out."""

from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.model import SWARM
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import task_messages

_HELD = "status in ('claimed', 'in_progress', 'review')"
REOPENED = f"status = 'open', former = claimant, claimant = null, fence = fence + 1, {leases.ENDED}, changed_at = :now"


def release_held(tx: Transaction, agent: str, why: str) -> None:
    """Everything the agent holds is open again: it has left."""
    rows = tx.execute(
        f"update tasks set {REOPENED} where claimant = :agent and {_HELD} returning *", agent=agent, now=tx.now
    )
    for row in rows:
        announce_reopened(tx, agent, "task_released", row, why)


def expire_held(tx: Transaction, agent: str, why: str) -> None:
    """The agent is known to be dead: its leases end early. What is in review has none, and waits for its reviewer."""
    rows = tx.execute(
        f"update tasks set {REOPENED} where claimant = :agent and {leases.DEADLINE.mono_ms} is not null returning *",
        agent=agent,
        now=tx.now,
    )
    for row in rows:
        announce_reopened(tx, SWARM, "task_expired", row, why)


def reap(db: Database) -> None:
    """Take back the tasks whose lease ran out. Anybody may call it at any time; looks before it writes."""
    with db.reading() as tx:
        due = tx.one(f"select 1 from tasks where {leases.EXPIRED} limit 1", **tx.clock)
    if due:
        with db.transaction() as tx:
            reopen_expired(tx)


def reopen_expired(tx: Transaction) -> None:
    for row in tx.execute(f"update tasks set {REOPENED} where {leases.EXPIRED} returning *", now=tx.now, **tx.clock):
        why = f"the lease of {row['former']} ran out without a sign of life"
        announce_reopened(tx, SWARM, "task_expired", row, why)


def announce_reopened(tx: Transaction, by: str, kind: str, row: Row, why: str) -> None:
    task_rows.record_event(tx, by, kind, row, why)
    if row["former"] is not None and row["former"] != by:
        task_messages.tell_former_claimant(tx, row["former"], row["id"], why)
    task_messages.announce_return(tx, by, row["id"], row["title"], why, task_rows.find(tx, row["id"]).claimable)
