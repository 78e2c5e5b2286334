"""Sessions in tmux panes: the pane knows the agent, whatever the environment has inherited."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents.model import PaneAddress
from tests.support.repo import Repo, make_repo
from tests.support.tmux import Tmux, private_server


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "repo")


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    with private_server() as server:
        yield server


def start(repo: Repo, pane: PaneAddress, session: str, event: str = "SessionStart", **more: str) -> str:
    typed = json.dumps({"session_id": session, "cwd": str(repo.path), "hook_event_name": event, **more})
    inside = {"TMUX": f"{pane.socket},{pane.server.split(':')[0]},0", "TMUX_PANE": pane.pane_id}
    ran = repo.swarm("hook", "claude", typed=typed, **inside)
    assert ran.exit == 0
    return ran.out


def name_on(tmux: Tmux, pane: PaneAddress) -> str:
    return tmux.run("show-options", "-pqv", "-t", pane.pane_id, "@swarm_agent")


def test_a_session_names_its_pane_so_that_its_commands_need_no_name(repo: Repo, tmux: Tmux) -> None:
    pane = tmux.pane("cat")

    told = start(repo, pane, "s1")

    assert "You are claude-1" in told and "--as" not in told
    assert name_on(tmux, pane) == "claude-1"
    [agent] = repo.swarm("--json", "status").data["agents"]
    assert agent["pane"] == pane.pane_id


def test_a_session_takes_the_name_that_its_pane_has(repo: Repo, tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    tmux.run("set-option", "-p", "-t", pane.pane_id, "@swarm_agent", "otter")

    assert "You are otter" in start(repo, pane, "s1")


def test_a_new_session_in_the_same_pane_is_the_same_agent(repo: Repo, tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    start(repo, pane, "s1")
    start(repo, pane, "s1", "SessionEnd", reason="clear")

    assert "You are claude-1" in start(repo, pane, "s2", source="clear")


def test_a_name_that_a_living_pane_has_is_not_taken_from_it(repo: Repo, tmux: Tmux) -> None:
    first, second = tmux.pane("cat"), tmux.pane("cat")
    start(repo, first, "s1")

    assert "You are claude-2" in start(repo, second, "s2")
    tmux.run("set-option", "-p", "-t", second.pane_id, "@swarm_agent", "claude-1")
    assert "You are claude-2" in start(repo, second, "s2")


def test_a_tmux_that_is_gone_only_takes_the_pane_away(repo: Repo, tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    tmux.stop()

    assert "You are claude-1" in start(repo, pane, "s1")
    [agent] = repo.swarm("--json", "status").data["agents"]
    assert agent["pane"] is None
