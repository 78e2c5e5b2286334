"""Judges a performance: every promise of the swarm that could be seen there, and whether it held. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from swarm_agents.demo.records import Kill, Seen, Wait
from swarm_agents.demo.sources import AGENTS
from swarm_agents.incidents.incidents import Attempt, AttemptEnd

BACK_LIMIT_MS = 2_000  # from green until a waiter is at work again
TAKEOVER_LIMIT_MS = 2_000  # beyond the dead fixer's lease


@dataclass(frozen=True)
class Promise:
    text: str
    held: bool
    why: str = ""


def judge(seen: Seen) -> list[Promise]:
    """Each promise with what spoke against it. What comes last is judged only when the performance was whole."""
    promises = [
        _promise("one fixer for each attempt", _shared_fences(seen), _overlaps(seen)),
        _promise("one incident for each breakage", _incidents_without_breakage(seen)),
        _promise("waiters are back within 2 s of green", _late_waiters(seen)),
        _promise("a killed fixer is replaced by exactly one, within its lease and 2 s", _bad_takeovers(seen)),
        _promise("nothing is repaired twice", _duplicates(seen)),
        _promise("nobody but the colleague went round the hook", iter(seen.round_the_hook)),
        _promise("no command of swarm failed within", iter(seen.bugs)),
        _promise("the database is sound", iter(seen.damage)),
    ]
    if seen.whole:
        promises += [
            _promise("every incident ended", _open_incidents(seen)),
            _promise("every breakage was repaired", _unrepaired(seen)),
            _promise("every commit landed", _unlanded(seen)),
            _promise("every agent came to its end", iter(sorted(set(AGENTS) - seen.left))),
            _promise("the dashboard ran to the end", iter([seen.dashboard_ended] if seen.dashboard_ended else ())),
        ]
    return promises


def summary(seen: Seen) -> dict[str, Any]:
    """What other programs may rely on, and the promises."""
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
        "promises": [{"promise": one.text, "held": one.held, "why": one.why} for one in judge(seen)],
    }


def _promise(text: str, *objections: Iterator[str]) -> Promise:
    found = [objection for some in objections for objection in some]
    return Promise(text, not found, "; ".join(found[:5]))


def _shared_fences(seen: Seen) -> Iterator[str]:
    for fence, agents in sorted(seen.told_fixer.items()):
        if len(agents) > 1:
            yield f"fence {fence} was given to {', '.join(sorted(agents))}"


def _overlaps(seen: Seen) -> Iterator[str]:
    inorder = sorted(seen.attempts, key=lambda attempt: attempt.fence)
    for before, after in pairwise(inorder):
        if before.ended_at is None or after.began_at < before.ended_at:
            yield f"{before.agent} and {after.agent} were fixers at once (fences {before.fence}, {after.fence})"


def _incidents_without_breakage(seen: Seen) -> Iterator[str]:
    earned = [one for one in seen.incidents if one.how != "declared"]  # by a human, and it breaks again
    if len(earned) > len(seen.breaks):
        yield f"{len(earned)} incidents, {len(seen.breaks)} breakages"


def _late_waiters(seen: Seen) -> Iterator[str]:
    for wait in seen.waits:
        if wait.green_at is None:
            continue
        if wait.back_at is None:
            if seen.whole:
                yield f"{wait.agent} never came back from incident {wait.incident}"
        elif wait.back_at - wait.green_at > BACK_LIMIT_MS:
            yield f"{wait.agent} came back {wait.back_at - wait.green_at} ms after incident {wait.incident}"


def _bad_takeovers(seen: Seen) -> Iterator[str]:
    for kill in seen.kills:
        ended = next((attempt for attempt in seen.attempts if attempt.fence == kill.fence), None)
        if ended is None or ended.end in (AttemptEnd.FIXED, AttemptEnd.RELEASED):
            continue  # the blow came too late, its last command had the proof already; or a human was quicker
        if ended.end not in (None, AttemptEnd.EXPIRED):
            yield f"{kill.agent} was killed, and its attempt ended as {ended.end}"
            continue
        yield from _bad_takeover(seen, kill, ended)


def _bad_takeover(seen: Seen, kill: Kill, ended: Attempt) -> Iterator[str]:
    heirs = [
        attempt
        for attempt in seen.attempts
        if attempt.incident == ended.incident and attempt.number == ended.number + 1
    ]
    late_after = kill.at + seen.lease_s * 1000 + TAKEOVER_LIMIT_MS
    if len(heirs) != 1:
        if seen.whole:
            yield f"{kill.agent} was killed and replaced by {len(heirs)}"
    elif heirs[0].agent == kill.agent:
        yield f"{kill.agent} was killed and replaced by itself"
    elif heirs[0].began_at > late_after:
        yield f"{kill.agent} was replaced {heirs[0].began_at - kill.at} ms after it was killed"


def _duplicates(seen: Seen) -> Iterator[str]:
    return (f"{one.path} was repaired {one.repairs} times" for one in seen.breaks if one.repairs > 1)


def _open_incidents(seen: Seen) -> Iterator[str]:
    return (f"incident {one.id} is open" for one in seen.incidents if one.closed_at is None)


def _unrepaired(seen: Seen) -> Iterator[str]:
    return (f"{one.path} is broken still" for one in seen.breaks if one.repairs == 0)


def _unlanded(seen: Seen) -> Iterator[str]:
    return (f"{count} commits of {agent} are not on main" for agent, count in sorted(seen.unlanded.items()) if count)


def _fixer(attempt: Attempt) -> dict[str, Any]:
    return {
        "agent": attempt.agent,
        "incident": attempt.incident,
        "attempt": attempt.number,
        "fence": attempt.fence,
        "end": attempt.end,
    }


def _wait(wait: Wait) -> dict[str, Any]:
    return {
        "agent": wait.agent,
        "incident": wait.incident,
        "ended_by": "role" if wait.fixer_at else "green" if wait.green_at else None,
        "waited_s": _seconds(wait.since, wait.fixer_at or wait.green_at),
        "back_after_s": _seconds(wait.green_at, wait.back_at),
    }


def _seconds(since: int | None, until: int | None) -> float | None:
    return None if since is None or until is None else round((until - since) / 1000, 3)
