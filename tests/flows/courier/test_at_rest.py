"""Panes that were at rest in the last snapshot: typed into without another one, unless they changed since."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swarm_agents.courier import screen_reader
from swarm_agents.panes import foreground
from swarm_agents.panes.keyboard import Keyboard, Stroke
from swarm_agents.panes.snapshot import ServerSnapshot
from tests.support.courier_swarm import CourierSwarm
from tests.support.terminal import attached
from tests.support.tmux import FAKE_AGENT, FakeAgent
from tests.support.until import until


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the courier did to tmux, in order."""
    done: list[str] = []
    look, type_ = screen_reader.read_panes, Keyboard.type

    def looked(*arguments: Any, **options: Any) -> object:
        done.append("look")
        return look(*arguments, **options)

    def typed(keyboard: Keyboard, strokes: Sequence[Stroke]) -> object:
        result = type_(keyboard, strokes)
        done.append("typed" if isinstance(result, tuple) and any(result) else "refused")
        return result

    monkeypatch.setattr(screen_reader, "read_panes", looked)
    monkeypatch.setattr(Keyboard, "type", typed)
    return done


def test_a_pane_at_rest_gets_its_line_before_another_snapshot(swarm: CourierSwarm, acts: list[str]) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)
    acts.clear()

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert acts[0] == "typed"
    assert len(agent.prompts()) == 1


def test_panes_at_rest_get_their_line_at_once_and_the_others_after_a_snapshot(
    swarm: CourierSwarm, acts: list[str]
) -> None:
    ann, bob, cid = swarm.agent("ann"), swarm.agent("bob"), swarm.agent("cid", "--restless")
    swarm.rest(ann, bob)
    acts.clear()

    message = swarm.say("hello")
    swarm.rounds_until_done()

    assert acts[:2] == ["typed", "look"]
    assert {name: swarm.state(message, name)[0] for name in ("ann", "bob", "cid")} == dict.fromkeys(
        ("ann", "bob", "cid"), "submitted"
    )
    assert [len(agent.prompts()) for agent in (ann, bob, cid)] == [1, 1, 1]


MOVES: dict[str, Callable[[FakeAgent], object]] = {
    "dialog": lambda agent: os.kill(agent.pane.pane_pid, signal.SIGUSR1),
    "draft": lambda agent: agent.keys("-l", "please fix"),
    "copy-mode": lambda agent: agent.server.run("copy-mode", "-t", agent.pane.pane_id),
    "input-off": lambda agent: agent.server.run("select-pane", "-d", "-t", agent.pane.pane_id),
}
SEEN = {"dialog": "Do you want", "draft": "please fix"}
ACTIVITY = "#{window_activity}"


@pytest.mark.parametrize("reason", MOVES)
def test_a_pane_that_changed_since_gets_nothing(swarm: CourierSwarm, reason: str) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)

    MOVES[reason](agent)
    until(lambda: agent.shows(SEEN.get(reason, "")), "it has changed")
    typed = agent.typed()
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", reason)

    assert agent.typed() == typed


@pytest.mark.parametrize(("kill", "reason"), [("kill-pane", "gone"), ("respawn-pane -k", "replaced")])
def test_a_pane_that_is_gone_or_replaced_fails(swarm: CourierSwarm, kill: str, reason: str) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)

    swarm.tmux.run(*kill.split(), "-t", agent.pane.pane_id)
    message = swarm.say("hello")
    swarm.rounds_until_done()

    assert swarm.state(message, "ann")[0] in ("failed", "unknown")
    assert swarm.state(message, "ann")[1] == reason


def test_a_program_that_died_at_rest_does_not_take_the_server_with_it(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)
    server = swarm.tmux.server_pid()

    os.kill(agent.pane.pane_pid, signal.SIGKILL)
    until(lambda: swarm.tmux.run("display-message", "-p", "-t", agent.pane.pane_id, "#{pane_dead}") == "1", "it died")
    swarm.say("hello")
    swarm.rounds_until_done()

    assert swarm.tmux.server_pid() == server


def test_a_pane_that_moved_to_a_window_of_the_same_age_is_read_again(swarm: CourierSwarm) -> None:
    ann, bob = swarm.agent("ann"), swarm.agent("bob")
    until(lambda: draw_in_one_second(ann, bob), "both have drawn in the same second")
    swarm.rest(ann, bob)

    MOVES["dialog"](ann)
    until(lambda: ann.shows(SEEN["dialog"]), "it asks")
    swarm.tmux.run("swap-pane", "-d", "-s", ann.pane.pane_id, "-t", bob.pane.pane_id)
    message = swarm.say("hello", "ann")
    swarm.rounds_until(message, "ann", "queued", "dialog")

    assert ann.typed() == b""


