"""Previews of agents' panes on real tmux servers, where one bad pane or server affects no other."""

import os
import signal
import sys
import threading
from collections.abc import Callable

import pytest

from swarm_agents.courier import previews
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux as transport
from swarm_agents.roster import Agent
from tests.support.tmux import FAKE_AGENT, FakeAgent, Tmux, private_server
from tests.support.until import until


def agent(name: str, pane: PaneAddress | None) -> Agent:
    return Agent(name, "agent", joined_at=0, seen_at=0, left_at=None, pane=pane)


def look(*agents: Agent) -> dict[str, previews.Preview]:
    return previews.take(agents, screen_profiles.load_profiles())


def look_at(fake: FakeAgent) -> previews.Preview:
    return look(agent(fake.name, fake.pane))[fake.name]


def nothing(_: FakeAgent) -> None:
    pass


def drafted(fake: FakeAgent) -> None:
    fake.keys("-l", "half a thought")
    until(lambda: fake.shows("half a thought"), "the draft stands there")


def asking(fake: FakeAgent) -> None:
    os.kill(fake.pane.pane_pid, signal.SIGUSR1)
    until(lambda: fake.shows("1. Yes"), "the dialog stands there")


def scrolled(fake: FakeAgent) -> None:
    fake.server.run("copy-mode", "-t", fake.pane.pane_id)


def closed(fake: FakeAgent) -> None:
    fake.server.run("kill-pane", "-t", fake.pane.pane_id)


@pytest.mark.parametrize(
    ("happens", "state"),
    [(nothing, "ready"), (drafted, "draft"), (asking, "dialog"), (scrolled, "copy-mode"), (closed, "gone")],
)
def test_a_preview_has_the_state_of_the_pane(tmux: Tmux, happens: Callable[[FakeAgent], None], state: str) -> None:
    fake = tmux.agent("ann")

    happens(fake)

    assert look_at(fake).state == state


def test_a_preview_has_the_end_of_the_screen_as_harmless_text(tmux: Tmux) -> None:
    fake = tmux.agent("ann")
    drafted(fake)

    seen = look_at(fake)

    assert any("half a thought" in line for line in seen.last_lines(5))
    assert all(line.isprintable() for line in seen.last_lines(50))
    assert seen.program == "Claude Code"


def test_an_agent_without_a_pane_asks_no_tmux() -> None:
    assert look(agent("ann", None))["ann"].state == previews.NO_TMUX


def test_a_server_that_does_not_answer_hides_no_other_one(tmux: Tmux) -> None:
    here = tmux.agent("ann")
    with private_server() as other:
        frozen = other.agent("bob")
        with other.frozen():
            seen = previews.take(
                [agent("ann", here.pane), agent("bob", frozen.pane)], screen_profiles.load_profiles(), limit_s=0.5
            )

    assert {name: one.state for name, one in seen.items()} == {"ann": "ready", "bob": previews.NO_ANSWER}


def test_a_pane_with_an_awkward_title_and_folder_hides_no_other_one(
    tmux: Tmux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    healthy, awkward = tmux.agent("ann"), tmux.folder / "a\nb\u241e"
    awkward.mkdir()
    odd = tmux.pane(sys.executable, "-SEI", str(FAKE_AGENT), str(tmux.folder / "odd"), profile="claude-code")
    tmux.run("respawn-pane", "-k", "-t", odd.pane_id, "-c", str(awkward), "printf '\\033]2;a\u241eb\\033\\\\'; cat")

    seen = look(agent("ann", healthy.pane), agent("odd", odd))

    assert (seen["ann"].state, seen["odd"].state) == ("ready", "replaced")


def test_servers_that_do_not_answer_are_waited_for_together(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    here, both, start = tmux.agent("ann"), threading.Barrier(2), transport.start_script

    def started(socket: str, script: str) -> transport.TmuxProcess:
        if socket != tmux.socket:
            both.wait(timeout=20)  # the one is asked while the other one is: else it is broken, and nothing is found
        return start(socket, script)

    monkeypatch.setattr(transport, "start_script", started)
    with private_server() as other, private_server() as third:
        frozen = [agent("bob", other.pane("cat")), agent("cleo", third.pane("cat"))]
        with other.frozen(), third.frozen():
            seen = previews.take([agent("ann", here.pane), *frozen], screen_profiles.load_profiles(), limit_s=1.0)

    assert [seen[name].state for name in ("ann", "bob", "cleo")] == ["ready", "no-answer", "no-answer"]
