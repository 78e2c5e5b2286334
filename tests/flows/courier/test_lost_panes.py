"""Panes that died, were closed, replaced or moved, and servers that are gone: what becomes of their notices."""

import os
import signal

from tests.support.courier_swarm import CourierSwarm
from tests.support.until import until


def test_a_dead_pane_fails_and_the_tmux_server_lives(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    server = swarm.tmux.server_pid()
    os.kill(agent.pane.pane_pid, signal.SIGKILL)
    dead = ["display-message", "-p", "-t", agent.pane.pane_id, "#{pane_dead}"]
    until(lambda: swarm.tmux.run(*dead).strip() == "1", "the pane is dead")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "failed", "dead")

    assert swarm.tmux.server_pid() == server


def test_a_killed_pane_is_gone(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.tmux.run("kill-pane", "-t", agent.pane.pane_id)

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "failed", "gone")

    assert swarm.round().gone_agents == () or swarm.round().gone_agents == ("ann",)


def test_a_respawned_pane_is_another_one(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.tmux.run("respawn-pane", "-k", "-t", agent.pane.pane_id, "cat")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "failed", "replaced")

    assert "[swarm#" not in swarm.tmux.screen(agent.pane)


def test_a_restarted_server_with_the_same_ids_is_another_one(swarm: CourierSwarm) -> None:
    swarm.agent("ann")
    swarm.tmux.stop()
    swarm.tmux.start()
    stranger = swarm.tmux.agent("stranger")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "failed", "server-gone")

    assert stranger.typed() == b""


def test_notices_for_a_server_that_is_gone_fail(swarm: CourierSwarm) -> None:
    swarm.agent("ann")
    swarm.tmux.stop()

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "failed", "server-gone")

    assert swarm.state(message, "ann") == ("failed", "server-gone")


def test_a_moved_and_renamed_pane_keeps_its_notices(swarm: CourierSwarm) -> None:
    agent = swarm.agent("ann")
    swarm.tmux.run("new-session", "-d", "-s", "other", "cat")
    swarm.tmux.run("move-window", "-s", agent.pane.pane_id, "-t", "=other:9")
    swarm.tmux.run("rename-session", "-t", "=other", "zother")

    message = swarm.say("hello")
    swarm.rounds_until(message, "ann", "submitted")

    assert len(agent.prompts()) == 1


def test_one_bad_pane_does_not_stop_the_others(swarm: CourierSwarm) -> None:
    gone, healthy = swarm.agent("ann"), swarm.agent("bob")
    swarm.tmux.run("kill-pane", "-t", gone.pane.pane_id)

    message = swarm.say("hello")
    swarm.rounds_until(message, "bob", "submitted")

    assert swarm.state(message, "ann") == ("failed", "gone")
    assert len(healthy.prompts()) == 1
