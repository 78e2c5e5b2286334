"""An agent whose pane was replaced or is gone is called so everywhere, with the source and age of that knowledge."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from swarm_agents.db.database import Database
from swarm_agents.model import PaneAddress
from swarm_agents.views import agents
from tests.support.repo import Repo
from tests.support.tmux import Tmux, alive
from tests.support.until import until


def close(tmux: Tmux, pane: PaneAddress) -> None:
    tmux.run("kill-pane", "-t", pane.pane_id)


def replace(tmux: Tmux, pane: PaneAddress) -> None:
    tmux.run("respawn-pane", "-k", "-t", pane.pane_id, "cat")


def kill(tmux: Tmux, pane: PaneAddress) -> None:
    os.kill(pane.pane_pid, signal.SIGKILL)  # the pane remains


def end_server(tmux: Tmux, pane: PaneAddress) -> None:
    tmux.stop()


LOSSES = [(close, "gone", "gone"), (replace, "replaced", "replaced"), (kill, "gone", "dead")]
LOSSES += [(end_server, "gone", "server-gone")]


def join(repo: Repo, tmux: Tmux, verb: str = "join") -> PaneAddress:
    pane = tmux.pane("cat")
    server = pane.server.partition(":")[0]
    assert repo.swarm("agent", verb, "ann", "--pane", pane.pane_id, TMUX=f"{tmux.socket},{server},0").exit == 0
    return pane


def lose(tmux: Tmux, pane: PaneAddress, how: Callable[[Tmux, PaneAddress], None]) -> None:
    how(tmux, pane)
    until(lambda: not alive(pane.pane_pid), "its process has ended")


def told(repo: Repo, *verb: str) -> dict[str, Any]:
    [ann] = [one for one in repo.swarm(*verb, "--json").data["agents"] if one["name"] == "ann"]
    found: dict[str, Any] = ann
    return found


def in_view(repo: Repo) -> Any:
    [row] = repo.swarm("db", "query", "select pane_lost from v_agents where name = 'ann'", "--json").data["rows"]
    return row["pane_lost"]


@pytest.mark.parametrize(("how", "state", "why"), LOSSES, ids=lambda value: getattr(value, "__name__", None))
def test_the_status_does_not_call_it_active_without_asking_tmux(
    repo: Repo, tmux: Tmux, how: Callable[[Tmux, PaneAddress], None], state: str, why: str
) -> None:
    pane = join(repo, tmux)
    before = told(repo, "status")["state"]
    lose(tmux, pane, how)

    after = repo.swarm("status", PATH="/nowhere").out

    assert before == "active"
    assert f"ann  gone  seen 0 s ago  its pane {pane.pane_id} has lost its process (the process table, first" in after
    assert told(repo, "status")["pane_lost"]["source"] == "the process table"


@pytest.mark.parametrize(("how", "state", "why"), LOSSES, ids=lambda value: getattr(value, "__name__", None))
def test_the_list_asks_tmux_and_every_other_answer_knows_it_then(
    repo: Repo, tmux: Tmux, how: Callable[[Tmux, PaneAddress], None], state: str, why: str
) -> None:
    lose(tmux, join(repo, tmux), how)
    repo.swarm("status")

    listed = told(repo, "agent", "list")

    if why == "server-gone":
        assert listed["state"] == "gone"
    else:
        assert (listed["state"], listed["pane_lost"]["why"], listed["pane_lost"]["source"]) == (state, why, "tmux")
    assert told(repo, "status") == {key: listed[key] for key in told(repo, "status")}
    assert in_view(repo) == listed["pane_lost"]["why"]


@pytest.mark.parametrize(("how", "state", "why"), LOSSES, ids=lambda value: getattr(value, "__name__", None))
def test_a_courier_records_what_it_sees(
    repo: Repo, tmux: Tmux, how: Callable[[Tmux, PaneAddress], None], state: str, why: str
) -> None:
    lose(tmux, join(repo, tmux), how)

    assert repo.swarm("courier", "--seconds", "0").exit == 0

    assert in_view(repo) == why
    assert told(repo, "status")["state"] == state


def test_who_only_reads_calls_it_gone_too(repo: Repo, tmux: Tmux) -> None:
    lose(tmux, join(repo, tmux), close)

    with Database(repo.place.database) as db:
        [ann] = [one for one in agents.read(db).agents if one.agent.name == "ann"]

    assert (ann.state, ann.agent.pane_loss and ann.agent.pane_loss.source) == ("gone", "the process table")
    assert in_view(repo) is None


def test_a_new_pane_makes_it_active_again(repo: Repo, tmux: Tmux) -> None:
    lose(tmux, join(repo, tmux), close)
    assert told(repo, "agent", "list")["state"] == "gone"

    join(repo, tmux)

    assert (told(repo, "status")["state"], told(repo, "agent", "list")["state"]) == ("active", "active")
    assert in_view(repo) is None


def test_a_command_of_the_agent_outweighs_a_missing_process_but_not_what_tmux_said(repo: Repo, tmux: Tmux) -> None:
    lose(tmux, join(repo, tmux), close)
    assert told(repo, "status")["state"] == "gone"

    repo.swarm("build", "claim", "--as", "ann")
    lives_elsewhere = told(repo, "status")["state"]
    repo.swarm("courier", "--seconds", "0")
    repo.swarm("build", "claim", "--as", "ann")

    assert (lives_elsewhere, told(repo, "status")["state"]) == ("active", "gone")


def test_a_server_that_does_not_answer_makes_no_agent_gone(repo: Repo, tmux: Tmux) -> None:
    join(repo, tmux)

    with tmux.frozen():
        assert told(repo, "agent", "list")["state"] == "active"
        assert told(repo, "status")["state"] == "active"


def test_a_waiter_and_a_fixer_whose_pane_is_gone_are_called_gone(repo: Repo, tmux: Tmux) -> None:
    pane = join(repo, tmux)
    repo.swarm("build", "report", "--summary", "x", "--as", "ann")
    assert told(repo, "status")["state"] == "fixing"

    lose(tmux, pane, close)

    assert told(repo, "status")["state"] == "gone"
