"""Private tmux servers: what cannot be started is an error, and nothing outlives the server."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents.errors import Unavailable
from swarm_agents.model import PaneAddress
from swarm_agents.panes import private
from swarm_agents.panes.private import PaneCommand
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.panes.tmux import ServerGone
from tests.support.tmux import alive
from tests.support.until import until

WAITS = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [sys.executable, "-c", "import signal, time; signal.signal(1, signal.SIG_IGN); print('up'); time.sleep(600)"]


@pytest.fixture
def socket() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="swt") as folder:  # short: a socket's path has 107 bytes at most
        yield f"{folder}/tmux"
        private.end_server(f"{folder}/tmux")


def started(socket: str, command: list[str], folder: Path) -> PaneAddress:
    return private.start_server(socket, "first", PaneCommand(command, str(folder), {}), dict(os.environ), 100, 30)


def test_a_missing_folder_is_an_error_and_nothing_runs_elsewhere(socket: str, tmp_path: Path) -> None:
    first = started(socket, WAITS, tmp_path)

    with pytest.raises(Unavailable, match="no folder"):
        private.add_window(socket, "second", PaneCommand(WAITS, str(tmp_path / "missing"), {}))

    seen = take_snapshot(socket)
    assert isinstance(seen, ServerSnapshot)
    assert [pane.address for pane in seen.panes.values()] == [first]


def test_a_missing_program_is_an_error(socket: str, tmp_path: Path) -> None:
    started(socket, WAITS, tmp_path)

    with pytest.raises(Unavailable, match="no-such-program"):
        private.add_window(socket, "second", PaneCommand(["no-such-program", "--word"], str(tmp_path), {}))


def test_a_missing_first_program_leaves_no_server(socket: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no-such-program"):
        started(socket, ["no-such-program"], tmp_path)

    assert isinstance(take_snapshot(socket), ServerGone)


def test_words_reach_the_program_as_they_are(socket: str, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    words = ["a b", "$HOME", "; touch x", "#{pane_id}", "-x"]
    program = f"import sys, time; open({str(heard)!r}, 'w').write(repr(sys.argv[1:])); time.sleep(600)"

    started(socket, [sys.executable, "-c", program, *words], tmp_path)

    until(lambda: heard.exists() and heard.read_text() == repr(words), "the program heard its words")


def test_ending_it_leaves_neither_clients_nor_programs(socket: str, tmp_path: Path) -> None:
    pane = started(socket, WAITS, tmp_path)
    deaf = private.add_window(socket, "deaf", PaneCommand(DEAF, str(tmp_path), {}))
    until(lambda: "up" in _screen(deaf), "the deaf one is up")
    control = subprocess.Popen(["tmux", "-S", socket, "-C", "attach"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    until(lambda: _clients(socket) == 1, "the control client is attached")
    server = int(pane.server.split(":")[0])

    assert private.end_server(socket)

    assert not any(alive(pid) for pid in (server, pane.pane_pid, deaf.pane_pid))
    assert control.wait(timeout=20) is not None
    assert isinstance(take_snapshot(socket), ServerGone)
    assert control.stdin is not None
    control.stdin.close()


def test_its_socket_can_be_used_again_at_once(socket: str, tmp_path: Path) -> None:
    first = started(socket, WAITS, tmp_path)

    private.end_server(socket)
    second = started(socket, WAITS, tmp_path)

    assert second.pane_id == first.pane_id
    assert second.server != first.server


def _screen(pane: PaneAddress) -> str:
    seen = take_snapshot(pane.socket, [pane.pane_id])
    return "\n".join(seen.screens.get(pane.pane_id, ())) if isinstance(seen, ServerSnapshot) else ""


def _clients(socket: str) -> int:
    seen = take_snapshot(socket)
    return len(seen.clients) if isinstance(seen, ServerSnapshot) else 0
