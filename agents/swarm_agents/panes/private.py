"""Starts, fills, attaches to and ends a private tmux server, with everything that runs in its panes.

Ignores the user's tmux configuration, and touches no server other than the one on the given socket.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from swarm_agents.errors import Unavailable
from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.address import find_address
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.panes.tmux import TmuxOutput
from swarm_agents.text import one_line

_END_LIMIT_S = 5.0  # SIGHUP ends most programs within milliseconds; after this they are killed
_KILL_LIMIT_S = 1.0
_SESSION = "swarm"
_PRINT_ADDRESS = ("-P", "-F", "#{pid}:#{start_time} #{pane_id} #{pane_pid}")


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
    words = ["new-session", "-d", "-s", _SESSION, "-n", window, "-x", str(width), "-y", str(height)]
    try:
        ended = subprocess.run(
            ["tmux", "-u", "-f", os.devnull, "-S", socket, *words, *_PRINT_ADDRESS, *_words_of(command)],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=tmux.LIMIT_S * 2,
            check=False,
            start_new_session=True,  # Ctrl-C in our terminal must not end it
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("tmux did not start within ten seconds.") from None
    return _parse_address(socket, ended.stdout, ended.stderr)


def add_window(socket: str, window: str, command: PaneCommand) -> PaneAddress:
    _check_command(command, os.environ)
    return _run(socket, ["new-window", "-d", "-n", window, "-t", f"={_SESSION}:", *_PRINT_ADDRESS, *_words_of(command)])


def add_pane(beside: PaneAddress, command: PaneCommand) -> PaneAddress:
    """Add a pane to the window of another one, and give all of them the same size."""
    _check_command(command, os.environ)
    added = _run(beside.socket, ["split-window", "-d", "-t", beside.pane_id, *_PRINT_ADDRESS, *_words_of(command)])
    tmux.run_command(beside.socket, ["select-layout", "-t", beside.pane_id, "tiled"])
    return added


def respawn_pane(pane: PaneAddress, command: PaneCommand) -> PaneAddress:
    """Run a program in a pane whose program has ended. The pane keeps its place, its id and its options."""
    answer = tmux.run_command(pane.socket, ["respawn-pane", "-t", pane.pane_id, *_words_of(command)])
    if not isinstance(answer, TmuxOutput) or answer.errors:
        raise Unavailable(f"tmux did not start the pane again: {answer}")
    return find_address(pane.pane_id, pane.socket)


def set_window_options(pane: PaneAddress, options: Mapping[str, str]) -> None:
    """Set options on the pane's window."""
    for option, value in options.items():
        tmux.run_command(pane.socket, ["set-option", "-w", "-t", pane.pane_id, option, value])


def attach_terminal(socket: str) -> subprocess.Popen[bytes]:
    """Attach this process's terminal to the server, until the human detaches or the server ends."""
    environment = {name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE"}}
    return subprocess.Popen(["tmux", "-u", "-S", socket, "attach-session"], env=environment)


def hang_up_panes(socket: str, spared_window: str) -> None:
    """Send SIGHUP to the programs of all panes, except in one window."""
    seen = take_snapshot(socket)
    for pane in seen.panes.values() if isinstance(seen, ServerSnapshot) else ():
        if pane.window != spared_window and not pane.dead:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pane.address.pane_pid, signal.SIGHUP)


def end_server(socket: str) -> bool:
    """End the server and the programs of its panes, by their process ids. False when there is no such server."""
    seen = take_snapshot(socket)
    if not isinstance(seen, ServerSnapshot):
        return False
    tmux.run_command(socket, ["kill-server"])
    server = int(seen.server.split(":")[0])
    for pid in [server, *[pane.address.pane_pid for pane in seen.panes.values() if not pane.dead]]:
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


def _words_of(command: PaneCommand) -> list[str]:
    environment = [word for name, value in command.environment.items() for word in ("-e", f"{name}={value}")]
    return ["-c", command.folder, *environment, "--", *command.command]


def _run(socket: str, command: list[str]) -> PaneAddress:
    answer = tmux.run_command(socket, command)
    if not isinstance(answer, TmuxOutput):
        raise Unavailable(f"tmux did not make a pane: {answer}")
    return _parse_address(socket, answer.output.decode(errors="replace"), answer.errors)


def _parse_address(socket: str, printed: str, errors: str) -> PaneAddress:
    words = printed.split()
    if len(words) != 3:
        raise Unavailable(f"tmux did not make a pane: {one_line(errors, 200) or 'it gave no reason'}")
    return PaneAddress(socket, words[0], words[1], int(words[2]))


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
