"""Our libtmux server: what libtmux gets wrong by itself is right here, for every object of it."""

import sys
from collections.abc import Callable
from pathlib import Path

import libtmux
import pytest

from swarm_agents.errors import Unavailable
from swarm_agents.panes.server import CommandWords, TmuxRefusedError, TmuxServer, make_address
from swarm_agents.panes.tmux import ServerGone, ServerGoneError, TmuxOutput
from tests.support.tmux import Tmux
from tests.support.until import until


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("title", ["a\u241eb", "=pane= | 'x'", "💥"])
def test_no_title_and_no_folder_breaks_a_listing(
    tmux: Tmux, locale: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    folder = tmux.folder / "two\nlines"
    folder.mkdir()
    odd = tmux.pane("cat")
    tmux.run("select-pane", "-t", odd.pane_id, "-T", title)
    tmux.run("new-window", "-d", "-c", str(folder), "cat")

    listed = {pane.pane_id: pane for pane in tmux.server.panes}

    assert len(listed) == 3
    assert listed[odd.pane_id].pane_title == title.replace("\u241e", " ")
    assert make_address(listed[odd.pane_id]) == odd
    assert sorted(window.active_pane.pane_id for window in tmux.server.windows if window.active_pane) == sorted(listed)


def test_what_a_hook_of_the_users_prints_breaks_no_listing(tmux: Tmux) -> None:
    tmux.set_hook("after-list-panes", "display-message -p 'a hook, and 3 words more'")
    pane = tmux.pane("cat")

    assert pane.pane_id in [each.pane_id for each in tmux.server.panes]


def test_the_pane_of_this_process_is_not_taken_as_the_target(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    tmux.server.new_session("newer")
    monkeypatch.setenv("TMUX", f"{tmux.socket},{tmux.server_pid()},0")
    monkeypatch.setenv("TMUX_PANE", "%0")

    assert tmux.server.display_message("#{session_name}", get_text=True) == ["newer"]


Act = Callable[[TmuxServer], object]
ACTS: dict[str, Act] = {
    "keys": lambda server: libtmux.Pane(server, pane_id="%999").send_keys("x"),
    "a screen": lambda server: libtmux.Pane(server, pane_id="%999").capture_pane(),
    "a message": lambda server: server.display_message("x", delay=-1),
}
LISTINGS: dict[str, Act] = {
    "panes": lambda server: server.panes,
    "sessions": lambda server: server.sessions,
    "clients": lambda server: server.clients,
    "a window's panes": lambda server: libtmux.Window(server=server, window_id="@0").panes,
}


@pytest.mark.parametrize("name", ACTS)
def test_what_tmux_refuses_is_an_error(tmux: Tmux, name: str) -> None:
    with pytest.raises(TmuxRefusedError, match=r"can't find|delay"):
        ACTS[name](tmux.server)


@pytest.mark.parametrize("name", [*ACTS, *LISTINGS])
def test_a_server_that_is_gone_is_no_empty_server(tmux: Tmux, name: str) -> None:
    tmux.stop()

    with pytest.raises(ServerGoneError):
        (ACTS | LISTINGS)[name](tmux.server)
    assert not tmux.server.is_alive()
    assert not tmux.server.has_session("base")
    tmux.server.kill()
    assert isinstance(tmux.server.run_script("list-panes\n"), ServerGone)


@pytest.mark.parametrize("name", LISTINGS)
def test_a_socket_that_cannot_be_asked_is_no_empty_server(name: str) -> None:
    with pytest.raises(Unavailable) as raised:
        LISTINGS[name](TmuxServer(f"/tmp/{'x' * 200}"))
    assert not isinstance(raised.value, ServerGoneError)


def test_a_whole_script_is_one_process_and_a_failed_line_stops_no_other(tmux: Tmux) -> None:
    ended = tmux.server.run_script("kill-pane -t %999\ndisplay-message -p here\n")

    assert isinstance(ended, TmuxOutput)
    assert ended.output.endswith(b"here\n")
    assert "can't find pane" in ended.errors


def test_words_reach_a_program_as_they_are_in_every_kind_of_pane(tmux: Tmux, tmp_path: Path) -> None:
    words = ["a b", "$HOME", "; touch x", "#{pane_id}", "-x", "it's"]
    write = "import sys, time; open(sys.argv[1], 'w').write(repr(sys.argv[2:])); time.sleep(600)"

    def program(name: str) -> CommandWords:
        return CommandWords([sys.executable, "-c", write, str(tmp_path / name), *words])

    session = tmux.server.new_session("words", window_command=program("session"))
    window = session.new_window(window_shell=program("window"))
    pane = window.panes[0].split(shell=program("split"))
    session.panes[0].split(shell="true").respawn(kill=True, shell=program("respawned"))

    for name in ("session", "window", "split", "respawned"):
        heard = tmp_path / name
        until(lambda: heard.exists() and heard.read_text() == repr(words), f"{name} heard its words")  # noqa: B023
    assert pane.pane_id in [each.pane_id for each in window.panes]


def test_other_servers_of_libtmux_are_as_they_were(tmux: Tmux) -> None:
    theirs = libtmux.Server(socket_path=tmux.socket)

    assert [pane.pane_id for pane in theirs.panes] == [pane.pane_id for pane in tmux.server.panes]
    assert libtmux.Server(socket_path=f"{tmux.socket}-none").panes == []
