"""Strokes on real panes that changed after the snapshot: nothing is typed, and nothing else breaks."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from swarm_agents.panes.keyboard import Keyboard, Stroke
from swarm_agents.panes.pane import Pane
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from tests.support.terminal import attached
from tests.support.tmux import FakeAgent, Tmux
from tests.support.until import until

LINE = "[swarm#1] hello"


def seen(agent: FakeAgent) -> Pane:
    look = take_snapshot(agent.pane.socket)
    assert isinstance(look, ServerSnapshot)
    return look.panes[agent.pane.pane_id]


def stroke(pane: Pane, token: str = "1-a") -> Stroke:
    return Stroke(pane, token, text=LINE, submit="\r")


def type_in(*strokes: Stroke) -> tuple[bool, ...]:
    with Keyboard(strokes[0].pane.socket) as keyboard:
        done = keyboard.type(strokes)
    assert isinstance(done, tuple), done
    return done


def killed(agent: FakeAgent) -> None:
    os.kill(agent.pane.pane_pid, signal.SIGKILL)
    until(lambda: seen(agent).dead, "the pane is dead")


def closed(agent: FakeAgent) -> None:
    agent.server.run("kill-pane", "-t", agent.pane.pane_id)


def respawned(agent: FakeAgent) -> None:
    agent.server.run("respawn-pane", "-k", "-t", agent.pane.pane_id, "cat")


def scrolled(agent: FakeAgent) -> None:
    agent.server.run("copy-mode", "-t", agent.pane.pane_id)


def switched_off(agent: FakeAgent) -> None:
    agent.server.run("select-pane", "-d", "-t", agent.pane.pane_id)


def typed_by_a_human(agent: FakeAgent) -> None:
    agent.keys("-l", "x")
    until(lambda: agent.shows("❯ x"), "the key is echoed")


def marked_by_another_courier(agent: FakeAgent) -> None:
    agent.server.find(agent.pane).set_option("@swarm_last", "2-b")


@pytest.mark.parametrize(
    "changed", [killed, closed, respawned, scrolled, switched_off, typed_by_a_human, marked_by_another_courier]
)
def test_a_pane_that_changed_after_the_snapshot_gets_nothing(tmux: Tmux, changed: Callable[[FakeAgent], None]) -> None:
    agent, healthy = tmux.agent("ann"), tmux.agent("bob")
    server, before, other = tmux.server_pid(), seen(agent), seen(healthy)

    changed(agent)
    done = type_in(stroke(before), stroke(other))

    assert done == (False, True)
    assert tmux.server_pid() == server
    assert b"[swarm#" not in agent.typed()
    until(lambda: healthy.prompts() == [LINE], "the other one got its line")


def test_of_all_strokes_from_one_snapshot_only_the_first_is_done(tmux: Tmux) -> None:
    agent = tmux.agent("ann")
    before = seen(agent)

    first, other = type_in(stroke(before, "1-a")), type_in(stroke(before, "2-b"))

    assert (first, other) == ((True,), (False,))
    until(lambda: agent.prompts() == [LINE], "the line arrived once")


def test_a_stroke_that_is_sent_twice_is_done_once(tmux: Tmux) -> None:
    agent = tmux.agent("ann")
    before = seen(agent)

    type_in(stroke(before))
    type_in(stroke(before))

    until(lambda: agent.prompts() == [LINE], "the line arrived")
    type_in(Stroke(seen(agent), "2-b", text="then", submit="\r"))
    until(lambda: agent.prompts() == [LINE, "then"], "the line arrived once")


def test_a_line_that_was_withdrawn_never_fits_again(tmux: Tmux) -> None:
    agent = tmux.agent("ann")
    before = seen(agent)

    withdrawn = type_in(Stroke(before, "1-a.no"))
    late = type_in(stroke(before))

    assert (withdrawn, late) == ((True,), (False,))
    assert agent.typed() == b""


def test_the_same_pane_of_a_server_that_was_restarted_gets_nothing(tmux: Tmux) -> None:
    agent = tmux.agent("ann")
    before = seen(agent)

    done = type_in(stroke(replace(before, address=before.address._replace(server="1:1"))))

    assert (done, seen(agent).last, agent.typed()) == ((False,), "", b"")


def test_a_marker_that_is_not_ours_does_no_harm(tmux: Tmux) -> None:
    agent = tmux.agent("ann")
    tmux.find(agent.pane).set_option("@swarm_last", "#(touch x)',} { kill-server }")

    assert type_in(stroke(seen(agent))) == (True,)


@pytest.mark.parametrize("foreign", ["not ours", "1-a\n", "x,y}", "é"])
def test_a_marker_that_is_not_ours_fits_one_stroke_and_no_later_one(tmux: Tmux, foreign: str) -> None:
    agent = tmux.agent("ann")
    tmux.find(agent.pane).set_option("@swarm_last", foreign)
    before = seen(agent)

    first = type_in(stroke(before, "1-a"))
    until(lambda: agent.prompts() == [LINE], "the line arrived")
    again = replace(before, cursor_y=seen(agent).cursor_y)  # a full screen's composer is where it was
    late, withdrawn = type_in(stroke(again, "2-b")), type_in(Stroke(again, "1-a.no"))

    assert (first, late, withdrawn) == ((True,), (False,), (False,))


def test_two_scripts_never_share_a_text_even_where_a_hook_of_the_users_lets_one_into_the_other(tmux: Tmux) -> None:
    ann, bob = tmux.agent("ann"), tmux.agent("bob")
    tmux.set_hook("after-set-buffer", "run-shell 'sleep 0.5'")
    to_ann, to_bob = (Stroke(seen(one), "1-a", text=f"for {one.name}", submit="\r") for one in (ann, bob))

    first = threading.Thread(target=type_in, args=[to_ann])
    first.start()
    until(lambda: tmux.run("list-buffers") != "", "the first script waits in the hook")
    type_in(to_bob)
    first.join()

    until(lambda: bool(ann.prompts() and bob.prompts()), "both got a line")
    assert (ann.prompts(), bob.prompts()) == (["for ann"], ["for bob"])


def test_nothing_is_left_behind(tmux: Tmux) -> None:
    agent = tmux.agent("ann")

    type_in(stroke(seen(agent)))

    assert tmux.run("list-buffers") == ""
    assert "swarm" not in tmux.run("show-environment", "-gh")


@pytest.mark.parametrize("text", ["a'b", "a\nb", "$HOME", "\x1b[201~"])
def test_an_unsafe_text_is_refused_before_tmux_sees_it(tmux: Tmux, text: str) -> None:
    agent = tmux.agent("ann")

    with pytest.raises(ValueError, match="may not be typed"):
        type_in(Stroke(seen(agent), "1-a", text=text))

    assert agent.typed() == b""


def test_a_stroke_at_rest_is_done_only_where_no_terminal_shows_the_pane(tmux: Tmux) -> None:
    agent = tmux.agent("ann")
    before = seen(agent)

    alone = type_in(Stroke(before, "1-a", text=LINE, at_rest=True))
    until(lambda: agent.shows(LINE), "it is drawn")
    with attached(tmux, "base"):
        tmux.run("select-window", "-t", agent.pane.pane_id)
        until(lambda: seen(agent).watchers == 1, "it is watched")
        watched = type_in(Stroke(seen(agent), "2-b", text=LINE, at_rest=True))

    assert (alone, watched) == ((True,), (False,))
