"""What the leases of the build, of tasks and of locks share, and what a sign of life renews of the last two."""

from swarm_agents.db.database import Transaction

# Deadlines are compared on the monotonic clock of the host; another boot id means that the holder is gone.
EXPIRED = "(lease_boot_id <> :boot or lease_mono_ms <= :mono)"
GRANTED = (
    "lease_ms = :lease_ms, lease_expires_at = :now + :lease_ms, lease_mono_ms = :mono + :lease_ms, "
    "lease_boot_id = :boot"
)
RENEWED = "lease_expires_at = :now + lease_ms, lease_mono_ms = :mono + lease_ms, lease_boot_id = :boot"
ENDED = "lease_ms = null, lease_expires_at = null, lease_mono_ms = null, lease_boot_id = null"

_LIVE = "lease_boot_id = :boot and lease_mono_ms > :mono"
_WORN = f"{_LIVE} and lease_mono_ms - :mono <= lease_ms * 9 / 10"  # to renew more often than that only costs a write


def worn(tx: Transaction, agent: str) -> bool:
    """Whether the agent holds a task or a lock whose lease should be renewed by this sign of life."""
    found = tx.one(
        f"select 1 from tasks where claimant = :agent and {_WORN} "
        f"union all select 1 from locks where holder = :agent and {_WORN} limit 1",
        agent=agent,
        **tx.clock,
    )
    return found is not None


def holds(tx: Transaction, agent: str) -> bool:
    """Whether the agent holds a task or a lock by a lease."""
    found = tx.one(
        "select 1 from tasks where claimant = :agent and lease_mono_ms is not null "
        "union all select 1 from locks where holder = :agent limit 1",
        agent=agent,
    )
    return found is not None


def renew(tx: Transaction, agent: str) -> None:
    """Everything that the agent still holds lasts its full length again. What ran out is gone, and stays so."""
    tx.execute(f"update tasks set {RENEWED} where claimant = :agent and {_LIVE}", now=tx.now, **tx.clock, agent=agent)
    tx.execute(f"update locks set {RENEWED} where holder = :agent and {_LIVE}", now=tx.now, **tx.clock, agent=agent)
