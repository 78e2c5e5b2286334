"""Runs tmux: the one place that starts it. One process per script, with a time limit of its own.

libtmux starts a process per command and waits for it without a limit (a stopped server hangs it for good), so what
runs often, or must not hang, goes through here (docs/decisions/0003). What is rare goes through libtmux, see `server`.
"""

import contextlib
import os
import re
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swarm_agents.errors import Unavailable
from swarm_agents.text import one_line

if TYPE_CHECKING:
    from libtmux import Server

LIMIT_S = 5.0  # a healthy server answers a script for 200 panes in 30 ms; a stopped one never does

_GONE = re.compile(rb"no server running on|No such file or directory|Connection refused|lost server|server exited")
_PANE_ID = re.compile(r"%[0-9]{1,9}")


@dataclass(frozen=True)
class Answer:
    """What tmux printed. Errors of single commands are in `complaints`; the others ran all the same."""

    output: bytes
    complaints: str


@dataclass(frozen=True)
class ServerGone:
    """No server listens on that socket (any more): whatever panes it had are gone with it."""

    socket: str


@dataclass(frozen=True)
class NoAnswer:
    """tmux could not be asked. Nothing is known: not that there are no panes, not that a script did not run."""

    socket: str
    why: str


def run_script(socket: str, script: str, limit_s: float = LIMIT_S) -> Answer | ServerGone | NoAnswer:
    """Run all lines of a script in one go. A line that fails stops no other; no server is ever started."""
    return run_command(socket, ["source-file", "-"], script, limit_s)


def run_command(
    socket: str, command: list[str], script: str = "", limit_s: float = LIMIT_S
) -> Answer | ServerGone | NoAnswer:
    """Run one command of tmux on that socket. Raises `Unavailable` when tmux is not installed."""
    import subprocess  # most verbs of `swarm` never ask tmux, and this import costs them 5 ms

    try:
        ended = subprocess.run(
            ["tmux", "-u", "-S", socket, *command],  # -u: under LC_ALL=C tmux would mangle tabs and UTF-8
            input=os.fsencode(script),
            capture_output=True,
            timeout=limit_s,
            env={name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE"}},
            process_group=0,  # Ctrl-C in our terminal must not end it halfway
        )
    except FileNotFoundError:
        raise Unavailable("tmux is not installed, or not on the PATH. Install it, then try again.") from None
    except OSError as error:  # no process, no memory, no file left; or that tmux may not be run
        return NoAnswer(socket, f"tmux could not be started: {error.strerror}")
    except subprocess.TimeoutExpired:
        return NoAnswer(socket, f"tmux did not answer within {limit_s:g} s")
    if ended.returncode and not ended.stdout and _GONE.search(ended.stderr):
        return ServerGone(socket)
    complaints = one_line(ended.stderr.decode(errors="replace"), 500)
    if ended.returncode and "error connecting to" in complaints:
        return NoAnswer(socket, complaints)
    return Answer(ended.stdout, complaints)


def server(socket: str) -> "Server":
    """The libtmux server on that socket, after it has answered once within the limit. Raises `Unavailable`."""
    match run_command(socket, ["display-message", "-p", "#{pid}"]):
        case ServerGone():
            raise gone(socket)
        case NoAnswer(why=why):
            raise Unavailable(f"Could not ask tmux on {one_line(socket, 200)}: {why}.")
    # On import it asks sys.stdout for its encoding, and a running Textual has put one there that has none.
    with contextlib.redirect_stdout(sys.__stdout__):
        import libtmux  # 90 ms: only for what a person or a set-up does once

    return libtmux.Server(socket_path=socket)


def gone(socket: str) -> Unavailable:
    return Unavailable(f"No tmux server is running on {one_line(socket, 200)}. Its panes are gone with it.")


def quoted(text: str) -> str:
    """The text as one word of a tmux script. `ValueError` for a quote, a line end or a NUL: nothing needs them."""
    if set(text) & {"'", "\n", "\r", "\0"}:
        raise ValueError("this text cannot be a word of a tmux script")
    return f"'{text}'"


def fresh_mark() -> str:
    """A separator that nothing in any pane can contain, because nobody could know it."""
    return f"={secrets.token_hex(8)}="


def is_pane_id(text: str) -> bool:
    return _PANE_ID.fullmatch(text) is not None
