"""Turns the outcomes of acts on the build into messages and exit codes: the only place that maps them."""

from __future__ import annotations

from swarm_agents.build.outcomes import (
    BuildBroken,
    BuildPassing,
    CheckOutdated,
    FenceRejected,
    HumanAsked,
    PlaceInLine,
    RoleGranted,
)
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, format_clock, format_iso
from swarm_agents.model import Build, BuildStatus
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from swarm_agents.views.branch_state import BranchState

Outcome = BuildPassing | RoleGranted | PlaceInLine | HumanAsked | BuildBroken | FenceRejected | CheckOutdated


def answer_outcome(call: Call, outcome: Outcome) -> Answer:
    match outcome:
        case BuildPassing(now, incident):
            ended = f" Incident {incident} is over." if incident else ""
            return Answer(f"The build is passing.{ended}", 0, role_data(now) | {"incident": incident})
        case RoleGranted(now, new):
            return Answer(describe_role(now, new), 81, role_data(now), call.add_identity("swarm commit"))
        case PlaceInLine(now, ticket, _):
            again = call.add_identity("swarm build wait")
            message = f"The build is broken: {now.breakage}; {describe_fixer(now)}. You are in line (ticket {ticket})."
            return Answer(message, 80, waiting_data(outcome), again)
        case HumanAsked(now, escalation):
            message = (
                f"The build is broken and a human was asked (escalation {escalation}): {now.breakage}. "
                "Do something else; do not repair it."
            )
            return Answer(message, 84, role_data(now) | {"escalation": escalation}, call.add_identity("swarm status"))
        case BuildBroken(now):
            return Answer(describe_build(now), 80, role_data(now), call.add_identity("swarm build claim"))
        case FenceRejected(now):
            return Answer(f"You are not the fixer under that fence; stop. {describe_build(now)}", 82, role_data(now))
        case CheckOutdated(now):
            message = (
                "Your check began before the build last changed and proves nothing now. Run it again. "
                f"{describe_build(now)}"
            )
            return Answer(message, 75, role_data(now))


def describe_role(now: Build, new: bool) -> str:
    already = "" if new else "already "
    return (
        f"You are {already}the fixer of incident {now.incident} (attempt {now.attempt} of {now.max_attempts}, fence "
        f"{now.fence}, lease until {format_clock(now.lease_expires_at)}): {now.breakage}. Repair it, then commit."
    )


def describe_build(now: Build) -> str:
    """The build in one line."""
    match now.status:
        case BuildStatus.PASSING:
            return "The build is passing."
        case BuildStatus.ESCALATED:
            return f"The build is escalated since {format_clock(now.broken_since)}: {now.breakage}. A human was asked."
    return f"The build is {now.status} since {format_clock(now.broken_since)}: {now.breakage}; {describe_fixer(now)}."


def describe_fixer(now: Build) -> str:
    if now.fixer:
        lease = f"lease until {format_clock(now.lease_expires_at)}"
        return f"{now.fixer} repairs it (attempt {now.attempt} of {now.max_attempts}, {lease})"
    if now.retry_at:
        return f"no agent may repair it before {format_clock(now.retry_at)}, because the network failed"
    return "no agent repairs it yet"


def waiting_line(now: PlaceInLine, left_s: float) -> str:
    return f"waiting for green, ticket {now.ticket}, at most {left_s:.0f} s more; {describe_fixer(now.build)}"


def branch_line(branch: BranchState) -> str:
    """Where the shared branch is, when the last check is older."""
    tip = branch.tip
    moved = f"{tip.name} moved to {tip.commit[:10]} at {format_clock(tip.seen_at)}: {tip.subject}"
    return f"{moved}. The last check is older and says nothing about it."


def branch_data(branch: BranchState | None) -> dict[str, Any] | None:
    if branch is None:
        return None
    tip = branch.tip
    moved = format_iso(tip.seen_at)
    return {"name": tip.name, "commit": tip.commit, "seen_at": moved, "checked": branch.checked}


def role_data(now: Build) -> dict[str, Any]:
    return {
        "incident": now.incident,
        "fixer": now.fixer,
        "fence": now.fence,
        "attempt": now.attempt,
        "deadline": format_iso(now.lease_expires_at),
    }


def waiting_data(outcome: PlaceInLine) -> dict[str, Any]:
    return role_data(outcome.build) | {"ticket": outcome.ticket, "deadline": format_iso(outcome.deadline)}


def build_data(now: Build) -> dict[str, Any]:
    return {
        "status": now.status.value,
        "fixer": now.fixer,
        "fence": now.fence,
        "attempt": now.attempt,
        "max_attempts": now.max_attempts,
        "broken_since": format_iso(now.broken_since),
        "lease_expires_at": format_iso(now.lease_expires_at),
        "incident": now.incident,
        "summary": now.summary,
        "suspect": now.suspect or None,
        "changed_at": format_iso(now.changed_at or None),
        "last_check": format_iso(now.last_check),
    }
