"""`swarm commit`: tries `git commit` until it lands, or until the caller has to do something.

The functions are in the order in which a commit reaches them. Those that end a try return `TryAgain` or a `CommitEnd`.
"""

from __future__ import annotations

import os
import time

from swarm_agents.build import retry_queue
from swarm_agents.build.outcomes import BuildPassing, CheckOutdated, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.commit import landing, sync
from swarm_agents.commit.arguments import refuse_hook_bypass
from swarm_agents.commit.attempt import CommitAttempt, try_commit
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.ends import (
    CommitBehind,
    CommitBlocked,
    CommitEnd,
    CommitInterrupted,
    CommitLanded,
    CommitLandedLate,
    CommitLandedUnproven,
    CommitLandedUnrecorded,
    CommitRefused,
    SyncFailed,
)
from swarm_agents.commit.notes_folder import new_notes_folder
from swarm_agents.commit.request import CommitRequest, read_request, withdraw_hunks
from swarm_agents.commit.verdict import RefusalFinding, Verdict, judge_refusal
from swarm_agents.errors import Unavailable
from swarm_agents.late import load_late
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents.build import wait as waiting
else:
    waiting = load_late("swarm_agents.build.wait")

_STALE_TRIES = 3  # the build changed while the hook ran; more often than this is not bad luck
_GATE_TRIES = 5  # green, and red again before our turn; more often than this, the gate reads another database


class TryState(NamedTuple):
    """What one try leaves to the next."""

    give_up_at: float | None = None
    """Monotonic seconds. Set by the first wait: all waits of one commit share one limit."""
    tried: bool = False
    synced: bool = False
    """The fix was brought in for the next try; a second refusal ends the commit."""
    stale_reports: int = 0
    gate_refusals: int = 0


class TryAgain(NamedTuple):
    """This try is over without an end."""

    state: TryState


def commit(context: CommitContext) -> CommitEnd:
    """Try to commit; wait while another agent repairs a red build, bring in the fix, try again.

    Raises `UsageError` for arguments that skip the hook, `Unavailable` without git or when the gate keeps refusing.
    """
    refuse_hook_bypass(context.arguments)
    _act_as(context.agent)
    if failed := sync.restore_interrupted(context):
        return failed
    with new_notes_folder(context.notes_parent) as notes:
        with sync.kept_out(context):
            request = read_request(context, notes)
        return _try_until_the_end(context, request)


def _try_until_the_end(context: CommitContext, request: CommitRequest) -> CommitEnd:
    step: TryAgain | CommitEnd = TryAgain(TryState())
    try:
        while isinstance(step, TryAgain):
            step = _try(context, request, step.state)
        return step
    finally:
        if not isinstance(step, CommitLanded | CommitLandedUnproven | CommitLandedLate | CommitLandedUnrecorded):
            withdraw_hunks(context, request)


def _act_as(agent: str) -> None:
    """Tell git and its hooks, also those of the sync, for which agent they run. A bypass is for humans."""
    os.environ["SWARM_AGENT"] = agent
    os.environ.pop("SWARM_BYPASS", None)


def _try(context: CommitContext, request: CommitRequest, state: TryState) -> TryAgain | CommitEnd:
    retry_queue.wait_for_turn(context.db, context.agent, context.tell_turn)
    attempt = try_commit(context, request, state.tried)
    if isinstance(attempt, CommitAttempt) and landing.has_landed(context, attempt):
        return landing.settle_landing(context, attempt)
    retry_queue.end_turn(context.db, context.agent, landed=False)
    if not isinstance(attempt, CommitAttempt):
        return attempt
    state = state._replace(tried=True)
    if attempt.run.code < 0:
        return CommitInterrupted(-attempt.run.code)
    if attempt.gate.refused:
        return _wait_at_gate(context, request, state)
    return _judge(context, request, state, attempt)


def _wait_at_gate(
    context: CommitContext, request: CommitRequest, state: TryState
) -> TryAgain | CommitBlocked | SyncFailed:
    """Our own gate refused, which is no evidence of a breakage: wait for green.

    A caller that becomes the fixer tries too: the gate lets it through, and the user's hooks tell whether it is red.
    """
    if state.gate_refusals == _GATE_TRIES:
        raise Unavailable(
            "The gate refuses the commit although the build is passing or yours. Check how it is installed.",
            next="swarm setup git --check",
        )
    state = state._replace(gate_refusals=state.gate_refusals + 1)
    state, outcome = _wait_for_green(context, state)
    match outcome:
        case RoleGranted():
            return TryAgain(state)
        case BuildPassing():
            synced = sync.catch_up(context, request)
            return synced if isinstance(synced, SyncFailed) else TryAgain(state)
    return CommitBlocked(outcome, Verdict.BROKEN)


def _judge(
    context: CommitContext, request: CommitRequest, state: TryState, attempt: CommitAttempt
) -> TryAgain | CommitRefused | CommitBehind | CommitBlocked | SyncFailed:
    from swarm_agents.commit import refusal  # takes milliseconds, and a commit that lands does not need it

    meaning = judge_refusal(attempt.run, attempt.files_changed)
    if meaning is not Verdict.BROKEN:
        return refusal.refuse(context, attempt, meaning)
    if behind := sync.find_missing_fix(context, request):
        return _bring_in_fix(context, state, behind)
    finding = refusal.find_cause(context, attempt)
    if not finding.needs_fixer:
        refusal.record(context, None, finding)
        return CommitRefused(finding, conflict=False)
    return _report(context, request, state, finding, attempt.began)


def _bring_in_fix(
    context: CommitContext, state: TryState, behind: CommitBehind
) -> TryAgain | CommitBehind | SyncFailed:
    """The breakage may be repaired already: with a sync, bring in the fix and try again, once."""
    if context.config.sync is None or behind.operation or behind.amended:
        return behind
    if state.synced:  # it did something else
        return behind._replace(command=sync.name_merge(context, behind.fix))
    return sync.bring_in_fix(context, behind) or TryAgain(state._replace(synced=True))


def _report(
    context: CommitContext, request: CommitRequest, state: TryState, finding: RefusalFinding, began: Moment
) -> TryAgain | CommitBlocked | SyncFailed:
    """Report the broken build. The fixer goes and repairs it; the others wait for green and try again."""
    from swarm_agents.commit import refusal  # loaded by `_judge`

    reported = refusal.report_broken(context, finding, began)
    if isinstance(reported, CheckOutdated) and state.stale_reports < _STALE_TRIES:
        return TryAgain(state._replace(stale_reports=state.stale_reports + 1))
    if not isinstance(reported, PlaceInLine):
        return CommitBlocked(reported, finding.verdict)
    state, outcome = _wait_for_green(context, state)
    if not isinstance(outcome, BuildPassing):
        return CommitBlocked(outcome, finding.verdict)
    synced = sync.catch_up(context, request)
    return synced if isinstance(synced, SyncFailed) else TryAgain(state._replace(synced=synced))


def _wait_for_green(
    context: CommitContext, state: TryState
) -> tuple[TryState, BuildPassing | RoleGranted | HumanAsked | PlaceInLine]:
    rules = context.config.rules
    give_up_at = state.give_up_at or time.monotonic() + rules.wait_s
    rules = rules._replace(wait_s=max(0.0, give_up_at - time.monotonic()))
    outcome = waiting.wait(context.db, context.agent, rules, context.tell_waiting)
    return state._replace(give_up_at=give_up_at), outcome
