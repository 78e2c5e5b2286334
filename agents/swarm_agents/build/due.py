"""Whether `expiry` has something to end. Separate from it, because each verb asks, and few end anything."""

from __future__ import annotations

from swarm_agents.build import waiters
from swarm_agents.db import leases
from swarm_agents.db.database import Database


def is_expiry_due(db: Database) -> bool:
    """Whether a fixer's lease has run out, or a waiter is long past its deadline."""
    with db.reading() as tx:
        ran_out = f"select 1 from build_state where id = 1 and status = 'fixing' and {leases.EXPIRED}"
        return tx.one(ran_out, **tx.clock) is not None or waiters.has_overdue(tx)
