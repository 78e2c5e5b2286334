"""Proves a profile on a live pane: one harmless line, typed, seen in the composer, submitted, seen to leave it."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from swarm_agents.courier import screen_reader, steps
from swarm_agents.courier.injections import Typing
from swarm_agents.courier.screen_reader import Sight, Situation
from swarm_agents.courier.steps import Since
from swarm_agents.errors import Unavailable
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import PaneAddress
from swarm_agents.panes.keyboard import Keyboard, Stroke

LINE = "[swarm#0] This is a self-test of notices. Nothing to do, answer with one word."
_LIMIT_S = 15.0
_PACE_S = 0.05


@dataclass(frozen=True)
class Proof:
    """What was seen, step by step; `passed` when the line went all the way."""

    passed: bool
    profile: str | None
    seen: tuple[str, ...]


def prove(pane: PaneAddress, known: Mapping[str, Profile], type_it: bool = True) -> Proof:
    """Try the pane's profile. Without `type_it` only look whether it is ready. Raises `Unavailable`."""
    now = _look(pane, known)
    if now is None:
        return Proof(False, None, ("the pane is gone, or another program took its place",))
    name = now.profile.name if now.profile else None
    reason = steps.obstacle(now)
    if reason is not None:
        return Proof(False, name, (f"not ready: {reason}",))
    seen = [f"ready: known as {name}, composer empty"]
    if not type_it:
        return Proof(True, name, tuple(seen))
    return _follow(pane, known, now, seen)


def _follow(pane: PaneAddress, known: Mapping[str, Profile], now: Situation | None, seen: list[str]) -> Proof:
    typing = Typing(pane, f"test-{secrets.token_hex(6)}", LINE, age_ms=0, recorded=False, wanted=True)
    began = submit_at = time.monotonic()
    name = now.profile.name if now and now.profile else None
    while now is not None and time.monotonic() - began < _LIMIT_S:
        since = Since(time.monotonic() - began, time.monotonic() - submit_at)
        match steps.next_step(typing, now, since):
            case steps.Paste():
                seen.append("typed")
                _type(steps.paste(typing, now))
            case steps.Submit(number):
                seen.append("seen in the composer, submit key pressed" if number == 1 else "submit key pressed again")
                submit_at = time.monotonic()
                _type(steps.submit(typing, now, number))
            case steps.Submitted():
                return Proof(True, name, (*seen, "seen to leave it"))
            case steps.End(_, reason, detail):
                return Proof(False, name, (*seen, f"stopped: {reason}", *([detail] if detail else [])))
            case steps.Withdraw():
                return Proof(False, name, (*seen, f"not typed: {steps.obstacle(now)}"))
            case steps.Wait():
                time.sleep(_PACE_S)
        now = _look(pane, known)
    return Proof(False, name, (*seen, f"not done within {_LIMIT_S:g} s" if now else "the pane went away"))


def _type(stroke: Stroke) -> None:
    with Keyboard(stroke.pane.socket) as keyboard:
        keyboard.type([stroke])


def _look(pane: PaneAddress, known: Mapping[str, Profile]) -> Situation | None:
    seen = screen_reader.look(pane.socket, [pane], known)
    if not isinstance(seen, Sight):
        raise Unavailable(f"Could not look at the pane {pane.pane_id}: {seen}.")
    return seen.situations.get(pane)
