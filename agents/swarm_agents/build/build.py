"""The build's state machine: which agent repairs a red build, until when, and how its attempt ends.

Every act is one write transaction: one conditional update (`transitions`), then what follows from it (`consequences`).
A caller whose update did not match gets the build as it is now. docs/states.md draws it.
"""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.build import row as build_row
from swarm_agents.build import transitions, waiters
from swarm_agents.build.outcomes import (
    BuildBroken,
    BuildPassing,
    CheckOutdated,
    ErrorClass,
    Evidence,
    FenceRejected,
    HumanAsked,
    PlaceInLine,
    RoleGranted,
)
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import UsageError
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, Build, BuildRules, BuildStatus, Moment
from swarm_agents.values import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from swarm_agents.build import consequences, expiry, retry_queue
    from swarm_agents.escalations import escalations
else:
    consequences = load_late("swarm_agents.build.consequences")
    expiry = load_late("swarm_agents.build.expiry")
    retry_queue = load_late("swarm_agents.build.retry_queue")
    escalations = load_late("swarm_agents.escalations.escalations")

SUMMARY_LIMIT = 200  # characters; what is longer belongs into the evidence

_ASKS_AT_ONCE = frozenset({ErrorClass.AUTH, ErrorClass.PERMISSION})  # no agent can repair a missing right


# Becoming the fixer, or standing in line.


def report(
    db: Database,
    agent: str,
    summary: str,
    rules: BuildRules,
    evidence: str = "",
    hook: str | None = None,
    began: Moment | None = None,
    symptom: str | None = None,
    suspect: tuple[str, str] | None = None,
) -> RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    """The agent saw the build red. Of all agents that report, exactly one is answered `RoleGranted`.

    `began` is when the check started that saw it; one that began before the last green proves nothing now.
    `evidence` is the output of what was refused, bounded by the caller; `hook` the git hook that refused;
    `symptom` the signature of what fails; `suspect` the first red commit and its author, kept with a new incident.
    """
    summary = summary[:SUMMARY_LIMIT]
    with db.transaction() as tx:
        opened = transitions.open_incident(
            tx, agent, rules.lease_s, summary, incidents.describe_suspect(suspect), rules.max_attempts, began
        )
        if opened:
            db.red_flag.create()
            incidents.open_incident(tx, opened["incident_id"], agent, summary, evidence, hook, suspect)
            _count_symptom(tx, opened["incident_id"], symptom, summary, agent)
            retry_queue.clear(tx)
            return consequences.grant_role(tx, opened, "reported", opened["summary"])
        outcome = _take_role_or_wait(tx, agent, rules, began)
        assert not isinstance(outcome, BuildPassing), "a passing build is opened or the check is outdated"
        if not isinstance(outcome, CheckOutdated):
            _count_symptom(tx, outcome.build.incident, symptom, summary, agent)
        return outcome


def claim(db: Database, agent: str, rules: BuildRules) -> BuildPassing | RoleGranted | PlaceInLine | HumanAsked:
    """The agent offers to repair: `RoleGranted` when the role was free, `PlaceInLine` when it was not."""
    with db.transaction() as tx:
        outcome = _take_role_or_wait(tx, agent, rules, None)
        assert not isinstance(outcome, CheckOutdated), "a claim has no check that could be outdated"
        return outcome


def _take_role_or_wait(
    tx: Transaction, agent: str, rules: BuildRules, began: Moment | None
) -> BuildPassing | RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    renewed = transitions.renew_lease(tx, agent, None)
    if renewed:
        return RoleGranted(build_row.value(renewed), new=False)
    expiry.end_expired_lease(tx)
    taken = transitions.take_role(tx, agent, rules.lease_s, began)
    if taken:
        return consequences.grant_role(tx, taken, "claimed", taken["summary"])
    now = state(tx)
    match now.status:
        case BuildStatus.PASSING:
            return CheckOutdated(now) if began else BuildPassing(now)
        case BuildStatus.ESCALATED:
            return HumanAsked(now, escalations.find_open_about_build(tx))
        case BuildStatus.BROKEN if not _is_paused(tx, now):
            return CheckOutdated(now)
    ticket, deadline = waiters.join_line(tx, agent, now.incident or 0, rules.wait_s)
    return PlaceInLine(now, ticket, deadline)


def _is_paused(tx: Transaction, now: Build) -> bool:
    return now.retry is not None and now.retry.left_ms(tx.moment) > 0


def _count_symptom(tx: Transaction, incident: int | None, symptom: str | None, summary: str, agent: str) -> None:
    if incident is not None and symptom is not None:
        incidents.count_symptom(tx, incident, symptom, summary, agent)


# Holding the lease, and giving it back.


def renew(db: Database, agent: str, fence: int | None = None) -> RoleGranted | FenceRejected:
    """Extend the lease to its full length from now. Without `fence`, whichever the agent holds now."""
    with db.transaction() as tx:
        row = transitions.renew_lease(tx, agent, fence)
        return RoleGranted(build_row.value(row), new=False) if row else FenceRejected(state(tx))


def mark_fixed(db: Database, agent: str, evidence: Evidence, fence: int | None = None) -> BuildPassing | FenceRejected:
    """The fixer's check passed: the incident is closed, all are told, waiters are woken."""
    with db.transaction() as tx:
        row = transitions.become_passing(
            tx, transitions.REPAIRED, checked=agent != HUMAN, commit=evidence.commit, agent=agent, fence=fence
        )
        if not row:
            return FenceRejected(state(tx))
        incidents.end_attempt(tx, AttemptEnd.FIXED, evidence.what)
        return consequences.close_incident(tx, row, agent, "declared" if agent == HUMAN else "fixed", evidence)


