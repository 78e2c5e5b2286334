"""Waits for green: woken by the commit that ends the incident, and claims the role as soon as it is free."""

import time
from collections.abc import Callable

from swarm_agents.build import build, waiters
from swarm_agents.build.outcomes import BuildPassing, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.db.database import Database
from swarm_agents.model import Build, BuildRules, BuildStatus

_CHECK_EVERY_S = 1.0  # in case a notification is lost: waiters must return within two seconds of green

Tell = Callable[[PlaceInLine, float], None]


def wait(
    db: Database, agent: str, rules: BuildRules, tell: Tell
) -> BuildPassing | RoleGranted | HumanAsked | PlaceInLine:
    """Return when it is green, when the agent is the fixer, or when a human was asked; `PlaceInLine` at the deadline.

    `rules.wait_s` is the longest it takes. `tell` is called at the start and once a minute with the seconds left.
    The agent keeps its place in line for a minute after the deadline, so that it can repeat the command.
    """
    give_up_at = time.monotonic() + rules.wait_s
    tell_at = 0.0
    with db.subscribe() as commits:
        outcome = build.claim(db, agent, rules)
        while isinstance(outcome, PlaceInLine):
            left_s = give_up_at - time.monotonic()
            if left_s <= 0:
                return outcome
            if time.monotonic() >= tell_at:
                tell(outcome, left_s)
                tell_at = time.monotonic() + 60
            commits.wait(min(left_s, _CHECK_EVERY_S, _blocked_s(db, outcome.build)))
            outcome = _check(db, agent, rules, outcome)
    return outcome


def _check(
    db: Database, agent: str, rules: BuildRules, before: PlaceInLine
) -> BuildPassing | RoleGranted | HumanAsked | PlaceInLine:
    """Read first, and write only when a claim can succeed: fifty waiters must not queue for the write lock."""
    with db.reading() as tx:
        now = build.state(tx)
        in_line = any(waiter.agent == agent for waiter in waiters.list_waiting(tx))
    if now.incident != before.build.incident:
        return BuildPassing(now, before.build.incident)
    blocked = now.status in (BuildStatus.FIXING, BuildStatus.BROKEN) and _blocked_s(db, now) > 0
    if blocked and now.fixer != agent and in_line:
        return PlaceInLine(now, before.ticket, before.deadline)
    return build.claim(db, agent, rules)


def _blocked_s(db: Database, now: Build) -> float:
    """How long no other agent can become the fixer: the rest of the lease, or of the pause for the network."""
    until = now.retry if now.status is BuildStatus.BROKEN else now.lease
    return until.left_ms(db.moment()) / 1000 if until else 0.0