def draw_in_one_second(*agents: FakeAgent) -> bool:
    """Have them draw the same again; whether their windows show the same second then."""
    for agent in agents:
        os.kill(agent.pane.pane_pid, signal.SIGWINCH)
    seconds = {agent.server.run("display-message", "-p", "-t", agent.pane.pane_id, ACTIVITY) for agent in agents}
    return len(seconds) == 1


def test_a_program_that_has_not_read_its_keys_yet_gets_nothing(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--deaf")
    tty = swarm.rest(agent).panes[agent.pane.pane_id].tty

    agent.keys("-l", "please fix")
    until(lambda: foreground.count_unread_bytes(tty) == len("please fix"), "the keys wait in its terminal")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "not-reading")

    assert foreground.count_unread_bytes(tty) == len("please fix")


def test_a_pane_that_chose_another_profile_since_gets_nothing(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)

    swarm.tmux.find(agent.pane).set_option("@swarm_profile", "unknown")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "unknown-program")

    assert agent.typed() == b""


def test_a_screen_that_was_cleared_by_tmux_is_read_again(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)

    agent.keys("-R")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "not-reading")

    assert agent.typed() == b""


def test_a_pane_that_redrew_the_same_gets_its_line_after_a_snapshot(swarm: CourierSwarm, acts: list[str]) -> None:
    agent = swarm.agent("ann")
    swarm.rest(agent)
    for shown in (True, False):
        os.kill(agent.pane.pane_pid, signal.SIGUSR1)
        until(lambda: agent.shows("Do you want") == shown, "the question came and went")  # noqa: B023 - asked at once
    acts.clear()

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert acts[:2] == ["refused", "look"]
    assert len(agent.prompts()) == 1


def test_a_pane_that_a_terminal_shows_now_is_read_again(swarm: CourierSwarm, acts: list[str]) -> None:
    agent = swarm.agent("ann")
    with attached(swarm.tmux, "base"):
        for window in (agent.pane.pane_id, "base:0"):  # it has its size from then on
            swarm.tmux.run("select-window", "-t", window)
        swarm.rest(agent)
        swarm.tmux.run("select-window", "-t", agent.pane.pane_id)
        acts.clear()

        message = swarm.say("hello")
        swarm.rounds_until(message, "ann", "submitted")

    assert acts[:2] == ["refused", "look"]
    assert len(agent.prompts()) == 1


def test_a_pane_that_printed_in_the_second_of_a_snapshot_is_not_at_rest(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    look = swarm.rest(agent)
    pane = look.panes[agent.pane.pane_id]

    def seen(**changes: int) -> ServerSnapshot:
        return replace(look, since=100, panes={agent.pane.pane_id: replace(pane, **changes)})

    assert seen(activity=99, watchers=0).is_at_rest(agent.pane)
    assert not seen(activity=100, watchers=0).is_at_rest(agent.pane)
    assert not seen(activity=99, watchers=1).is_at_rest(agent.pane)
    assert not replace(seen(activity=99, watchers=0), screens={}).is_at_rest(agent.pane)


def test_an_agent_in_a_shell_script_gets_its_line_after_a_snapshot(swarm: CourierSwarm, acts: list[str]) -> None:
    agent = below_a_shell(swarm, "-c", ending="true")
    swarm.rest(agent)
    acts.clear()

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert acts[0] == "look"
    assert len(agent.prompts()) == 1


def test_a_shell_that_silently_replaced_an_agent_gets_nothing(swarm: CourierSwarm) -> None:
    agent = below_a_shell(swarm, "-mc", ending="exec sh -s")
    swarm.rest(agent)

    os.kill(child_of(agent.pane.pane_pid), signal.SIGKILL)
    until(lambda: foreground.read_programs([agent.pane.pane_pid])[agent.pane.pane_pid].shell, "a shell reads there")
    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "shell")

    assert swarm.tmux.run("display-message", "-p", "-t", agent.pane.pane_id, "#{@swarm_last}") == ""


def below_a_shell(swarm: CourierSwarm, option: str, ending: str) -> FakeAgent:
    """The agent ann below a shell that says nothing when it ends, and goes on to something else."""
    record = swarm.tmux.folder / "ann.jsonl"
    script = f"exec 2>/dev/null; {sys.executable} -SEI {FAKE_AGENT} {record}; {ending}"
    agent = FakeAgent(swarm.tmux, "ann", swarm.tmux.pane("sh", option, script, profile="claude-code"), record)
    until(record.exists, "it has started")
    swarm.join("ann", agent.pane)
    return agent


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
