"""Ends the lease of a fixer without a sign of life: by the clock, or because its pane is gone. The attempt counts."""

from __future__ import annotations

from swarm_agents.build import due, transitions, waiters
from swarm_agents.build import row as build_row
from swarm_agents.build.outcomes import BuildBroken, FenceRejected, HumanAsked
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, SWARM
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents.build import consequences
else:
    consequences = load_late("swarm_agents.build.consequences")


def reap(db: Database) -> BuildBroken | HumanAsked | None:
    """End a lease that ran out, and forget waiters long past their deadline. None when no lease had run out.

    Any process may call it at any time: it reads first, and writes only when there is something to end.
    """
    if not due.is_expiry_due(db):
        return None
    with db.transaction() as tx:
        waiters.forget_overdue(tx)
        return end_expired_lease(tx)


def end_expired_lease(tx: Transaction) -> BuildBroken | HumanAsked | None:
    row = transitions.end_lease(tx, transitions.RAN_OUT, counts=True)
    return _record_expiry(tx, row, "the lease ran out without a sign of life") if row else None


def lose_fixer(db: Database, agent: str, fence: int, reason: str) -> BuildBroken | HumanAsked | FenceRejected:
    """End the lease early, because the fixer is known to be dead: its pane is gone."""
    with db.transaction() as tx:
        row = transitions.end_lease(tx, transitions.HELD, counts=True, agent=agent, fence=fence)
        if not row:
            return FenceRejected(build_row.read(tx))
        return _record_expiry(tx, row, reason)


def _record_expiry(tx: Transaction, row: Row, reason: str) -> BuildBroken | HumanAsked:
    attempt = incidents.end_attempt(tx, AttemptEnd.EXPIRED, reason)
    detail = f"{attempt.agent}: {reason}"
    consequences.record_event(tx, SWARM, "expired", detail, build_row.value(row), attempt.fence)
    if attempt.agent != HUMAN:
        stop = f"You no longer repair the build: {reason}. Your fence {attempt.fence} is void; stop."
        consequences.try_to_tell(tx, attempt.agent, stop)
    why = f"the last attempt, by {attempt.agent}, ended: {reason}"
    return consequences.leave_broken_or_ask(tx, row, SWARM, why)
