"""Starts, fills, attaches to and ends a private tmux server, with everything that runs in its panes.

Ignores the user's tmux configuration, and touches no server other than the one on the given socket.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from libtmux import Pane
from libtmux.exc import LibTmuxException

from swarm_agents.errors import Unavailable
from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.server import CommandWords, TmuxServer, make_address
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.text import one_line

_END_LIMIT_S = 5.0  # SIGHUP ends most programs within milliseconds; after this they are killed
_KILL_LIMIT_S = 1.0
_SESSION = "swarm"
_START_LIMIT_S = 10.0  # a server that is being started reads files first


@dataclass(frozen=True)
class PaneCommand:
    """A program for a pane: its words (no shell parses them), its folder, and additions to its environment."""

    command: Sequence[str]
    folder: str
    environment: Mapping[str, str]


def start_server(
    socket: str, window: str, command: PaneCommand, environment: Mapping[str, str], width: int, height: int
) -> PaneAddress:
    """Start a server whose panes inherit that environment, with one window. Raises `Unavailable`."""
    _check_command(command, environment)
    server = TmuxServer(socket, os.devnull, _START_LIMIT_S, environment)
    with _translated():
        session = server.new_session(
            session_name=_SESSION,
            window_name=window,
            window_command=CommandWords(command.command),
            start_directory=command.folder,
            environment=dict(command.environment),
            x=width,
            y=height,
        )
        return make_address(session.panes[0])


def add_window(socket: str, window: str, command: PaneCommand) -> PaneAddress:
    """Add a window with one pane. Raises `Unavailable`."""
    _check_command(command, os.environ)
    with _translated():
        session = TmuxServer(socket).sessions.get(session_name=_SESSION)
        assert session is not None
        added = session.new_window(
            window_name=window,
            window_shell=CommandWords(command.command),
            start_directory=command.folder,
            environment=dict(command.environment),
        )
        return make_address(added.panes[0])


def add_pane(beside: PaneAddress, command: PaneCommand) -> PaneAddress:
    """Add a pane to the window of another one, and give all of them the same size. Raises `Unavailable`."""
    _check_command(command, os.environ)
    with _translated():
        added = read_pane(beside).split(
            shell=CommandWords(command.command), start_directory=command.folder, environment=dict(command.environment)
        )
        added.window.select_layout("tiled")
        return make_address(added)


def respawn_pane(pane: PaneAddress, command: PaneCommand) -> PaneAddress:
    """Run a program in a pane whose program has ended. The pane keeps its place, its id and its options.

    Raises `Unavailable`.
    """
    _check_command(command, os.environ)
    with _translated():
        again = read_pane(pane)
        again.respawn(
            shell=CommandWords(command.command), start_directory=command.folder, environment=dict(command.environment)
        )
        again.refresh()
        return make_address(again)


def set_window_options(pane: PaneAddress, options: Mapping[str, str]) -> None:
    """Set options on the pane's window. Raises `Unavailable`."""
    with _translated():
        window = read_pane(pane).window
        for option, value in options.items():
            window.set_option(option, value)


def read_pane(pane: PaneAddress) -> Pane:
    """The pane with its fields, as libtmux has it. Whether its program was replaced is not checked."""
    return Pane.from_pane_id(TmuxServer(pane.socket), pane.pane_id)


def attach_terminal(socket: str) -> subprocess.Popen[bytes]:
    """Attach this process's terminal to the server, until the human detaches or the server ends."""
    return subprocess.Popen(["tmux", "-u", "-S", socket, "attach-session"], env=tmux.make_environment())


def hang_up_panes(socket: str, spared_window: str) -> None:
    """Send SIGHUP to the programs of all panes, except in one window."""
    seen = take_snapshot(socket)
    if not isinstance(seen, ServerSnapshot):
        return
    spared = {pane.address.pane_pid for pane in seen.panes.values() if pane.window == spared_window}
    for pid in set(seen.list_processes()) - spared:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)


def end_server(socket: str) -> bool:
    """End the server and the programs of its panes, by their process ids. False when there is no such server."""
    seen = take_snapshot(socket)
    if not isinstance(seen, ServerSnapshot):
        return False
    with contextlib.suppress(Unavailable):  # it is killed below, if it does not end
        TmuxServer(socket).kill()
    server = int(seen.server.split(":")[0])
    for pid in [server, *seen.list_processes()]:
        _wait_or_kill(pid)
    return True


def _check_command(command: PaneCommand, environment: Mapping[str, str]) -> None:
    # tmux reports neither: it would run the program in another folder, or make no pane at all.
    if not os.path.isdir(command.folder):
        raise Unavailable(f"There is no folder {one_line(command.folder, 200)} to start a program in.")
    program = command.command[0]
    path = os.path.join(command.folder, program) if os.path.dirname(program) else program
    if shutil.which(path, path={**environment, **command.environment}.get("PATH")) is None:
        raise Unavailable(f"There is no program {one_line(program, 200)} to start.")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raise `Unavailable` where tmux refuses."""
    try:
        yield
    except LibTmuxException as error:
        raise Unavailable(f"tmux refused: {one_line(str(error), 300)}.") from None


def _wait_or_kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        _wait_for_end(pid, _END_LIMIT_S)
        os.kill(pid, signal.SIGKILL)
        _wait_for_end(pid, _KILL_LIMIT_S)


def _wait_for_end(pid: int, limit_s: float) -> None:
    """Raises `ProcessLookupError` once it has ended; returns at the limit."""
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        os.kill(pid, 0)
        time.sleep(0.02)
