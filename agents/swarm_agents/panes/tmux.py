"""Runs tmux: the one place that starts it. One process per script, with a time limit of its own.

libtmux starts a process per command and waits for it without a limit (a stopped server hangs it for good), so what
runs often, or must not hang, goes through here (docs/decisions/0003). What is rare goes through libtmux, see `server`.
"""

import contextlib
import os
import re
import secrets
import sys
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from swarm_agents.errors import Unavailable
from swarm_agents.text import one_line

if TYPE_CHECKING:
    from subprocess import Popen

    from libtmux import Server

LIMIT_S = 5.0  # a healthy server answers a script for 200 panes in 30 ms; a stopped one never does

# The first thing printed costs the server and its client a turn each, and after a broadcast 200 agents stand in the
# queue for the processor before them: an empty line, printed while the script is still read, has that done by then.
_OPEN_OUTPUT = ("display-message", "-p", "", ";")

_GONE = re.compile(rb"no server running on|No such file or directory|Connection refused|lost server|server exited")
_COMPLAINTS_BYTES = 4_096  # the first say what is wrong
_CHUNK = 65_536  # bytes read at once: what a pipe holds
_PIPE, _NOTHING = -1, -3  # as in `subprocess`, which most verbs of `swarm` never load
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


class Running:
    """A command that tmux was told to run. Use it as a context: what has not answered at its end is ended."""

    def __init__(self, socket: str, process: "Popen[bytes] | None", why: str = "") -> None:
        self.socket = socket
        self._process = process
        self._why = why

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with self._process:  # its pipes may never end: a stopped server has them, too
                self._process.kill()

    def answer(self, limit_s: float = LIMIT_S, script: str = "", end: str = "") -> Answer | ServerGone | NoAnswer:
        """Wait for what it printed, for so long. `script` is for one that is `ready`.

        All that it printed, or all up to `end`: then nobody waits for the goodbyes of the server and its client, and
        a complaint may be missing.
        """
        if self._process is None:
            return NoAnswer(self.socket, self._why)
        printed = _talk(self._process, os.fsencode(script), os.fsencode(end), limit_s)
        if printed is None:
            return NoAnswer(self.socket, f"tmux did not answer within {limit_s:g} s")
        output, errors = printed
        if self._process.returncode and not output.strip() and _GONE.search(errors):
            return ServerGone(self.socket)
        complaints = one_line(errors.decode(errors="replace"), 500)
        if self._process.returncode and "error connecting to" in complaints:
            return NoAnswer(self.socket, complaints)
        return Answer(output, complaints)


def _talk(process: "Popen[bytes]", script: bytes, end: bytes, limit_s: float) -> tuple[bytes, bytes] | None:
    """Give it the script; what it prints and complains of, until it has ended or has printed `end`. None: too late."""
    import selectors
    from subprocess import TimeoutExpired

    assert process.stdout is not None and process.stderr is not None
    give_up_at = time.monotonic() + limit_s
    output, errors, rest = bytearray(), bytearray(), memoryview(script)
    with selectors.PollSelector() as pipes:  # needs no file of its own, where there may be none left
        pipes.register(process.stdout, selectors.EVENT_READ, output)
        pipes.register(process.stderr, selectors.EVENT_READ, errors)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            pipes.register(process.stdin, selectors.EVENT_WRITE)
        while pipes.get_map():
            left_s = give_up_at - time.monotonic()
            ready = pipes.select(left_s) if left_s > 0 else []
            if not ready:
                return None
            for key, _ in ready:
                if key.fileobj is process.stdin:
                    rest = _give(key.fd, rest)
                    done = not rest
                else:
                    chunk = os.read(key.fd, _CHUNK)
                    key.data.extend(chunk)
                    del errors[_COMPLAINTS_BYTES:]
                    done = not chunk
                    if end and output.find(end, -len(chunk) - len(end)) >= 0:
                        return bytes(output), bytes(errors)
                if done:
                    pipes.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
    try:
        process.wait(max(0.0, give_up_at - time.monotonic()))
    except TimeoutExpired:
        return None
    return bytes(output), bytes(errors)


def _give(pipe: int, rest: memoryview) -> memoryview:
    """What it has not taken."""
    try:
        return rest[os.write(pipe, rest) :]
    except BrokenPipeError:
        return rest[:0]  # it has ended, and says why


def start_script(socket: str, script: str) -> Running:
    """Have all lines of a script run in one go. A line that fails stops no other; no server is ever started.

    tmux gets all of it or nothing, also when this process is killed now. Raises `Unavailable`, see `run_command`.
    """
    try:
        with _file() as file:
            file.write(os.fsencode(script))
            file.seek(0)
            return _start(socket, [*_OPEN_OUTPUT, "source-file", "-"], file.fileno())
    except OSError as error:
        return Running(socket, None, f"a script for tmux could not be written: {error.strerror}")


def _file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("script"), "w+b")  # needs no room on a disk that may be full
    import tempfile

    return tempfile.TemporaryFile()


def ready(socket: str) -> Running:
    """A process that waits for its script, so that later nobody waits for the process. Raises as `run_command` does."""
    return _start(socket, [*_OPEN_OUTPUT, "source-file", "-"], _PIPE)


def run_script(socket: str, script: str, limit_s: float = LIMIT_S) -> Answer | ServerGone | NoAnswer:
    """Run all lines of a script in one go, see `start_script`, and wait for what they print."""
    with start_script(socket, script) as running:
        return running.answer(limit_s)


def run_command(socket: str, command: list[str], limit_s: float = LIMIT_S) -> Answer | ServerGone | NoAnswer:
    """Run one command of tmux on that socket. Raises `Unavailable` when tmux is not installed."""
    with _start(socket, command) as running:
        return running.answer(limit_s)


def _start(socket: str, command: list[str], script: int = _NOTHING) -> Running:
    from subprocess import PIPE, Popen  # most verbs of `swarm` never ask tmux, and this costs them 5 ms

    try:
        process = Popen(
            ["tmux", "-u", "-S", socket, *command],  # -u: under LC_ALL=C tmux would mangle tabs and UTF-8
            stdin=script,
            stdout=PIPE,
            stderr=PIPE,
            env={name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE"}},
            process_group=0,  # Ctrl-C in our terminal must not end it halfway
        )
    except FileNotFoundError:
        raise Unavailable("tmux is not installed, or not on the PATH. Install it, then try again.") from None
    except OSError as error:  # no process, no memory, no file left; or that tmux may not be run
        return Running(socket, None, f"tmux could not be started: {error.strerror}")
    return Running(socket, process)


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
