"""A tmux server of one's own, on a private socket: started, filled with panes, attached to, ended with all it runs.

Takes nothing from the user's tmux configuration, and never touches a server that it was not given the socket of.
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
from swarm_agents.panes.address import address
from swarm_agents.panes.snapshot import Look, look
from swarm_agents.panes.tmux import Answer
from swarm_agents.text import one_line

_END_LIMIT_S = 5.0  # a hang-up ends what panes run within milliseconds; what is still there then is killed
_KILL_LIMIT_S = 1.0
_SESSION = "swarm"
_SAY_WHICH = ("-P", "-F", "#{pid}:#{start_time} #{pane_id} #{pane_pid}")


@dataclass(frozen=True)
class Play:
    """A program for a pane: its words (no shell reads them), its folder, and what its environment has besides."""

    command: Sequence[str]
    folder: str
    environment: Mapping[str, str]


def start(socket: str, window: str, play: Play, environment: Mapping[str, str], width: int, height: int) -> PaneAddress:
    """Start a server whose panes inherit that environment, with one window. Raises `Unavailable`."""
    _check(play, environment)
    words = ["new-session", "-d", "-s", _SESSION, "-n", window, "-x", str(width), "-y", str(height)]
    try:
        ended = subprocess.run(
            ["tmux", "-u", "-f", os.devnull, "-S", socket, *words, *_SAY_WHICH, *_told(play)],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=tmux.LIMIT_S * 2,
            check=False,
            start_new_session=True,  # Ctrl-C in our terminal is not for it
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("tmux did not start within ten seconds.") from None
    return _made(socket, ended.stdout, ended.stderr)


def add_window(socket: str, window: str, play: Play) -> PaneAddress:
    _check(play, os.environ)
    return _run(socket, ["new-window", "-d", "-n", window, "-t", f"={_SESSION}:", *_SAY_WHICH, *_told(play)])


def add_pane(beside: PaneAddress, play: Play) -> PaneAddress:
    """One more pane in the window of another one, all of them of one size."""
    _check(play, os.environ)
    made = _run(beside.socket, ["split-window", "-d", "-t", beside.pane_id, *_SAY_WHICH, *_told(play)])
    tmux.run_command(beside.socket, ["select-layout", "-t", beside.pane_id, "tiled"])
    return made


def respawn(pane: PaneAddress, play: Play) -> PaneAddress:
    """Run a program in a pane whose own has ended. The pane keeps its place, its id and its options."""
    answer = tmux.run_command(pane.socket, ["respawn-pane", "-t", pane.pane_id, *_told(play)])
    if not isinstance(answer, Answer) or answer.complaints:
        raise Unavailable(f"tmux did not start the pane again: {answer}")
    return address(pane.pane_id, pane.socket)


def dress(pane: PaneAddress, options: Mapping[str, str]) -> None:
    """Set options of the window that the pane is in."""
    for option, value in options.items():
        tmux.run_command(pane.socket, ["set-option", "-w", "-t", pane.pane_id, option, value])


def attach(socket: str) -> subprocess.Popen[bytes]:
    """Show the server in our own terminal until its human detaches, or it ends."""
    environment = {name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE"}}
    return subprocess.Popen(["tmux", "-u", "-S", socket, "attach-session"], env=environment)


def hang_up(socket: str, spared_window: str) -> None:
    """End what the panes run, except in one window."""
    seen = look(socket)
    for pane in seen.panes.values() if isinstance(seen, Look) else ():
        if pane.window != spared_window and not pane.dead:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pane.address.pane_pid, signal.SIGHUP)


def end(socket: str) -> bool:
    """End that server and whatever its panes run, by their process ids. False when there is none (any more)."""
    seen = look(socket)
    if not isinstance(seen, Look):
        return False
    tmux.run_command(socket, ["kill-server"])
    server = int(seen.server.split(":")[0])
    for pid in [server, *[pane.address.pane_pid for pane in seen.panes.values() if not pane.dead]]:
        _see_it_end(pid)
    return True


def _check(play: Play, environment: Mapping[str, str]) -> None:
    # tmux says neither: it runs the program in another folder, and a pane whose program is missing is just not there.
    if not os.path.isdir(play.folder):
        raise Unavailable(f"There is no folder {one_line(play.folder, 200)} to start a program in.")
    program = play.command[0]
    beside = os.path.join(play.folder, program) if os.path.dirname(program) else program
    if shutil.which(beside, path={**environment, **play.environment}.get("PATH")) is None:
        raise Unavailable(f"There is no program {one_line(program, 200)} to start.")


def _told(play: Play) -> list[str]:
    environment = [word for name, value in play.environment.items() for word in ("-e", f"{name}={value}")]
    return ["-c", play.folder, *environment, "--", *play.command]


def _run(socket: str, command: list[str]) -> PaneAddress:
    answer = tmux.run_command(socket, command)
    if not isinstance(answer, Answer):
        raise Unavailable(f"tmux did not make a pane: {answer}")
    return _made(socket, answer.output.decode(errors="replace"), answer.complaints)


def _made(socket: str, printed: str, complaints: str) -> PaneAddress:
    words = printed.split()
    if len(words) != 3:
        raise Unavailable(f"tmux did not make a pane: {one_line(complaints, 200) or 'it said nothing'}")
    return PaneAddress(socket, words[0], words[1], int(words[2]))


def _see_it_end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        _wait_while_it_lives(pid, _END_LIMIT_S)
        os.kill(pid, signal.SIGKILL)
        _wait_while_it_lives(pid, _KILL_LIMIT_S)


def _wait_while_it_lives(pid: int, limit_s: float) -> None:
    """Raises `ProcessLookupError` when it has ended; returns when the time is over."""
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        os.kill(pid, 0)
        time.sleep(0.02)
