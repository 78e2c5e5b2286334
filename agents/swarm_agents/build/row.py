"""Reads the build's row as a value. Separate from `build`, so that a git hook that only reads it loads nothing else."""

from swarm_agents.db import leases
from swarm_agents.db.deadlines import columns
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.model import Build, BuildStatus

RETRY = columns("retry")


def read(tx: Transaction) -> Build:
    row = tx.one("select * from build_state where id = 1")
    assert row is not None, "the build's row is there from the first migration on"
    return value(row)


def value(row: Row) -> Build:
    status = BuildStatus(row["status"])
    used = row["attempts_used"]
    attempt = {BuildStatus.PASSING: 0, BuildStatus.ESCALATED: used}.get(status, used + 1)
    return Build(
        status=status,
        incident=row["incident_id"] if status is not BuildStatus.PASSING else None,
        summary=row["summary"],
        fixer=row["fixer_agent_id"],
        fence=row["fence"],
        attempt=attempt,
        max_attempts=row["max_attempts"],
        broken_since=row["broken_since"],
        lease_expires_at=row["lease_expires_at"],
        lease=leases.DEADLINE.read(row),
        changed_at=row["changed_at"],
        last_check=row["last_check"],
        last_check_commit=row["last_check_commit"],
        retry_at=row["retry_at"],
        retry=RETRY.read(row),
        suspect=row["suspect"],
    )
