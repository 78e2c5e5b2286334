"""Chooses the next step for an injection from how its pane was just seen. Pure: the typist acts and records.

The pane's marker alone tells how far an injection came, so a courier that continues after a kill knows what the one
before it did. Another marker: nothing was typed. The token: the text was pasted. The token and `+n`: n submit keys.
"""

from dataclasses import dataclass

from swarm_agents.courier import composer
from swarm_agents.courier.composer import ComposerDraft, EmptyComposer, NoComposer, OpenDialog
from swarm_agents.courier.injections import Injection
from swarm_agents.courier.screen_reader import PaneSnapshot
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes.keyboard import Stroke
from swarm_agents.panes.snapshot import ServerSnapshot

FRESH_S = 2.0  # a line not typed by then is withdrawn: its messages may be out of date
SHOWN_S = 5.0  # until a pasted line must show in the composer; agents take 20 to 90 ms, a loaded machine longer
SUBMIT_AGAIN_S = 0.6  # a submit key that was swallowed is pressed again after this
SUBMIT_KEYS = 3  # at most, for one line
TAKEN_AFTER_S = 0.05  # before this, what tmux types may not have reached the terminal yet
TAKEN_S = 120.0  # until a line reader must have read its line; it may be busy
PATIENCE_S = 60.0  # that a typed line waits while a dialog, a mode or a human blocks the submit key


@dataclass(frozen=True)
class ElapsedTimes:
    """Seconds since this courier saw the line typed, and since it saw the last submit key pressed."""

    typed_s: float
    submit_s: float


@dataclass(frozen=True)
class PasteStep:
    """Type the line, and for a line reader its end."""


@dataclass(frozen=True)
class WithdrawStep:
    """Change the marker so that the line can no longer be typed. Then its deliveries wait again."""


@dataclass(frozen=True)
class SubmitStep:
    """Press the submit key for the `number`th time."""

    number: int


@dataclass(frozen=True)
class WaitStep:
    """Do nothing until the next snapshot."""


@dataclass(frozen=True)
class SubmittedStep:
    """Record that the line was submitted."""


@dataclass(frozen=True)
class EndStep:
    """Give up, with this state and reason for its deliveries."""

    state: DeliveryState
    reason: str
    detail: str = ""


Step = PasteStep | WithdrawStep | SubmitStep | WaitStep | SubmittedStep | EndStep


def find_obstacle(now: PaneSnapshot) -> str | None:
    """Why nothing may be typed into this pane now (the reasons of docs/deliveries.md); None when it may."""
    if now.pane.unknown and not now.pane.dead:
        return "unreadable"
    return _program_obstacle(now) or _pane_obstacle(now) or _screen_obstacle(now)


def explain_missing_pane(seen: ServerSnapshot, pane: PaneAddress) -> str:
    """Why a pane is no longer at its address."""
    if seen.server != pane.server:
        return "server-gone"
    return "replaced" if pane.pane_id in seen.panes else "gone"


def explain_loss(seen: ServerSnapshot, pane: PaneAddress) -> str:
    """Why a pane does not run its process any more."""
    return "dead" if seen.find_pane(pane) else explain_missing_pane(seen, pane)


def end_lost_injection(injection: Injection, reason: str) -> EndStep:
    """End an injection whose pane is gone: failed if the line was seen typed, else unknown."""
    return EndStep(DeliveryState.FAILED if injection.recorded else DeliveryState.UNKNOWN, reason)


def count_submit_keys(marker: str, token: str) -> int | None:
    """How many submit keys followed the line, from the pane's marker; None when the line was not typed."""
    base, plus, number = marker.partition("+")
    if base != token:
        return None
    return int(number) if plus and number.isdigit() else 0


def was_typed(injection: Injection, now: PaneSnapshot) -> bool:
    """Whether the line was typed, from the pane's marker."""
    return count_submit_keys(now.pane.last, injection.token) is not None


def make_paste_stroke(injection: Injection, now: PaneSnapshot) -> Stroke:
    """The stroke that types the line. A line reader has no composer to wait for, so its submit key follows at once."""
    assert now.profile is not None
    if now.profile.composer:
        return Stroke(now.pane, injection.token, text=injection.line)
    return Stroke(now.pane, f"{injection.token}+1", text=injection.line, submit=now.profile.submit)


def make_submit_stroke(injection: Injection, now: PaneSnapshot, number: int) -> Stroke:
    assert now.profile is not None
    return Stroke(now.pane, f"{injection.token}+{number}", submit=now.profile.submit)


