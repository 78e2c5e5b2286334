"""The build's state machine: who repairs a red build, and who no longer may.

Every act is one write transaction: one conditional update (`build_changes`), what follows from it, and who is told. Who
loses is told what holds now. docs/states.md draws it.
"""

from typing import Any, overload

from swarm_agents import events, roster
from swarm_agents.build import retry_queue, transitions, waiters
from swarm_agents.build import row as build_row
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
from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import Usage
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.messages import messages
from swarm_agents.model import EVERYONE, HUMAN, SWARM, Build, BuildStatus, Moment, Rules

HUMAN_LEASE_S = 8 * 3600  # a person who takes over goes to meetings; agents come back by the minute
SUMMARY_LIMIT = 200  # characters; what is longer belongs into the evidence

_ASKS_AT_ONCE = frozenset({ErrorClass.AUTH, ErrorClass.PERMISSION})  # no agent can repair a missing right


# Becoming the fixer, or standing in line.


def report(
    db: Database,
    agent: str,
    summary: str,
    rules: Rules,
    evidence: str = "",
    hook: str | None = None,
    began: Moment | None = None,
    symptom: str | None = None,
) -> RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    """The agent saw the build red. Exactly one of all who report is answered `RoleGranted`.

    `began` is when the check started that saw it: one that is older than the last green says nothing about now.
    `evidence` is the output of what was refused, bounded by the caller; `hook` the git hook that refused;
    `symptom` the signature of what fails.
    """
    with db.transaction() as tx:
        opened = transitions.open_incident(tx, agent, rules.lease_s, summary[:SUMMARY_LIMIT], rules.max_attempts, began)
        if opened:
            db.red_flag.create()
            incidents.open_incident(tx, opened["incident_id"], agent, summary[:SUMMARY_LIMIT], evidence, hook)
            _note_symptom(tx, opened["incident_id"], symptom, summary, agent)
            retry_queue.clear(tx)
            return _granted(tx, opened, "reported", opened["summary"])
        taken = _take_or_wait(tx, agent, rules, began)
        assert not isinstance(taken, BuildPassing), "a passing build is opened or the report is stale"
        if not isinstance(taken, CheckOutdated):
            _note_symptom(tx, taken.build.incident, symptom, summary, agent)
        return taken


def claim(db: Database, agent: str, rules: Rules) -> BuildPassing | RoleGranted | PlaceInLine | HumanAsked:
    """The agent offers to repair: `RoleGranted` when the role was free, `PlaceInLine` in line otherwise."""
    with db.transaction() as tx:
        taken = _take_or_wait(tx, agent, rules, None)
        assert not isinstance(taken, CheckOutdated), "a claim has no check that could be stale"
        return taken


def _take_or_wait(
    tx: Transaction, agent: str, rules: Rules, began: Moment | None
) -> BuildPassing | RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    mine = transitions.renew(tx, agent, None)
    if mine:
        return RoleGranted(build_row.value(mine), new=False)
    _expire(tx)
    taken = transitions.take(tx, agent, rules.lease_s, began)
    if taken:
        return _granted(tx, taken, "claimed", taken["summary"])
    now = state(tx)
    match now.status:
        case BuildStatus.PASSING:
            return CheckOutdated(now) if began else BuildPassing(now)
        case BuildStatus.ESCALATED:
            return HumanAsked(now, escalations.open_id(tx))
        case BuildStatus.BROKEN if not _paused(tx, now):
            return CheckOutdated(now)
    ticket, deadline = waiters.stand_in_line(tx, agent, now.incident or 0, rules.wait_s)
    return PlaceInLine(now, ticket, deadline)


def _granted(tx: Transaction, row: Row, kind: str, detail: str) -> RoleGranted:
    incidents.begin_attempt(tx, row)
    waiters.leave(tx, row["fixer_agent_id"])
    now = build_row.value(row)
    _note(tx, now.fixer or SWARM, kind, detail, now)
    _tell(
        tx,
        EVERYONE,
        f"The build is red: {now.summary or 'no summary'}. {now.fixer} repairs it (attempt {now.attempt} of "
        f"{now.max_attempts}). Leave it alone; 'swarm build wait' returns when it is green.",
    )
    return RoleGranted(now, new=True)


# Holding the lease, and giving it back.


def renew(db: Database, agent: str, fence: int | None = None) -> RoleGranted | FenceRejected:
    """Show life: the lease lasts its full length again. Without `fence`, whichever the agent holds now."""
    with db.transaction() as tx:
        row = transitions.renew(tx, agent, fence)
        return RoleGranted(build_row.value(row), new=False) if row else FenceRejected(state(tx))


