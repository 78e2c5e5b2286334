"""Leases: SQL for the columns of every table with a lease, and the leases that an agent holds in one table.

The columns are lease_ms (its length), lease_expires_at (for people), lease_mono_ms and lease_boot_id (its deadline).
Statements take the parameters `:now`, those of `Transaction.clock`, and `:lease_ms` where a lease is granted.
"""

from __future__ import annotations

from swarm_agents.db.deadlines import columns
from swarm_agents.db.transaction import Transaction
from swarm_agents.values import NamedTuple

DEADLINE = columns("lease")
GRANTED = f"lease_ms = :lease_ms, lease_expires_at = :now + :lease_ms, {DEADLINE.set_in(':lease_ms')}"
RENEWED = f"lease_expires_at = :now + lease_ms, {DEADLINE.set_in('lease_ms')}"
ENDED = f"lease_ms = null, lease_expires_at = null, {DEADLINE.cleared}"
EXPIRED = DEADLINE.has_passed

_DUE_FOR_RENEWAL = f"{DEADLINE.is_ahead} and lease_mono_ms - :mono <= lease_ms * 9 / 10"  # a renewal is a write


class LeaseTable(NamedTuple):
    """A table whose rows agents lease. Each room with such a table has one of these."""

    table: str
    holder: str
    """The column with the agent's name."""

    def are_due_for_renewal(self, tx: Transaction, agent: str) -> bool:
        """Whether a tenth of one of the agent's leases is used up."""
        return self._has(tx, agent, _DUE_FOR_RENEWAL)

    def are_held(self, tx: Transaction, agent: str) -> bool:
        return self._has(tx, agent, f"{DEADLINE.mono_ms} is not null")

    def has_held(self, tx: Transaction) -> bool:
        """Whether any agent holds a lease here."""
        return tx.one(f"select 1 from {self.table} where {DEADLINE.mono_ms} is not null limit 1") is not None

    def renew(self, tx: Transaction, agent: str) -> None:
        """Extend each lease of the agent that has not run out to its full length from now."""
        tx.execute(
            f"update {self.table} set {RENEWED} where {self.holder} = :agent and {DEADLINE.is_ahead}",
            now=tx.now,
            **tx.clock,
            agent=agent,
        )

    def _has(self, tx: Transaction, agent: str, condition: str) -> bool:
        found = tx.one(
            f"select 1 from {self.table} where {self.holder} = :agent and {condition} limit 1", agent=agent, **tx.clock
        )
        return found is not None
