"""Tests a profile on a live pane: types one harmless line, sees it in the composer, submits it, sees it leave."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from swarm_agents.courier import screen_reader, steps
from swarm_agents.courier.injections import Injection
from swarm_agents.courier.screen_reader import PaneSnapshot, ScreenReading
from swarm_agents.courier.steps import ElapsedTimes
from swarm_agents.errors import Unavailable
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import PaneAddress
from swarm_agents.panes.keyboard import Keyboard, Stroke

LINE = "[swarm#0] This is a self-test of notices. Nothing to do, answer with one word."
_LIMIT_S = 15.0
_PACE_S = 0.05


@dataclass(frozen=True)
class SelftestResult:
    """What was seen, step by step. `passed`: the line left the composer, or with `type_it` off, the pane is ready."""

    passed: bool
    profile: str | None
    seen: tuple[str, ...]


def run(pane: PaneAddress, known: Mapping[str, Profile], type_it: bool = True) -> SelftestResult:
    """Test the pane's profile. Without `type_it`, only check whether the pane is ready. Raises `Unavailable`."""
    now = _read_pane(pane, known)
    if now is None:
        return SelftestResult(False, None, ("the pane is gone, or another program took its place",))
    name = now.profile.name if now.profile else None
    reason = steps.find_obstacle(now)
    if reason is not None:
        return SelftestResult(False, name, (f"not ready: {reason}",))
    seen = [f"ready: known as {name}, composer empty"]
    if not type_it:
        return SelftestResult(True, name, tuple(seen))
    return _follow(pane, known, now, seen)


def _follow(
    pane: PaneAddress, known: Mapping[str, Profile], now: PaneSnapshot | None, seen: list[str]
) -> SelftestResult:
    injection = Injection(pane, f"test-{secrets.token_hex(6)}", LINE, age_ms=0, recorded=False, wanted=True)
    began = submit_at = time.monotonic()
    name = now.profile.name if now and now.profile else None
    while now is not None and time.monotonic() - began < _LIMIT_S:
        since = ElapsedTimes(time.monotonic() - began, time.monotonic() - submit_at)
        match steps.choose_step(injection, now, since):
            case steps.PasteStep():
                seen.append("typed")
                _type(steps.make_paste_stroke(injection, now))
            case steps.SubmitStep(number):
                seen.append("seen in the composer, submit key pressed" if number == 1 else "submit key pressed again")
                submit_at = time.monotonic()
                _type(steps.make_submit_stroke(injection, now, number))
            case steps.SubmittedStep():
                return SelftestResult(True, name, (*seen, "seen to leave it"))
            case steps.EndStep(_, reason, detail):
                return SelftestResult(False, name, (*seen, f"stopped: {reason}", *([detail] if detail else [])))
            case steps.WithdrawStep():
                return SelftestResult(False, name, (*seen, f"not typed: {steps.find_obstacle(now)}"))
            case steps.WaitStep():
                time.sleep(_PACE_S)
        now = _read_pane(pane, known)
    return SelftestResult(False, name, (*seen, f"not done within {_LIMIT_S:g} s" if now else "the pane went away"))


def _type(stroke: Stroke) -> None:
    with Keyboard(stroke.pane.socket) as keyboard:
        keyboard.type([stroke])


def _read_pane(pane: PaneAddress, known: Mapping[str, Profile]) -> PaneSnapshot | None:
    seen = screen_reader.read_panes(pane.socket, [pane], known)
    if not isinstance(seen, ScreenReading):
        raise Unavailable(f"Could not read the pane {pane.pane_id}: {seen}.")
    return seen.panes.get(pane)
