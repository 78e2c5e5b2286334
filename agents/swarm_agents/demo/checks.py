"""Checks the promises of the swarm against the record of a demo. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from swarm_agents.demo.records import DemoRecord, KillRecord, WaitRecord
from swarm_agents.demo.sources import AGENTS
from swarm_agents.incidents.incidents import Attempt, AttemptEnd

LIMIT_MS = 2_000  # from green until a waiter works again; from the end of a dead fixer's lease until the takeover
LIMIT_VERBS = 10  # the same where one verb alone takes long: to come back needs about ten processes


@dataclass(frozen=True)
class PromiseCheck:
    text: str
    held: bool
    why: str = ""


def check_promises(seen: DemoRecord) -> list[PromiseCheck]:
    """Each promise, and what broke it. Promises about the end are checked only when the demo ran to its end."""
    limit_ms = max(LIMIT_MS, LIMIT_VERBS * seen.verb_ms)
    seconds = f"{limit_ms / 1000:.3g} s"
    busy = "" if limit_ms == LIMIT_MS else f" (a busy machine: one verb took {seen.verb_ms} ms)"
    promises = [
        _check_promise("one fixer for each attempt", _shared_fences(seen), _overlaps(seen)),
        _check_promise("one incident for each breakage", _incidents_without_breakage(seen)),
        _check_promise(f"waiters are back within {seconds} of green{busy}", _late_waiters(seen, limit_ms)),
        _check_promise(
            f"a killed fixer is replaced by exactly one, within its lease and {seconds}{busy}",
            _bad_takeovers(seen, limit_ms),
        ),
        _check_promise("nothing is repaired twice", _duplicates(seen)),
        _check_promise("only the colleague bypassed the hook", iter(seen.bypassed_hook)),
        _check_promise("no command of swarm had an internal error", iter(seen.bugs)),
        _check_promise("the database is sound", iter(seen.damage)),
    ]
    if seen.whole:
        promises += [
            _check_promise("every incident ended", _open_incidents(seen)),
            _check_promise("every breakage was repaired", _unrepaired(seen)),
            _check_promise("every commit landed", _unlanded(seen)),
            _check_promise("every agent came to its end", iter(sorted(set(AGENTS) - seen.left))),
            _check_promise(
                "the dashboard ran to the end", iter([seen.dashboard_ended] if seen.dashboard_ended else ())
            ),
        ]
    return promises


def summarize(seen: DemoRecord) -> dict[str, Any]:
    """The `data` of `swarm demo --json`: figures, and the result of each promise."""
    return {
        "incidents": len(seen.incidents),
        "attempts": len(seen.attempts),
        "fixers": [_fixer(attempt) for attempt in seen.attempts],
        "waits": [_wait(wait) for wait in seen.waits],
        "commits": seen.commits,
        "duplicate_fixes": sum(max(0, broken.repairs - 1) for broken in seen.breaks),
        "breakages": len(seen.breaks),
        "killed": [{"agent": kill.agent, "fence": kill.fence} for kill in seen.kills],
        "whole": seen.whole,
        "promises": [{"promise": one.text, "held": one.held, "why": one.why} for one in check_promises(seen)],
    }


def _check_promise(text: str, *objections: Iterator[str]) -> PromiseCheck:
    found = [objection for some in objections for objection in some]
    return PromiseCheck(text, not found, "; ".join(found[:5]))


def _shared_fences(seen: DemoRecord) -> Iterator[str]:
    for fence, agents in sorted(seen.told_fixer.items()):
        if len(agents) > 1:
            yield f"fence {fence} was given to {', '.join(sorted(agents))}"


def _overlaps(seen: DemoRecord) -> Iterator[str]:
    in_order = sorted(seen.attempts, key=lambda attempt: attempt.fence)
    for before, after in pairwise(in_order):
        if before.ended_at is None or after.began_at < before.ended_at:
            yield f"{before.agent} and {after.agent} were fixers at once (fences {before.fence}, {after.fence})"


def _incidents_without_breakage(seen: DemoRecord) -> Iterator[str]:
    expected = [one for one in seen.incidents if one.how != "declared"]  # such a build may break again
    if len(expected) > len(seen.breaks):
        yield f"{len(expected)} incidents, {len(seen.breaks)} breakages"


def _late_waiters(seen: DemoRecord, limit_ms: int) -> Iterator[str]:
    for wait in seen.waits:
        if wait.green_at is None:
            continue
        if wait.back_at is None:
            if seen.whole:
                yield f"{wait.agent} never came back from incident {wait.incident}"
        elif wait.back_at - wait.green_at > limit_ms:
            yield f"{wait.agent} came back {wait.back_at - wait.green_at} ms after incident {wait.incident}"


def _bad_takeovers(seen: DemoRecord, limit_ms: int) -> Iterator[str]:
    for kill in seen.kills:
        ended = next((attempt for attempt in seen.attempts if attempt.fence == kill.fence), None)
        if ended is None or ended.end in (AttemptEnd.FIXED, AttemptEnd.RELEASED):
            continue  # it was killed too late, after its fix had landed; or a human was quicker
        if ended.end not in (None, AttemptEnd.EXPIRED):
            yield f"{kill.agent} was killed, and its attempt ended as {ended.end}"
            continue
        yield from _bad_takeover(seen, kill, ended, limit_ms)


def _bad_takeover(seen: DemoRecord, kill: KillRecord, ended: Attempt, limit_ms: int) -> Iterator[str]:
    successors = [
        attempt
        for attempt in seen.attempts
        if attempt.incident == ended.incident and attempt.number == ended.number + 1
    ]
    late_after = kill.at + seen.lease_s * 1000 + limit_ms
    if len(successors) != 1:
        if seen.whole:
            yield f"{kill.agent} was killed and replaced by {len(successors)}"
    elif successors[0].agent == kill.agent:
        yield f"{kill.agent} was killed and replaced by itself"
    elif successors[0].began_at > late_after:
        yield f"{kill.agent} was replaced {successors[0].began_at - kill.at} ms after it was killed"


def _duplicates(seen: DemoRecord) -> Iterator[str]:
    return (f"{one.path} was repaired {one.repairs} times" for one in seen.breaks if one.repairs > 1)


def _open_incidents(seen: DemoRecord) -> Iterator[str]:
    return (f"incident {one.id} is open" for one in seen.incidents if one.closed_at is None)


def _unrepaired(seen: DemoRecord) -> Iterator[str]:
    return (f"{one.path} is still broken" for one in seen.breaks if one.repairs == 0)


def _unlanded(seen: DemoRecord) -> Iterator[str]:
    return (f"{count} commits of {agent} are not on main" for agent, count in sorted(seen.unlanded.items()) if count)


def _fixer(attempt: Attempt) -> dict[str, Any]:
    return {
        "agent": attempt.agent,
        "incident": attempt.incident,
        "attempt": attempt.number,
        "fence": attempt.fence,
        "end": attempt.end,
    }


def _wait(wait: WaitRecord) -> dict[str, Any]:
    return {
        "agent": wait.agent,
        "incident": wait.incident,
        "ended_by": "role" if wait.fixer_at else "green" if wait.green_at else None,
        "waited_s": _seconds(wait.since, wait.fixer_at or wait.green_at),
        "back_after_s": _seconds(wait.green_at, wait.back_at),
    }


def _seconds(since: int | None, until: int | None) -> float | None:
    return None if since is None or until is None else round((until - since) / 1000, 3)
