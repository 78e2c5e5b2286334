"""Notices that are held: drafts, modes, shells and unknown programs get nothing."""

import os
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from swarm_agents.panes import foreground
from tests.support.courier_swarm import CourierSwarm
from tests.support.until import until


def test_a_draft_is_left_alone_and_the_notice_follows_it(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann", "--draft", "please fix the au")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "draft")
    assert agent.typed() == b""
    agent.keys("th bug", "Enter")
    swarm.rounds_until(message, "ann", "submitted")

    assert agent.prompts()[0] == "please fix the auth bug"
    assert agent.prompts()[1].startswith(f"[swarm#{message}]")


def test_copy_mode_holds_the_notice(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.tmux.run("copy-mode", "-t", agent.pane.pane_id)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "copy-mode")
    assert agent.typed() == b""
    agent.keys("-X", "cancel")
    swarm.rounds_until(message, "ann", "submitted")

    assert len(agent.prompts()) == 1


def test_a_pane_whose_input_is_off_is_left_alone(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.tmux.run("select-pane", "-d", "-t", agent.pane.pane_id)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "input-off")

    assert agent.typed() == b""


def test_a_shell_is_never_typed_into(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("bash", "--norc", profile="plain")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "shell")

    assert "[swarm#" not in swarm.tmux.screen(pane)


def test_a_shell_with_an_agents_name_is_still_a_shell(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("bash", "-c", "PS1='❯ ' exec -a claude bash --norc")
    until(lambda: "❯" in swarm.tmux.screen(pane), "its prompt stands there")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "shell")

    assert "[swarm#" not in swarm.tmux.screen(pane)


def test_an_agent_suspended_to_its_shell_gets_nothing(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("bash", "--norc", profile="plain")
    swarm.tmux.run("send-keys", "-t", pane.pane_id, "sleep 600", "Enter")
    until(lambda: swarm.tmux.run("display", "-p", "-t", pane.pane_id, "#{pane_current_command}") == "sleep", "it runs")
    swarm.tmux.run("send-keys", "-t", pane.pane_id, "C-z")
    until(lambda: "Stopped" in swarm.tmux.screen(pane), "it is suspended")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "shell")

    assert "[swarm#" not in swarm.tmux.screen(pane)


def test_nothing_is_typed_into_the_shell_of_a_program_that_ends_during_a_snapshot(
    swarm: CourierSwarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = swarm.tmux.pane("env", "PS1=", "dash", "-i", profile="plain")
    swarm.tmux.run("send-keys", "-t", pane.pane_id, "cat", "Enter")
    until(lambda: swarm.tmux.run("display", "-p", "-t", pane.pane_id, "#{pane_current_command}") == "cat", "it runs")
    swarm.join("ann", pane)
    server, leaders = swarm.tmux.server_pid(), foreground.read_leaders

    def asked_just_before_it_ends(pids: Iterable[int]) -> dict[int, foreground.ForegroundProgram]:
        told = leaders(pids)
        if (reader := terminal_group(pane.pane_pid)) != pane.pane_pid:
            os.kill(reader, signal.SIGPIPE)  # of which dash says nothing
        until(lambda: terminal_group(pane.pane_pid) == pane.pane_pid, "its shell is in front")
        os.kill(server, signal.SIGCONT)
        return told

    monkeypatch.setattr(foreground, "read_leaders", asked_just_before_it_ends)
    message = swarm.say("hello")
    os.kill(server, signal.SIGSTOP)
    swarm.rounds_until(message, "ann", "queued", "shell")

    assert "[swarm#" not in swarm.tmux.screen(pane)


def terminal_group(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[5])


def test_a_program_without_a_profile_gets_no_text(swarm: CourierSwarm) -> None:
    pane = swarm.tmux.pane("cat")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "unknown-program")
    swarm.rounds_until(message, "ann", "skipped", "unknown-program")

    assert swarm.tmux.screen(pane).strip() == ""


def test_a_nested_tmux_is_refused(swarm: CourierSwarm) -> None:
    inner = f"{swarm.tmux.folder}/inner"
    pane = swarm.tmux.pane("env", "-u", "TMUX", "tmux", "-f", "/dev/null", "-S", inner, "new-session", "cat")
    until(lambda: "[0]" in swarm.tmux.screen(pane), "the inner tmux draws")
    swarm.join("ann", pane)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "queued", "unknown-program")

    swarm.tmux.run("kill-pane", "-t", pane.pane_id)
    swarm.tmux.end_other(inner)
