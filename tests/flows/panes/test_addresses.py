"""Addresses of panes, the options on them, and the human's terminals, on real servers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.errors import NotFound, Unavailable, UsageError
from swarm_agents.model import PaneAddress
from swarm_agents.panes import address, human
from tests.support.repo import Repo
from tests.support.tmux import Tmux, private_server
from tests.support.until import until


def inside(monkeypatch: pytest.MonkeyPatch, pane: PaneAddress) -> None:
    """As if our process ran in that pane."""
    monkeypatch.setenv("TMUX", f"{pane.socket},{pane.server.split(':')[0]},0")
    monkeypatch.setenv("TMUX_PANE", pane.pane_id)


def test_our_own_pane_is_found_by_the_environment(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = tmux.pane("cat")
    inside(monkeypatch, pane)

    address.set_agent(pane, "ann")

    assert address.find_own_pane() == pane
    assert address.find_own_agent() == "ann"
    address.set_agent(pane, None)
    assert address.find_own_agent() is None


def test_what_a_verb_asks_of_its_own_pane_loads_no_libtmux(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    inside(monkeypatch, tmux.pane("cat"))
    asked = [
        "import sys",
        "from swarm_agents.panes import address",
        "pane = address.find_own_pane()",
        "address.set_agent(pane, 'ann')",
        "print(address.find_own_agent(), address.is_alive(pane), 'libtmux' in sys.modules)",
    ]

    ended = subprocess.run([sys.executable, "-c", "; ".join(asked)], capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["ann", "True", "False"]


def test_a_server_is_named_by_the_environment_without_a_pane(
    repo: Repo, tmux: Tmux, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = tmux.pane("cat")
    inside(monkeypatch, pane)
    monkeypatch.delenv("TMUX_PANE")
    monkeypatch.setenv("TMUX_TMPDIR", str(repo.path))  # no server is there

    joined = repo.swarm("agent", "join", "ann", "--pane", pane.pane_id)
    other = repo.swarm("agent", "join", "bob", "--pane", "%999", "--json")

    assert joined.exit == 0
    with Database(repo.place.database) as db:
        assert roster.read(db, "ann").pane == pane
    assert tmux.run("show-options", "-pqv", "-t", pane.pane_id, "@swarm_agent") == "ann"
    assert (other.exit, other.json["next"]) == (92, f"tmux -S {tmux.socket} list-panes -a")


def test_the_documented_command_for_a_profile_sets_it_on_the_named_pane_alone(tmux: Tmux) -> None:
    [command] = set(re.findall(r"`(tmux set[^`]*@swarm_profile[^`]*)`", Path("docs/deliveries.md").read_text()))
    typed_in, named, looked_at = (tmux.pane("sh") for _ in range(3))
    command = command.replace("%N", named.pane_id).replace("NAME", "plain")

    tmux.run("send-keys", "-t", typed_in.pane_id, f"env -u TMUX_PANE {command}; tmux wait-for -S done", "Enter")
    tmux.run("wait-for", "done")

    profiles = tmux.run("list-panes", "-a", "-F", "#{pane_id}=#{@swarm_profile}").split()
    assert f"{named.pane_id}=plain" in profiles
    assert {f"{typed_in.pane_id}=", f"{looked_at.pane_id}="} <= set(profiles)


def test_outside_tmux_there_is_no_pane() -> None:
    assert address.find_own_pane() is None
    assert address.find_own_agent() is None


def test_a_pane_of_an_earlier_server_is_not_ours(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = tmux.pane("cat")
    inside(monkeypatch, pane)
    tmux.stop()
    tmux.start()
    tmux.pane("cat")

    assert address.find_own_pane() is None
    assert address.find_own_agent() is None
    assert not address.is_alive(pane)


def test_a_global_option_names_no_agent(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    pane = tmux.pane("cat")
    inside(monkeypatch, pane)
    tmux.run("set-option", "-g", "@swarm_agent", "all-agents")

    assert address.find_own_agent() is None


def test_an_agent_is_never_written_on_a_pane_that_was_replaced(tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    tmux.run("respawn-pane", "-k", "-t", pane.pane_id, "cat")

    with pytest.raises(NotFound):
        address.set_agent(pane, "ann")

    assert tmux.run("show-options", "-pqv", "-t", pane.pane_id, "@swarm_agent") == ""


@pytest.mark.parametrize("word", ["", "3", "%", "%x", "%1;kill-server", "=base", "%1\n"])
def test_an_invalid_pane_id_is_a_usage_error(tmux: Tmux, word: str) -> None:
    with pytest.raises(UsageError):
        address.find_address(word, tmux.socket)


def test_a_pane_that_is_not_there_is_not_found(tmux: Tmux) -> None:
    with pytest.raises(NotFound):
        address.find_address("%999", tmux.socket)


def attach(tmux: Tmux, outer: Tmux, session: str) -> str:
    """A terminal that is attached: a pane of another server. Its client's name."""
    before = set(clients(tmux))
    outer.pane("env", "-u", "TMUX", "tmux", "-u", "-S", tmux.socket, "attach", "-t", f"={session}")
    until(lambda: len(clients(tmux)) > len(before), "the terminal is attached")
    return (set(clients(tmux)) - before).pop()


