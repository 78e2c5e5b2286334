"""Every change of the build's row: one conditional update each, whose `where` is the guard.

Each returns the changed row, or None when the guard did not hold and nothing was changed. What follows from a change
(attempts, events, messages) is in `consequences`. Deadlines are compared on the monotonic clock.
"""

from __future__ import annotations

from swarm_agents.build.row import RETRY
from swarm_agents.db import deadlines, leases
from swarm_agents.db.deadlines import columns
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

NETWORK_PAUSE_S = 10  # after the first failure of the network; doubled by each further one
NETWORK_PAUSES = 5  # then a human is asked

_CHANGED_AT = columns("changed")
_GREEN_AT = columns("fresh")
_BEGAN = (":began_mono", ":began_boot")

# Guards: conditions under which a change may be made.
HELD = "fixer_agent_id = :agent and fence = coalesce(:fence, fence)"
FENCE_SEEN = "fence = :fence"
RAN_OUT = leases.EXPIRED
REPAIRED = f"status = 'fixing' and {HELD}"
UNCHANGED_SINCE = f"status = 'broken' and {_CHANGED_AT.is_not_after(*_BEGAN)}"
ESCALATED = "status = 'escalated'"
_FRESH = _GREEN_AT.is_not_after(*_BEGAN)
_NO_PAUSE = f"({RETRY.boot_id} is null or {RETRY.has_passed})"

_NO_LEASE = f"fixer_agent_id = null, lease_expires_at = null, {leases.DEADLINE.cleared}"
_NEW_LEASE = f"fixer_agent_id = :agent, {leases.GRANTED}"
_NEW_BUDGET = f"attempts_used = 0, network_failures = 0, retry_at = null, {RETRY.cleared}, budget = budget + 1"
_CHANGED = f"changed_at = :now, {_CHANGED_AT.set_now}"
_REFRESHED = _GREEN_AT.set_now


def open_incident(
    tx: Transaction, agent: str, lease_s: float, summary: str, suspect: str, max_attempts: int, began: Moment | None
) -> Row | None:
    """From passing to fixing by the agent, unless its check began before the last green."""
    return tx.one(
        f"update build_state set status = 'fixing', incident_id = incident_id + 1, summary = :summary, "
        f"suspect = :suspect, fence = fence + 1, attempts_used = 0, max_attempts = :max_attempts, broken_since = :now, "
        f"last_check = :now, last_check_ok = 0, last_check_commit = null, {_NEW_LEASE}, {_CHANGED} "
        f"where id = 1 and status = 'passing' and {_FRESH} returning *",
        **_lease_values(tx, agent, lease_s),
        **began_values(began),
        summary=summary,
        suspect=suspect,
        max_attempts=max_attempts,
    )


def take_role(tx: Transaction, agent: str, lease_s: float, began: Moment | None) -> Row | None:
    """From broken to fixing by the agent, while attempts are left and no pause runs."""
    return tx.one(
        f"update build_state set status = 'fixing', fence = fence + 1, {_NEW_LEASE}, {_CHANGED} "
        f"where id = 1 and status = 'broken' and attempts_used < max_attempts and {_FRESH} "
        f"and {_NO_PAUSE} returning *",
        **_lease_values(tx, agent, lease_s),
        **began_values(began),
    )


def renew_lease(tx: Transaction, agent: str, fence: int | None) -> Row | None:
    return tx.one(
        f"update build_state set {leases.RENEWED} where id = 1 and status = 'fixing' and {HELD} returning *",
        now=tx.now,
        **tx.clock,
        agent=agent,
        fence=fence,
    )


def hand_over_role(tx: Transaction, giver: str, to: str, lease_s: float, fence: int | None) -> Row | None:
    return tx.one(
        f"update build_state set fence = fence + 1, {_NEW_LEASE} "
        "where id = 1 and status = 'fixing' and fixer_agent_id = :giver and fence = coalesce(:fence, fence) "
        "returning *",
        **_lease_values(tx, to, lease_s),
        giver=giver,
        fence=fence,
    )


