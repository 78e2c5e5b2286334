"""The courier's next step with a pane, chosen only from how the pane was seen."""

from dataclasses import replace

import pytest

from swarm_agents.courier import steps
from swarm_agents.courier.injections import Injection
from swarm_agents.courier.screen_reader import PaneSnapshot
from swarm_agents.courier.steps import (
    ElapsedTimes,
    EndStep,
    PasteStep,
    SubmitStep,
    SubmittedStep,
    WaitStep,
    WithdrawStep,
)
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes.foreground import ForegroundProgram
from tests.unit.courier.test_composer import pane

LINE = "[swarm#7] INFO from ann: hello. Read all of it with: swarm inbox"
INJECTION = Injection(PaneAddress("/s", "1:1", "%1", 2), "7-abc", LINE, age_ms=0, recorded=False, wanted=True)
AGENT = ForegroundProgram(frozenset({"claude"}), shell=False, stopped=False)
SOON, LATER, LATE = ElapsedTimes(0.1, 0.1), ElapsedTimes(1.0, 1.0), ElapsedTimes(100.0, 100.0)


def at(marker: str, text: str = "", human: bool = False, name: str = "claude-code", unread: int = 0) -> PaneSnapshot:
    seen = replace(pane(2 + len(text), 0), last=marker)
    return PaneSnapshot(seen, [f"❯ {text}"], screen_profiles.load_built_in()[name], AGENT, unread, human)


CASES = [
    ("nothing typed, ready", "old", "", SOON, PasteStep()),
    ("nothing typed, a draft", "old", "draft", SOON, WithdrawStep()),
    ("typed and seen", "7-abc", LINE, SOON, SubmitStep(1)),
    ("typed, not yet drawn", "7-abc", "", SOON, WaitStep()),
    ("typed and never drawn", "7-abc", "", LATE, EndStep(DeliveryState.UNKNOWN, "not-reading")),
    ("typed, and a human typed on", "7-abc", LINE + "x", LATER, WaitStep()),
    ("typed, and a human's text stays", "7-abc", LINE + "x", LATE, EndStep(DeliveryState.UNKNOWN, "draft")),
    ("submitted, just now", "7-abc+1", LINE, SOON, WaitStep()),
    ("the key was swallowed", "7-abc+1", LINE, LATER, SubmitStep(2)),
    ("and again", "7-abc+2", LINE, LATER, SubmitStep(3)),
    ("it left", "7-abc+1", "", SOON, SubmittedStep()),
    ("it left, and a human began another", "7-abc+1", "fix", SOON, SubmittedStep()),
    ("seen for long, and no key was possible", "7-abc", LINE, LATE, EndStep(DeliveryState.UNKNOWN, "not-reading")),
    ("another token that begins alike", "7-abcd+1", "", SOON, PasteStep()),
    ("a withdrawn stroke", "7-abc.no", "", SOON, PasteStep()),
]


@pytest.mark.parametrize(("marker", "text", "since", "step"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_a_composer(marker: str, text: str, since: ElapsedTimes, step: steps.Step) -> None:
    assert steps.choose_step(INJECTION, at(marker, text), since) == step


def test_three_keys_are_enough() -> None:
    step = steps.choose_step(INJECTION, at("7-abc+3", LINE), LATER)

    assert isinstance(step, EndStep) and (step.state, step.reason) == (DeliveryState.UNKNOWN, "not-reading")


def test_no_key_is_pressed_beside_a_human() -> None:
    assert steps.choose_step(INJECTION, at("7-abc", LINE, human=True), SOON) == WaitStep()


def test_a_line_that_left_while_a_human_typed_is_unknown() -> None:
    step = steps.choose_step(INJECTION, at("7-abc+1", "", human=True), SOON)

    assert step == EndStep(DeliveryState.UNKNOWN, "human-typing")


def test_a_message_that_was_read_is_not_typed_any_more() -> None:
    assert steps.choose_step(INJECTION._replace(wanted=False), at("old"), SOON) == WithdrawStep()


def test_a_line_that_was_not_typed_at_once_is_withdrawn() -> None:
    assert steps.choose_step(INJECTION._replace(age_ms=3_000), at("old"), SOON) == WithdrawStep()


def test_a_recorded_line_whose_marker_is_gone_is_unknown() -> None:
    step = steps.choose_step(INJECTION._replace(recorded=True), at("9-other"), SOON)

    assert isinstance(step, EndStep) and step.state is DeliveryState.UNKNOWN


def test_no_key_is_pressed_in_a_shell_that_came_back() -> None:
    shell = replace(at("7-abc", LINE), program=ForegroundProgram(frozenset({"bash"}), shell=True, stopped=False))

    assert steps.choose_step(INJECTION, shell, SOON) == EndStep(DeliveryState.FAILED, "shell")


@pytest.mark.parametrize(
    ("unread", "since", "step"),
    [(0, ElapsedTimes(0.0, 0.0), WaitStep()), (0, SOON, SubmittedStep()), (60, LATER, WaitStep())],
)
def test_a_line_reader_has_its_line_when_nothing_is_left_to_read(
    unread: int, since: ElapsedTimes, step: steps.Step
) -> None:
    assert steps.choose_step(INJECTION, at("7-abc+1", name="plain", unread=unread), since) == step


def test_when_a_pane_is_gone_a_typed_line_fails_and_another_is_unknown() -> None:
    assert steps.end_lost_injection(INJECTION._replace(recorded=True), "gone").state is DeliveryState.FAILED
    assert steps.end_lost_injection(INJECTION, "gone").state is DeliveryState.UNKNOWN


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"dead": True}, "dead"), ({"in_mode": True}, "copy-mode"), ({"input_off": True}, "input-off")],
)
def test_each_obstacle_has_its_reason(change: dict[str, bool], reason: str) -> None:
    now = at("")

    assert steps.find_obstacle(now) is None
    assert steps.find_obstacle(replace(now, pane=replace(now.pane, **change))) == reason  # type: ignore[arg-type]


def test_a_pane_of_which_tmux_does_not_tell_all_gets_nothing() -> None:
    now = at("")

    assert steps.find_obstacle(replace(now, pane=replace(now.pane, unknown=frozenset({"cursor_x"})))) == "unreadable"


def test_a_suspended_program_gets_nothing() -> None:
    assert steps.find_obstacle(replace(at(""), program=replace(AGENT, stopped=True))) == "not-reading"
