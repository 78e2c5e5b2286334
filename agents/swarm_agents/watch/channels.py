"""The channels outside the database by which a human is told of an escalation: tmux, and the user's own command."""

import contextlib
import os
import subprocess
import tempfile
from typing import IO, NamedTuple

from swarm_agents.config.config import NotifyConfig
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError, Unavailable
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.panes import human
from swarm_agents.panes.snapshot import take_snapshot
from swarm_agents.panes.tmux import NoAnswer, ServerGone
from swarm_agents.system import log, subprocesses
from swarm_agents.text import one_line, printable, tail

_TMUX_LIMIT_S = 2.0  # for a snapshot of a server; a healthy one answers in milliseconds
_END_GRACE_S = 1.0  # between asking a command to end and killing it
_ERROR_TAIL_BYTES = 2_000  # of what a command printed on standard error
_TEXT_LIMIT = 60_000  # bytes: a pipe takes as much at once, so a command that does not read blocks nothing

# The variables that the user's command inherits. Nothing that was given to an agent may reach it.
_INHERITED = {
    *("HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
}
_INHERITED_PREFIXES = ("LC_", "XDG_")


class ChannelResult(NamedTuple):
    """`shown`, `sent`, `skipped` (there is no such channel here) or `failed`, and why."""

    state: str
    why: str = ""


def show_in_tmux(db: Database, asked: Escalation, sockets: list[str], repeated: bool) -> ChannelResult:
    """Show a line on every terminal that is attached to these servers, and ring its bell. One is enough."""
    if not sockets:
        return ChannelResult("skipped", "no agent is in a tmux pane")
    again = " (perhaps for the second time)" if repeated else ""
    line = f"swarm: you are asked{again}: {one_line(asked.reason, 200)}. See: swarm escalation show {asked.id}"
    shown, errors = 0, []
    for socket in sockets:
        try:
            shown += _show_on(socket, line)
        except SwarmError as error:
            errors.append(error.message)
            log.warning(db.path, f"escalation {asked.id} by tmux: {error.message}")
    return ChannelResult("shown") if shown else ChannelResult("failed", " ".join(errors))


def run_command(notify: NotifyConfig, asked: Escalation, repeated: bool) -> ChannelResult:
    """Run the user's command with the text of the escalation on its standard input, within its time limit."""
    again = "(This may reach you for the second time.)\n" if repeated else ""
    text = f"{again}{printable(asked.text)}\n".encode()[:_TEXT_LIMIT]
    name = one_line(notify.command[0], 100)
    with tempfile.TemporaryFile() as errors:
        try:
            child = _start_command(notify, asked.id, errors)
        except OSError as error:
            return ChannelResult("failed", f"{name} could not be started: {error.strerror}")
        try:
            child.communicate(text, timeout=notify.timeout_s)
        except subprocess.TimeoutExpired:
            _end_command(child)
            return ChannelResult("failed", f"{name} did not end within {notify.timeout_s:g} s and was stopped")
        if child.returncode == 0:
            return ChannelResult("sent")
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _ERROR_TAIL_BYTES))
        last = tail(errors.read().decode(errors="replace"), lines=1, characters=200)
    how = f"exit status {child.returncode}" if child.returncode > 0 else f"signal {-child.returncode}"
    return ChannelResult("failed", f"{name} ended with {how}" + (f": {last}" if last else ""))


def _show_on(socket: str, line: str) -> int:
    """On how many terminals of that server the line was shown. Raises `SwarmError` when on none."""
    seen = take_snapshot(socket, limit_s=_TMUX_LIMIT_S)
    match seen:
        case ServerGone():
            raise Unavailable(f"No tmux server runs on {one_line(socket, 100)}.")
        case NoAnswer(why=why):
            raise Unavailable(f"tmux on {one_line(socket, 100)} could not be asked: {why}.")
    clients = [client.name for client in seen.clients if not client.control]
    if not clients:
        raise Unavailable(f"No terminal is attached to tmux on {one_line(socket, 100)}.")
    errors: list[SwarmError] = []
    for client in clients:
        try:
            human.display_line(socket, client, line)
            human.ring_bell(client)
        except SwarmError as error:
            errors.append(error)
    if len(errors) == len(clients):
        raise errors[0]
    return len(clients) - len(errors)


def _start_command(notify: NotifyConfig, escalation: int, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        notify.command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        cwd=notify.folder,
        env=_make_environment() | {"SWARM_ESCALATION": str(escalation)},
        start_new_session=True,  # so that what it started ends with it at the time limit
    )


def _end_command(child: "subprocess.Popen[bytes]") -> None:
    subprocesses.end_process_group(child, _END_GRACE_S)
    if child.stdin:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()


def _make_environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
