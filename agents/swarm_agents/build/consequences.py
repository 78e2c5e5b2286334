"""What follows from a change of the build's row, in the same transaction: attempts, incidents, events, messages."""

from __future__ import annotations

from swarm_agents import events
from swarm_agents.build import row as build_row
from swarm_agents.build import transitions, waiters
from swarm_agents.build.outcomes import BuildBroken, BuildPassing, Evidence, HumanAsked, RoleGranted
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.late import load_late
from swarm_agents.model import EVERYONE, HUMAN, SWARM, Build, BuildStatus
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from swarm_agents.build import retry_queue
    from swarm_agents.escalations import announcements, escalations
    from swarm_agents.messages import messages
else:
    retry_queue = load_late("swarm_agents.build.retry_queue")
    announcements = load_late("swarm_agents.escalations.announcements")
    escalations = load_late("swarm_agents.escalations.escalations")
    messages = load_late("swarm_agents.messages.messages")


def grant_role(tx: Transaction, row: Row, kind: str, detail: str) -> RoleGranted:
    """An agent took the role: its attempt begins and all are told."""
    incidents.begin_attempt(tx, row)
    waiters.leave(tx, row["fixer_agent_id"])
    now = build_row.value(row)
    record_event(tx, now.fixer or SWARM, kind, detail, now)
    tell(
        tx,
        EVERYONE,
        f"The build is red: {now.breakage}. {now.fixer} repairs it (attempt {now.attempt} of "
        f"{now.max_attempts}). Do not repair it: 'swarm build wait' returns when it is green.",
    )
    return RoleGranted(now, new=True)


def assign_role(tx: Transaction, row: Row, by: str, kind: str) -> RoleGranted:
    """The role was given to an agent or to the human: the attempt begins and an agent is told."""
    incidents.begin_attempt(tx, row)
    now = build_row.value(row)
    fixer = now.fixer or SWARM
    waiters.leave(tx, fixer)
    record_event(tx, by, kind, f"to {fixer}", now)
    if fixer != HUMAN:
        tell(
            tx,
            fixer,
            f"{by} gave you the build: {now.breakage}. Attempt {now.attempt} of {now.max_attempts}, fence {now.fence}. "
            "Repair it, then 'swarm commit'.",
        )
    return RoleGranted(now, new=True)


def release_role(tx: Transaction, guard: str, by: str, kind: str, reason: str, **values: Any) -> Build | None:
    """End the lease without counting the attempt, and tell all; None when the guard did not hold."""
    row = transitions.end_lease(tx, guard, counts=False, **values)
    if not row:
        return None
    attempt = incidents.end_attempt(tx, AttemptEnd.RELEASED, reason)
    now = build_row.value(row)
    record_event(tx, by, kind, f"{attempt.agent}: {reason}", now, attempt.fence)
    tell(tx, EVERYONE, f"{attempt.agent} no longer repairs the build ({reason}). To repair it: 'swarm build claim'.")
    return now


def leave_broken_or_ask(tx: Transaction, row: Row, by: str, why: str) -> BuildBroken | HumanAsked:
    """An attempt ended: the human is asked if that made the build escalated."""
    now = build_row.value(row)
    if now.status is BuildStatus.ESCALATED:
        return ask_human(tx, now, by, why)
    return BuildBroken(now)


def ask_human(tx: Transaction, now: Build, by: str, reason: str) -> HumanAsked:
    """Raise the escalation of an escalated build. A message that cannot be written does not stop it."""
    waiters.dismiss_all(tx)
    escalation = escalations.raise_about_build(tx, now, by, reason)
    record_event(tx, by, "needs_attention", reason, now)
    error = try_to_tell(tx, EVERYONE, escalations.message_to_agents(now, reason))
    if error:
        announcements.open_message_channel(tx, escalation, error)
    return HumanAsked(now, escalation)


def close_incident(tx: Transaction, row: Row, by: str, how: str, evidence: Evidence) -> BuildPassing:
    """The build is green: the incident is closed, waiters get their turns, all are told."""
    incident = row["incident_id"]
    incidents.close_incident(tx, incident, by, how, evidence.what, evidence.commit)
    retry_queue.begin(tx)
    waiters.dismiss_all(tx)
    events.record(tx, by, how, evidence.what, incident, row["fence"])
    tell(tx, EVERYONE, f"The build is green again ({how} by {by}: {evidence.what}). Go on; 'swarm commit' retries.")
    return BuildPassing(build_row.value(row), incident)


def record_event(tx: Transaction, actor: str, kind: str, detail: str, now: Build, fence: int | None = None) -> None:
    events.record(tx, actor, kind, detail, now.incident, now.fence if fence is None else fence)


def tell(tx: Transaction, recipient: str, body: str) -> None:
    messages.post(tx, SWARM, recipient, body)


def try_to_tell(tx: Transaction, recipient: str, body: str) -> str:
    """Send a message without which the transaction goes on; the error, '' when there was none."""
    with tx.savepoint() as block:
        tell(tx, recipient, body)
    if block.error:
        events.record(tx, SWARM, "message_lost", f"to {recipient}: {block.error}")
    return block.error
