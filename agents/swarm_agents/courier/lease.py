"""The courier's lease: of all couriers of a host, only the holder types."""

from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Transaction

_EXPIRES_AT = DeadlineColumns("lease_mono_ms", "host")  # a lease belongs to one boot of a host


def acquire(tx: Transaction, holder: str, lease_ms: int, dead: str | None = None) -> bool:
    """Take or renew the lease. False while another courier holds it that is not `dead`."""
    return (
        tx.one(
            f"insert into couriers (holder, since, seen_at, {_EXPIRES_AT.names}) "
            f"values (:holder, :now, :now, {value_in(':lease_ms')}) "
            f"on conflict (host) do update set holder = excluded.holder, "
            f"seen_at = excluded.seen_at, {_EXPIRES_AT.mono_ms} = excluded.{_EXPIRES_AT.mono_ms}, "
            "since = case when couriers.holder = excluded.holder then couriers.since else excluded.since end "
            f"where couriers.holder = excluded.holder or couriers.{_EXPIRES_AT.mono_ms} <= :mono "
            "or couriers.holder = :dead returning holder",
            holder=holder,
            dead=dead,
            now=tx.now,
            **tx.clock,
            lease_ms=lease_ms,
        )
        is not None
    )


def find_holder(tx: Transaction) -> str | None:
    """The courier that types on this host; None when no lease is valid."""
    row = tx.one(f"select holder from couriers where {_EXPIRES_AT.is_ahead}", **tx.clock)
    return row["holder"] if row is not None else None


def release(tx: Transaction, holder: str) -> None:
    """End the holder's lease, so that another courier can take it at once."""
    tx.execute("delete from couriers where host = :boot and holder = :holder", boot=tx.clock["boot"], holder=holder)
