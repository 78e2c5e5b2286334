"""Rows of tmux's answers with fields that are empty or unknown: what can be read counts, the rest is unknown."""

import pytest

from swarm_agents.courier import courier
from swarm_agents.model import PaneAddress
from swarm_agents.panes import pane, snapshot
from swarm_agents.panes.pane import Pane
from swarm_agents.panes.snapshot import ServerSnapshot
from swarm_agents.panes.tmux import NoAnswer, TmuxOutput

SOCKET, SERVER, MARK = "/tmp/tmux", "100:1796000000", "=mark="
ADDRESS = PaneAddress(SOCKET, SERVER, "%3", 4711)
TEXTS = ["%3", "/dev/pts/3", "@1", "window", "title", "/tmp", "cat", "token", "plain", "a notice"]
NUMBERS = {"pane_pid": "4711", "pane_dead": "0", "pane_in_mode": "0", "pane_input_off": "0", "cursor_x": "2"} | {
    "cursor_y": "7",
    "pane_width": "100",
    "pane_height": "30",
    "window_activity": "1796000100",
    "window_active_clients": "0",
}


def read(**numbers: str) -> Pane:
    return pane.read_pane(SOCKET, SERVER, iter([*TEXTS, " ".join((NUMBERS | numbers).values()) + "\n"]))


def look(found: Pane) -> ServerSnapshot:
    return ServerSnapshot(SOCKET, SERVER, since=1796000200, panes={"%3": found}, screens={"%3": ()})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("told", ["", "x", "-1", "²"])
def test_a_number_that_tmux_does_not_tell_is_unknown_and_hides_nothing_else(name: str, told: str) -> None:
    found = read(**{name: told})

    assert found.unknown == {name}
    assert (found.title, found.last, found.notice) == ("title", "token", "a notice")
    assert found.address.pane_id == "%3"
    assert name == "cursor_y" or found.cursor_y == 7
    assert not look(found).is_at_rest(ADDRESS)


def test_a_row_with_fewer_or_more_numbers_is_read_as_far_as_it_goes() -> None:
    fewer = pane.read_pane(SOCKET, SERVER, iter([*TEXTS, "4711 0\n"]))
    more = pane.read_pane(SOCKET, SERVER, iter([*TEXTS, " ".join(NUMBERS.values()) + " 9 new\n"]))

    assert fewer.address == more.address == ADDRESS
    assert "cursor_x" in fewer.unknown
    assert not more.unknown


def test_a_dead_pane_whose_process_tmux_does_not_tell_is_dead_at_its_address() -> None:
    seen = look(read(pane_pid="", pane_dead="1"))

    found = seen.find_pane(ADDRESS)

    assert found is not None and found.dead
    assert found.address == ADDRESS
    assert courier.find_gone_agents({"ann": ADDRESS}, {SOCKET: seen}) == ("ann",)


@pytest.mark.parametrize("name", ["pane_pid", "pane_dead"])
def test_an_agent_of_whose_process_tmux_tells_nothing_is_neither_gone_nor_seen_alive(name: str) -> None:
    seen = look(read(**{name: ""}))

    assert courier.find_gone_agents({"ann": ADDRESS}, {SOCKET: seen}) == ()
    assert courier.find_living_agents({"ann": ADDRESS}, {SOCKET: seen}) == ()


def test_a_pane_of_a_restarted_server_is_gone_even_without_its_process() -> None:
    seen = look(read(pane_pid=""))

    assert seen.find_pane(ADDRESS._replace(server="200:1796000001")) is None


def test_a_process_that_tmux_does_not_tell_is_sent_no_signal() -> None:
    assert look(read(pane_pid="")).list_processes() == []


def test_a_client_whose_last_key_is_unknown_counts_as_typing() -> None:
    client = pane.read_client(iter(["/dev/pts/9", "%3", " 0 0\n"]))

    assert ServerSnapshot(SOCKET, SERVER, clients=(client,)).is_human_typing("%3", 2.0)


def test_a_row_without_an_id_makes_no_snapshot_in_which_its_pane_is_gone() -> None:
    row = MARK.join(["", "pane", "", *TEXTS[1:], " ".join(NUMBERS.values())])
    answer = TmuxOutput(f"{MARK}server{MARK}{SERVER}\n{row}\n{MARK}end\n".encode(), "")

    assert isinstance(snapshot._read(SOCKET, MARK, 0, [], answer), NoAnswer)


def test_the_rows_of_a_screen_whose_height_is_unknown_are_asked_for_apart() -> None:
    row = MARK.join(["", "pane", *TEXTS, " ".join((NUMBERS | {"pane_height": ""}).values())])
    head = f"{MARK}server{MARK}{SERVER}\n{row}\n"
    together = TmuxOutput(f"{head}{MARK}screens{MARK}\none\n{MARK}end\n".encode(), "")
    apart = TmuxOutput(f"{head}{MARK}screen{MARK}3{MARK}\none\ntwo\n{MARK}end\n".encode(), "")

    assert snapshot._read(SOCKET, MARK, 0, ["%3"], together) is None
    seen = snapshot._read(SOCKET, MARK, 0, ["%3"], apart)
    assert isinstance(seen, ServerSnapshot)
    assert seen.screens["%3"] == ("one", "two")