def fixed(db: Database, agent: str, evidence: Evidence, fence: int | None = None) -> BuildPassing | FenceRejected:
    """The fixer's check passed: the incident is over, everybody is told, waiters are woken."""
    with db.transaction() as tx:
        row = transitions.become_passing(tx, transitions.REPAIRED, checked=agent != HUMAN, agent=agent, fence=fence)
        if not row:
            return FenceRejected(state(tx))
        incidents.end_attempt(tx, AttemptEnd.FIXED, evidence.what)
        return _closed(tx, row, agent, "declared" if agent == HUMAN else "fixed", evidence)


def failed(
    db: Database, agent: str, reason: str, error_class: ErrorClass = ErrorClass.LOGIC, fence: int | None = None
) -> BuildBroken | HumanAsked | FenceRejected:
    """The fixer could not repair it. The last attempt of the budget asks the human, in this same statement.

    `auth` and `permission` ask the human at once and use up no attempt. `network` uses up none either: nobody may
    claim for 10 s, twice as long each time, and the sixth asks the human.
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
        _note(tx, agent, "failed", reason, build_row.value(row), attempt.fence)
        return _broken_or_asked(tx, row, agent, f"{_why_asked(error_class)}: {reason}")


def _why_asked(error_class: ErrorClass) -> str:
    if error_class in _ASKS_AT_ONCE:
        return f"no agent can repair this ({error_class.value})"
    if error_class is ErrorClass.NETWORK:
        return f"the network failed {transitions.NETWORK_PAUSES + 1} times"
    return "the last attempt failed"


def give_up(db: Database, agent: str, reason: str = "", fence: int | None = None) -> BuildBroken | FenceRejected:
    """The fixer returns the role; the attempt does not count."""
    with db.transaction() as tx:
        ended = _released(tx, transitions.HELD, agent, "gave_up", reason or "gave up", agent=agent, fence=fence)
        return BuildBroken(ended) if ended else FenceRejected(state(tx))


def drop(tx: Transaction, agent: str, reason: str) -> None:
    """End the lease of an agent that goes away, if it has one, within the transaction that lets it go."""
    _released(tx, transitions.HELD, agent, "gave_up", reason, agent=agent, fence=None)


def hand_over(db: Database, agent: str, to: str, rules: Rules, fence: int | None = None) -> RoleGranted | FenceRejected:
    """The role goes to a named agent; the attempt of the one who hands over does not count.

    Raises `NotFound` when there is no such agent, `Usage` when it is the caller itself.
    """
    if to == agent:
        raise Usage("You hold the role already; name another agent to hand it over to.")
    with db.transaction() as tx:
        roster.find(tx, to)
        row = transitions.hand_over(tx, agent, to, rules.lease_s, fence)
        if not row:
            return FenceRejected(state(tx))
        incidents.end_attempt(tx, AttemptEnd.RELEASED, f"handed over to {to}")
        return _assigned(tx, row, agent, "handed_over")


def force_release(db: Database, fence: int, reason: str) -> BuildBroken | FenceRejected:
    """The human takes the role away from whoever holds it under `fence`, the one that was on the screen."""
    with db.transaction() as tx:
        holder = state(tx).fixer
        ended = _released(tx, transitions.FENCE_SEEN, HUMAN, "force_released", reason, fence=fence)
        if not ended:
            return FenceRejected(state(tx))
        if holder and holder != HUMAN:
            _tell(tx, holder, f"A human took the build from you: {reason}. Stop repairing it; your fence is void.")
        return BuildBroken(ended)


def lose_fixer(db: Database, agent: str, fence: int, reason: str) -> BuildBroken | HumanAsked | FenceRejected:
    """The fixer is known to be dead (its pane is gone): its lease ends early, and the attempt counts."""
    with db.transaction() as tx:
        row = transitions.end_lease(tx, transitions.HELD, counts=True, agent=agent, fence=fence)
        if not row:
            return FenceRejected(state(tx))
        return _expired(tx, row, reason)


def reap(db: Database) -> BuildBroken | HumanAsked | None:
    """End a lease that ran out, and forget waiters who are long gone. None when there was nothing to end.

    Anybody may call it at any time; looks before it writes.
    """
    with db.reading() as tx:
        due = tx.one(
            f"select 1 from build_state where id = 1 and status = 'fixing' and {leases.EXPIRED}", **tx.clock
        ) or waiters.any_overdue(tx)
    if not due:
        return None
    with db.transaction() as tx:
        waiters.forget_overdue(tx)
        return _expire(tx)


def _expire(tx: Transaction) -> BuildBroken | HumanAsked | None:
    row = transitions.end_lease(tx, transitions.RAN_OUT, counts=True)
    return _expired(tx, row, "the lease ran out without a sign of life") if row else None


def _expired(tx: Transaction, row: Row, reason: str) -> BuildBroken | HumanAsked:
    attempt = incidents.end_attempt(tx, AttemptEnd.EXPIRED, reason)
    _note(tx, SWARM, "expired", f"{attempt.agent}: {reason}", build_row.value(row), attempt.fence)
    if attempt.agent != HUMAN:
        stop = f"You no longer repair the build: {reason}. Your fence {attempt.fence} is void; stop."
        _try_to_tell(tx, attempt.agent, stop)
    return _broken_or_asked(tx, row, SWARM, f"the last attempt, by {attempt.agent}, ended: {reason}")


def _released(tx: Transaction, guard: str, by: str, kind: str, reason: str, **values: Any) -> Build | None:
    row = transitions.end_lease(tx, guard, counts=False, **values)
    if not row:
        return None
    attempt = incidents.end_attempt(tx, AttemptEnd.RELEASED, reason)
    now = build_row.value(row)
    _note(tx, by, kind, f"{attempt.agent}: {reason}", now, attempt.fence)
    _tell(tx, EVERYONE, f"{attempt.agent} no longer repairs the build ({reason}). 'swarm build claim' offers to.")
    return now


def _broken_or_asked(tx: Transaction, row: Row, by: str, why: str) -> BuildBroken | HumanAsked:
    now = build_row.value(row)
    if now.status is BuildStatus.ESCALATED:
        return _ask(tx, now, by, why)
    return BuildBroken(now)


# Green again.


def heal(db: Database, by: str, evidence: Evidence) -> BuildPassing | None:
    """A commit landed through the hook, or a check passed, while nobody held the lease: the build is passing.

    None, and nothing changed, when it is not broken, or when the check began before the last change of status.
    """
    with db.transaction() as tx:
        began = transitions.since(evidence.began)
        row = transitions.become_passing(tx, transitions.UNCHANGED_SINCE, checked=True, **began)
        return _closed(tx, row, by, "healed", evidence) if row else None


def record_check(db: Database, ok: bool) -> None:
    """Note when a check last looked at the shared branch, and what it saw. Changes no status."""
    with db.transaction() as tx:
        transitions.note_check(tx, ok)


def _closed(tx: Transaction, row: Row, by: str, how: str, evidence: Evidence) -> BuildPassing:
    incident = row["incident_id"]
    incidents.close_incident(tx, incident, by, how, evidence.what, evidence.commit)
    retry_queue.begin(tx)
    waiters.dismiss(tx)
    events.record(tx, by, how, evidence.what, incident, row["fence"])
    _tell(tx, EVERYONE, f"The build is green again ({how} by {by}: {evidence.what}). Go on; 'swarm commit' retries.")
    return BuildPassing(build_row.value(row), incident)


# Asking the human, and the answer.


@overload
def escalate(db: Database, by: str, reason: str) -> HumanAsked | BuildPassing: ...
@overload
def escalate(db: Database, by: str, reason: str, fence: int) -> HumanAsked | BuildPassing | FenceRejected: ...
def escalate(db: Database, by: str, reason: str, fence: int | None = None) -> HumanAsked | BuildPassing | FenceRejected:
    """Anyone asks the human about a red build. `BuildPassing` when there is nothing to ask about.

    With `fence`, only while the build still is what the caller saw.
    """
    with db.transaction() as tx:
        before = state(tx)
        if fence is not None and fence != before.fence:
            return FenceRejected(before)
        row = transitions.escalate(tx)
        if not row:
            return BuildPassing(before) if not before.red else HumanAsked(before, escalations.open_id(tx))
        if before.fixer:
            incidents.end_attempt(tx, AttemptEnd.RELEASED, f"escalated by {by}: {reason}")
            if before.fixer not in (by, HUMAN):
                who = "A human stopped the repair" if by == HUMAN else f"{by} asked a human about the build"
                stop = f"{who}: {reason}. Stop; your fence is void."
                _try_to_tell(tx, before.fixer, stop)
        return _ask(tx, build_row.value(row), by, reason)


def resolve(
    db: Database, escalation: int, option: Resolution, rules: Rules, agent: str | None = None, reason: str = ""
) -> BuildBroken | RoleGranted | BuildPassing:
    """The human's answer. A new budget of attempts begins; whatever belongs to the old one changes nothing.

    Raises `NotFound` when that escalation is not open or the agent does not exist.
    """
    with db.transaction() as tx:
        escalations.answerable(tx, escalation, option)
        escalations.close(tx, escalation, option.value, reason)
        match option:
            case Resolution.RETRY:
                now = build_row.value(_answered(transitions.retry(tx)))
                _note(tx, HUMAN, "resolved", "retry" + (f": {reason}" if reason else ""), now)
                _tell(
                    tx, EVERYONE, f"A human says: try again{': ' + reason if reason else ''}. Run 'swarm build claim'."
                )
                return BuildBroken(now)
            case Resolution.ASSIGN | Resolution.TAKE_OVER:
                holder = _assignee(tx, option, agent)
                lease_s = HUMAN_LEASE_S if holder == HUMAN else rules.lease_s
                return _assigned(tx, _answered(transitions.give(tx, holder, lease_s)), HUMAN, "resolved")
            case Resolution.DECLARE_PASSING:
                row = _answered(transitions.become_passing(tx, transitions.ESCALATED, checked=False))
                return _closed(tx, row, HUMAN, "declared", Evidence(reason or "a human declared it", tx.moment))


def assign(db: Database, to: str, rules: Rules, fence: int) -> RoleGranted | FenceRejected:
    """The human gives a red build to a named agent, taking it from the one who holds it under `fence`, if any."""
    with db.transaction() as tx:
        roster.find(tx, to)
        before = state(tx)
        row = transitions.assign(tx, to, rules.lease_s, fence)
        if not row:
            return FenceRejected(state(tx))
        if before.fixer:
            incidents.end_attempt(tx, AttemptEnd.RELEASED, f"a human gave it to {to}")
            if before.fixer not in (to, HUMAN):
                _tell(tx, before.fixer, f"A human gave the build to {to}. Stop repairing it; your fence is void.")
        return _assigned(tx, row, HUMAN, "assigned")


def _ask(tx: Transaction, now: Build, by: str, reason: str) -> HumanAsked:
    waiters.dismiss(tx)
    escalation = escalations.raise_(tx, now, by, reason)
    _note(tx, by, "needs_attention", reason, now)
    lost = _try_to_tell(tx, EVERYONE, escalations.message(reason))
    if lost:
        announcements.open_message(tx, escalation, lost)
    return HumanAsked(now, escalation)


def _assigned(tx: Transaction, row: Row, by: str, kind: str) -> RoleGranted:
    incidents.begin_attempt(tx, row)
    now = build_row.value(row)
    holder = now.fixer or SWARM
    waiters.leave(tx, holder)
    _note(tx, by, kind, f"to {holder}", now)
    if holder != HUMAN:
        _tell(
            tx,
            holder,
            f"{by} gave you the build: {now.summary}. Attempt {now.attempt} of {now.max_attempts}, fence {now.fence}. "
            "Repair it, then 'swarm commit'.",
        )
    return RoleGranted(now, new=True)


def _assignee(tx: Transaction, option: Resolution, agent: str | None) -> str:
    if option is Resolution.TAKE_OVER:
        return HUMAN
    if agent is None:
        raise Usage("Name the agent that gets the build: --agent NAME.")
    roster.find(tx, agent)
    return agent


def _answered(row: Row | None) -> Row:
    assert row is not None, "an open escalation belongs to an escalated build"
    return row


# Reading.


def state(tx: Transaction) -> Build:
    return build_row.read(tx)


def current(db: Database) -> Build:
    with db.reading() as tx:
        return state(tx)


def _paused(tx: Transaction, now: Build) -> bool:
    return now.retry is not None and now.retry.left_ms(tx.moment) > 0


def _note(tx: Transaction, actor: str, kind: str, detail: str, now: Build, fence: int | None = None) -> None:
    events.record(tx, actor, kind, detail, now.incident, now.fence if fence is None else fence)


def _note_symptom(tx: Transaction, incident: int | None, symptom: str | None, summary: str, agent: str) -> None:
    if incident is not None and symptom is not None:
        incidents.symptom(tx, incident, symptom, summary[:SUMMARY_LIMIT], agent)


def _tell(tx: Transaction, recipient: str, body: str) -> None:
    messages.post(tx, SWARM, recipient, body)


def _try_to_tell(tx: Transaction, recipient: str, body: str) -> str:
    """Asking the human must not fail because agents cannot be told of it; why they could not, '' when they were."""
    with tx.savepoint() as part:
        _tell(tx, recipient, body)
    if part.error:
        events.record(tx, SWARM, "message_lost", f"to {recipient}: {part.error}")
    return part.error
