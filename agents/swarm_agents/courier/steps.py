"""What to do next with a pane, given how it was just seen. Decides only; the courier acts and records.

A line that is on its way is judged by the pane's marker alone, so whoever goes on after a kill knows what its
predecessor did: another marker, nothing was typed; the token, the text was pasted; the token and `+n`, n submit keys.
"""

from dataclasses import dataclass

from swarm_agents.courier import composer
from swarm_agents.courier.composer import Absent, Dialog, Draft, Empty
from swarm_agents.courier.injections import Typing
from swarm_agents.courier.screen_reader import Situation
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes import Look
from swarm_agents.panes.keyboard import Stroke

FRESH_S = 2.0  # a line not typed by then is taken back: what it carries may be over, or has waited for days
SHOWN_S = 5.0  # until a pasted line must stand in the composer; agents take 20 to 90 ms, a loaded machine longer
SUBMIT_AGAIN_S = 0.6  # a submit key that was swallowed is pressed again after this
SUBMITS = 3  # and no more often than this in all
TAKEN_AFTER_S = 0.05  # before this, what tmux was told to type may not have reached the terminal yet
TAKEN_S = 120.0  # until a line reader must have read its line; it may be at work
PATIENCE_S = 60.0  # with a typed line while a dialog, a mode or a human is in the way of the submit key


@dataclass(frozen=True)
class Since:
    """Seconds since this courier saw the line typed, and since it saw the last submit key pressed."""

    typed_s: float
    submit_s: float


@dataclass(frozen=True)
class Paste:
    """Type the line, and for a line reader its end."""


@dataclass(frozen=True)
class Withdraw:
    """Make sure that it cannot be typed any more, so that what it carries may wait again."""


@dataclass(frozen=True)
class Submit:
    number: int


@dataclass(frozen=True)
class Wait:
    pass


@dataclass(frozen=True)
class Submitted:
    pass


@dataclass(frozen=True)
class End:
    state: DeliveryState
    reason: str
    detail: str = ""


Step = Paste | Withdraw | Submit | Wait | Submitted | End


def obstacle(now: Situation) -> str | None:
    """Why nothing may be typed into this pane now, from the closed list; None when it may."""
    return _program_obstacle(now) or _pane_obstacle(now) or _screen_obstacle(now)


def missing(seen: Look, pane: PaneAddress) -> str:
    """Why a pane is not at its address any more."""
    if seen.server != pane.server:
        return "server-gone"
    return "replaced" if pane.pane_id in seen.panes else "gone"


def lost(typing: Typing, reason: str) -> End:
    """The end of a line whose pane is no more: whether it was typed is only known if it was seen."""
    return End(DeliveryState.FAILED if typing.recorded else DeliveryState.UNKNOWN, reason)


def submits(marker: str, token: str) -> int | None:
    """How many submit keys followed the line, told by the pane's marker; None when it was not typed."""
    base, plus, number = marker.partition("+")
    if base != token:
        return None
    return int(number) if plus and number.isdigit() else 0


def typed(typing: Typing, now: Situation) -> bool:
    """Whether the pane's marker says that the line was typed."""
    return submits(now.pane.last, typing.token) is not None


def paste(typing: Typing, now: Situation) -> Stroke:
    """The stroke that types the line. A line reader shows nothing to wait for: it gets the line's end at once."""
    assert now.profile is not None
    if now.profile.composer:
        return Stroke(now.pane, typing.token, text=typing.line)
    return Stroke(now.pane, f"{typing.token}+1", text=typing.line, submit=now.profile.submit)


def submit(typing: Typing, now: Situation, number: int) -> Stroke:
    assert now.profile is not None
    return Stroke(now.pane, f"{typing.token}+{number}", submit=now.profile.submit)


def withdraw(typing: Typing, now: Situation) -> Stroke:
    return Stroke(now.pane, f"{typing.token}.no")


def next_step(typing: Typing, now: Situation, since: Since) -> Step:
    """What to do with a line that is on its way into a living pane."""
    pressed = submits(now.pane.last, typing.token)
    if pressed is None:
        return _not_typed(typing, now)
    if now.profile is None or now.program is None or now.program.shell:
        return End(DeliveryState.FAILED, "shell" if now.program and now.program.shell else "unknown-program")
    if not now.profile.composer:
        return _in_line_reader(now, since)
    return _in_composer(typing, now, since, pressed)


def _not_typed(typing: Typing, now: Situation) -> Step:
    if typing.recorded:
        return End(DeliveryState.UNKNOWN, "not-reading", "something else was typed in between")
    still_good = typing.wanted and typing.age_ms <= FRESH_S * 1000
    return Paste() if still_good and obstacle(now) is None else Withdraw()


def _in_line_reader(now: Situation, since: Since) -> Step:
    if now.unread == 0 and since.typed_s >= TAKEN_AFTER_S:
        return Submitted()
    return End(DeliveryState.UNKNOWN, "not-reading") if since.typed_s > TAKEN_S else Wait()


def _in_composer(typing: Typing, now: Situation, since: Since, pressed: int) -> Step:
    assert now.profile is not None
    match now.composer:
        case Draft(text) if _is_line(text, typing.line, now.profile):
            return _press(now, since, pressed)
        case Draft(text) if pressed and "[swarm#" not in text:
            return _left(now)
        case Draft(text):
            return _until(PATIENCE_S, since, "draft")
        case Empty():
            return _left(now) if pressed else _until(SHOWN_S, since, "not-reading")
        case Dialog():
            return _until(PATIENCE_S, since, "dialog")
        case Absent():
            return _until(PATIENCE_S if pressed else SHOWN_S, since, "not-reading")


def _left(now: Situation) -> Step:
    """The line left the composer after the submit key: by it, unless a human was there who may have erased it."""
    return End(DeliveryState.UNKNOWN, "human-typing") if now.human else Submitted()


def _press(now: Situation, since: Since, pressed: int) -> Step:
    assert now.profile is not None
    reason = _pane_obstacle(now)
    if reason or since.typed_s > PATIENCE_S:  # the key was refused all the time: the pane never was as it was seen
        return _until(PATIENCE_S, since, reason or "not-reading")
    if pressed == 0:
        return Submit(1) if since.typed_s * 1000 >= now.profile.gap_ms else Wait()
    if since.submit_s < SUBMIT_AGAIN_S:
        return Wait()
    if pressed < SUBMITS:
        return Submit(pressed + 1)
    return End(DeliveryState.UNKNOWN, "not-reading", f"still in the composer after {pressed} submit keys")


def _until(limit_s: float, since: Since, reason: str) -> Step:
    return End(DeliveryState.UNKNOWN, reason) if since.typed_s > limit_s else Wait()


def _is_line(text: str, line: str, profile: Profile) -> bool:
    return text == composer.squeezed(line) or any(
        text.startswith(composer.squeezed(folded)) for folded in profile.pasted
    )


def _program_obstacle(now: Situation) -> str | None:
    if now.pane.dead:
        return "dead"
    if now.program is not None and now.program.shell:
        return "shell"
    if now.program is None or now.profile is None:
        return "unknown-program"
    return "not-reading" if now.program.stopped else None


def _pane_obstacle(now: Situation) -> str | None:
    if now.pane.in_mode:
        return "copy-mode"
    if now.pane.input_off:
        return "input-off"
    return "human-typing" if now.human else None


def _screen_obstacle(now: Situation) -> str | None:
    if now.unread:
        return "not-reading"
    match now.composer:
        case Empty():
            return None
        case Draft():
            return "draft"
        case Dialog():
            return "dialog"
        case Absent():
            return "not-reading"