def make_withdraw_stroke(injection: Injection, now: PaneSnapshot) -> Stroke:
    return Stroke(now.pane, f"{injection.token}.no")


def choose_step(injection: Injection, now: PaneSnapshot, since: ElapsedTimes) -> Step:
    """The next step for an injection into a pane whose process is alive."""
    pressed = count_submit_keys(now.pane.last, injection.token)
    if pressed is None:
        return _choose_untyped(injection, now)
    if now.profile is None or now.program is None or now.program.shell:
        return EndStep(DeliveryState.FAILED, "shell" if now.program and now.program.shell else "unknown-program")
    if not now.profile.composer:
        return _choose_in_line_reader(now, since)
    return _choose_in_composer(injection, now, since, pressed)


def _choose_untyped(injection: Injection, now: PaneSnapshot) -> Step:
    if injection.recorded:
        return EndStep(DeliveryState.UNKNOWN, "not-reading", "something else was typed in between")
    still_good = injection.wanted and injection.age_ms <= FRESH_S * 1000
    return PasteStep() if still_good and find_obstacle(now) is None else WithdrawStep()


def _choose_in_line_reader(now: PaneSnapshot, since: ElapsedTimes) -> Step:
    if now.unread == 0 and since.typed_s >= TAKEN_AFTER_S:
        return SubmittedStep()
    return EndStep(DeliveryState.UNKNOWN, "not-reading") if since.typed_s > TAKEN_S else WaitStep()


def _choose_in_composer(injection: Injection, now: PaneSnapshot, since: ElapsedTimes, pressed: int) -> Step:
    assert now.profile is not None
    match now.composer:
        case ComposerDraft(text) if _is_our_line(text, injection.line, now.profile):
            return _choose_submit(now, since, pressed)
        case ComposerDraft(text) if pressed and "[swarm#" not in text:
            return _finish(now)
        case ComposerDraft(text):
            return _wait_or_end(PATIENCE_S, since, "draft")
        case EmptyComposer():
            return _finish(now) if pressed else _wait_or_end(SHOWN_S, since, "not-reading")
        case OpenDialog():
            return _wait_or_end(PATIENCE_S, since, "dialog")
        case NoComposer():
            return _wait_or_end(PATIENCE_S if pressed else SHOWN_S, since, "not-reading")


def _finish(now: PaneSnapshot) -> Step:
    """The line left the composer after a submit key. Submitted, unless a human was there and may have erased it."""
    return EndStep(DeliveryState.UNKNOWN, "human-typing") if now.human else SubmittedStep()


def _choose_submit(now: PaneSnapshot, since: ElapsedTimes, pressed: int) -> Step:
    assert now.profile is not None
    reason = _pane_obstacle(now)
    if reason or since.typed_s > PATIENCE_S:  # the pane changed before every submit key
        return _wait_or_end(PATIENCE_S, since, reason or "not-reading")
    if pressed == 0:
        return SubmitStep(1) if since.typed_s * 1000 >= now.profile.gap_ms else WaitStep()
    if since.submit_s < SUBMIT_AGAIN_S:
        return WaitStep()
    if pressed < SUBMIT_KEYS:
        return SubmitStep(pressed + 1)
    return EndStep(DeliveryState.UNKNOWN, "not-reading", f"still in the composer after {pressed} submit keys")


def _wait_or_end(limit_s: float, since: ElapsedTimes, reason: str) -> Step:
    return EndStep(DeliveryState.UNKNOWN, reason) if since.typed_s > limit_s else WaitStep()


def _is_our_line(text: str, line: str, profile: Profile) -> bool:
    return text == composer.remove_spaces(line) or any(
        text.startswith(composer.remove_spaces(folded)) for folded in profile.pasted
    )


def _program_obstacle(now: PaneSnapshot) -> str | None:
    if now.pane.dead:
        return "dead"
    if now.program is not None and now.program.shell:
        return "shell"
    if now.program is None or now.profile is None:
        return "unknown-program"
    return "not-reading" if now.program.stopped else None


def _pane_obstacle(now: PaneSnapshot) -> str | None:
    if now.pane.in_mode:
        return "copy-mode"
    if now.pane.input_off:
        return "input-off"
    return "human-typing" if now.human else None


def _screen_obstacle(now: PaneSnapshot) -> str | None:
    if now.unread:
        return "not-reading"
    match now.composer:
        case EmptyComposer():
            return None
        case ComposerDraft():
            return "draft"
        case OpenDialog():
            return "dialog"
        case NoComposer():
            return "not-reading"