def clients(tmux: Tmux) -> list[str]:
    return tmux.run("list-clients", "-F", "#{client_name}").split()


def shown(tmux: Tmux, client: str) -> str:
    lines = tmux.run("list-clients", "-F", "#{client_name} #{pane_id}").splitlines()
    return dict(line.split() for line in lines)[client]


def test_jump_moves_the_named_terminal_and_no_other(tmux: Tmux) -> None:
    tmux.run("new-session", "-d", "-s", "far", "cat")
    there = address.find_address(tmux.run("list-panes", "-t", "=far:", "-F", "#{pane_id}"), tmux.socket)
    with private_server() as outer:
        mine, other = attach(tmux, outer, "base"), attach(tmux, outer, "base")
        stays = shown(tmux, other)

        human.jump_to(there, mine)

        assert shown(tmux, mine) == there.pane_id
        assert shown(tmux, other) == stays


def test_jump_from_inside_moves_our_own_terminal(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    here = address.find_address(tmux.run("list-panes", "-t", "=base:", "-F", "#{pane_id}"), tmux.socket)
    there = tmux.pane("cat")
    inside(monkeypatch, here)
    with private_server() as outer:
        client = attach(tmux, outer, "base")

        human.jump_to(there)

        assert shown(tmux, client) == there.pane_id


def test_jump_without_a_terminal_says_what_to_type(tmux: Tmux) -> None:
    pane = tmux.pane("cat")

    with pytest.raises(Unavailable) as raised:
        human.jump_to(pane)

    assert raised.value.next == f"tmux -S {tmux.socket} attach -t {pane.pane_id}"


def test_jump_to_a_pane_that_is_gone_is_refused(tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    tmux.run("kill-pane", "-t", pane.pane_id)

    with pytest.raises(NotFound):
        human.jump_to(pane)


def test_a_line_for_the_human_is_shown_as_it_is(tmux: Tmux) -> None:
    with private_server() as outer:
        client = attach(tmux, outer, "base")

        human.display_line(tmux.socket, client, "100% of #S at %H #(touch x)")

        until(lambda: "100% of #S at %H #(touch x)" in all_screens(outer), "the line is on the status bar")
    assert not Path("x").exists()


def all_screens(tmux: Tmux) -> str:
    pane_ids = tmux.run("list-panes", "-a", "-F", "#{pane_id}").split()
    return "\n".join(tmux.run("capture-pane", "-p", "-t", pane_id) for pane_id in pane_ids)


def test_no_option_of_the_whole_server_is_ever_set(tmux: Tmux) -> None:
    before = tmux.run("show-options", "-g"), tmux.run("show-options", "-s"), tmux.run("show-options", "-wg")
    pane = tmux.pane("cat")

    address.set_agent(pane, "ann")

    assert before == (tmux.run("show-options", "-g"), tmux.run("show-options", "-s"), tmux.run("show-options", "-wg"))