def mark_failed(
    db: Database, agent: str, reason: str, error_class: ErrorClass = ErrorClass.LOGIC, fence: int | None = None
) -> BuildBroken | HumanAsked | FenceRejected:
    """The fixer could not repair it. The last attempt of the budget asks the human, in this same transaction.

    `auth` and `permission` ask the human at once and use up no attempt. `network` uses up none either: no agent may
    claim for 10 s, twice as long each time, and the sixth failure asks the human.
    """
    with db.transaction() as tx:
        asks = error_class in _ASKS_AT_ONCE
        network = error_class is ErrorClass.NETWORK
        row = transitions.end_lease(
            tx, transitions.HELD, not asks and not network, asks, network, agent=agent, fence=fence
        )
        if not row:
            return FenceRejected(state(tx))
        attempt = incidents.end_attempt(tx, AttemptEnd.FAILED, reason, error_class.value)
        consequences.record_event(tx, agent, "failed", reason, build_row.value(row), attempt.fence)
        return consequences.leave_broken_or_ask(tx, row, agent, f"{_why_asked(error_class)}: {reason}")


def _why_asked(error_class: ErrorClass) -> str:
    if error_class in _ASKS_AT_ONCE:
        return f"no agent can repair this ({error_class.value})"
    if error_class is ErrorClass.NETWORK:
        return f"the network failed {transitions.NETWORK_PAUSES + 1} times"
    return "the last attempt failed"


def give_up(db: Database, agent: str, reason: str = "", fence: int | None = None) -> BuildBroken | FenceRejected:
    """The fixer returns the role; the attempt does not count."""
    with db.transaction() as tx:
        reason = reason or "gave up"
        now = consequences.release_role(tx, transitions.HELD, agent, "gave_up", reason, agent=agent, fence=fence)
        return BuildBroken(now) if now else FenceRejected(state(tx))


def release_if_fixer(tx: Transaction, agent: str, reason: str) -> None:
    """End the lease of an agent that leaves the swarm, if it holds it."""
    consequences.release_role(tx, transitions.HELD, agent, "gave_up", reason, agent=agent, fence=None)


def hand_over(
    db: Database, agent: str, to: str, rules: BuildRules, fence: int | None = None
) -> RoleGranted | FenceRejected:
    """The fixer gives the role to a named agent; the fixer's own attempt does not count.

    Raises `NotFound` when there is no such agent, `UsageError` when it is the caller itself.
    """
    if to == agent:
        raise UsageError("You hold the role already; name another agent to hand it over to.")
    with db.transaction() as tx:
        roster.find(tx, to)
        row = transitions.hand_over_role(tx, agent, to, rules.lease_s, fence)
        if not row:
            return FenceRejected(state(tx))
        incidents.end_attempt(tx, AttemptEnd.RELEASED, f"handed over to {to}")
        return consequences.assign_role(tx, row, agent, "handed_over")


# Asking the human.


@overload
def escalate(db: Database, by: str, reason: str) -> HumanAsked | BuildPassing: ...
@overload
def escalate(db: Database, by: str, reason: str, fence: int) -> HumanAsked | BuildPassing | FenceRejected: ...
def escalate(db: Database, by: str, reason: str, fence: int | None = None) -> HumanAsked | BuildPassing | FenceRejected:
    """Ask the human about a red build; any agent and the human may. `BuildPassing` when it is not red.

    With `fence`, only while that fence is current.
    """
    with db.transaction() as tx:
        before = state(tx)
        if fence is not None and fence != before.fence:
            return FenceRejected(before)
        row = transitions.escalate(tx)
        if not row:
            return HumanAsked(before, escalations.find_open_about_build(tx)) if before.red else BuildPassing(before)
        if before.fixer:
            incidents.end_attempt(tx, AttemptEnd.RELEASED, f"escalated by {by}: {reason}")
            if before.fixer not in (by, HUMAN):
                who = "A human stopped the repair" if by == HUMAN else f"{by} asked a human about the build"
                consequences.try_to_tell(tx, before.fixer, f"{who}: {reason}. Stop; your fence is void.")
        return consequences.ask_human(tx, build_row.value(row), by, reason)


# Green without a fixer.


def heal(db: Database, by: str, evidence: Evidence) -> BuildPassing | None:
    """A commit landed through the hook, or a check passed, while the build had no fixer: it is passing.

    None, and nothing changed, when it is not broken, or when the check began before the last change of status.
    """
    with db.transaction() as tx:
        began = transitions.began_values(evidence.began)
        row = transitions.become_passing(tx, transitions.UNCHANGED_SINCE, checked=True, commit=evidence.commit, **began)
        return consequences.close_incident(tx, row, by, "healed", evidence) if row else None


def record_check(db: Database, ok: bool, commit: str | None = None) -> None:
    """Record the result of a check on a commit of the shared branch, and its time. Changes no status."""
    with db.transaction() as tx:
        transitions.record_check(tx, ok, commit)


# Reading.


def state(tx: Transaction) -> Build:
    return build_row.read(tx)


def current(db: Database) -> Build:
    with db.reading() as tx:
        return state(tx)


def restore_red_flag(db: Database) -> None:
    """Make the file that the hooks read agree with a red build: a copied database lacks it."""
    with db.transaction() as tx:
        if state(tx).red:
            db.red_flag.create()