def end_lease(
    tx: Transaction, guard: str, counts: bool, asks: bool = False, network: bool = False, **values: Any
) -> Row | None:
    """From fixing to broken; to escalated when `asks`, at the last attempt that counts, or after too many pauses."""
    return tx.one(
        "update build_state set status = case when :asks = 1 or (:counts = 1 and attempts_used + 1 >= max_attempts) "
        "or (:network = 1 and network_failures >= :pauses) then 'escalated' else 'broken' end, "
        "retry_at = case when :network = 1 then :now + (:pause_ms << network_failures) end, "
        f"{RETRY.set_in_case(':network = 1', '(:pause_ms << network_failures)')}, "
        "network_failures = network_failures + :network, "
        "attempts_used = attempts_used + :counts, fence = fence + 1, "
        f"{_NO_LEASE}, {_CHANGED} where id = 1 and status = 'fixing' and {guard} returning *",
        now=tx.now,
        **tx.clock,
        counts=int(counts),
        asks=int(asks),
        network=int(network),
        pauses=NETWORK_PAUSES,
        pause_ms=NETWORK_PAUSE_S * 1000,
        **values,
    )


def become_passing(tx: Transaction, guard: str, checked: bool, commit: str | None = None, **values: Any) -> Row | None:
    """To passing. `checked` when a check passed, on `commit` if that is known, and not only a person declared it."""
    return tx.one(
        f"update build_state set status = 'passing', {_NEW_BUDGET}, fence = fence + 1, "
        "broken_since = null, summary = '', suspect = '', "
        "last_check = case when :checked = 1 then :now else last_check end, "
        "last_check_ok = case when :checked = 1 then 1 else last_check_ok end, "
        "last_check_commit = case when :checked = 1 then :commit else last_check_commit end, "
        f"{_NO_LEASE}, {_CHANGED}, {_REFRESHED} "
        f"where id = 1 and {guard} returning *",
        now=tx.now,
        **tx.clock,
        checked=int(checked),
        commit=commit,
        **values,
    )


def escalate(tx: Transaction) -> Row | None:
    return tx.one(
        f"update build_state set status = 'escalated', fence = fence + 1, {_NO_LEASE}, {_CHANGED} "
        "where id = 1 and status in ('broken', 'fixing') returning *",
        now=tx.now,
        **tx.clock,
    )


def assign_role(tx: Transaction, to: str, lease_s: float, fence: int) -> Row | None:
    return tx.one(
        f"update build_state set status = 'fixing', fence = fence + 1, {_NEW_LEASE}, {_CHANGED} "
        f"where id = 1 and status in ('broken', 'fixing') and {FENCE_SEEN} returning *",
        **_lease_values(tx, to, lease_s),
        fence=fence,
    )


def retry_escalated(tx: Transaction) -> Row | None:
    """From escalated to broken, with a new budget: any agent may claim it."""
    return _leave_escalated(tx, "status = 'broken'", now=tx.now, **tx.clock)


def assign_escalated(tx: Transaction, to: str, lease_s: float) -> Row | None:
    """From escalated to fixing by `to`, with a new budget."""
    return _leave_escalated(tx, f"status = 'fixing', fence = fence + 1, {_NEW_LEASE}", **_lease_values(tx, to, lease_s))


def record_check(tx: Transaction, ok: bool, commit: str | None) -> None:
    tx.execute(
        "update build_state set last_check = :now, last_check_ok = :ok, last_check_commit = :commit where id = 1",
        now=tx.now,
        ok=int(ok),
        commit=commit,
    )


def began_values(began: Moment | None) -> dict[str, Any]:
    """The parameters of guards that compare with the time at which a check began."""
    return deadlines.moment_values("began", began)


def _leave_escalated(tx: Transaction, change: str, **values: Any) -> Row | None:
    return tx.one(
        f"update build_state set {change}, {_NEW_BUDGET}, {_CHANGED}, {_REFRESHED} "
        f"where id = 1 and {ESCALATED} returning *",
        **values,
    )


def _lease_values(tx: Transaction, agent: str, lease_s: float) -> dict[str, Any]:
    return {"now": tx.now, **tx.clock, "agent": agent, "lease_ms": int(lease_s * 1000)}
