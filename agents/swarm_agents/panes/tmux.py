"""Starts tmux: one process for each command or script, with a time limit.

Everything that talks to tmux goes through here: the libtmux objects of `server`, and the scripts. It loads neither
libtmux nor subprocess, so a verb that asks for its own pane pays for neither (docs/decisions/0003).
"""

import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from swarm_agents.errors import Unavailable
from swarm_agents.text import one_line

if TYPE_CHECKING:
    from subprocess import Popen

LIMIT_S = 5.0  # a healthy server answers a script for 200 panes in 30 ms; a stopped one never does

# The first output costs the server and its client a context switch each, and after a broadcast 200 agents wait for the
# processor before them. An empty line, printed while the script is still being read, has that over with early.
_OPEN_OUTPUT = ("display-message", "-p", "", ";")

_GONE = re.compile(rb"no server running on|No such file or directory|Connection refused|lost server|server exited")
_NOT_INSTALLED = "tmux is not installed, or not on the PATH. Install it, then try again."
_ERROR_BYTES = 4_096  # the first bytes tell what is wrong
_CHUNK = 65_536  # bytes read at once: what a pipe holds
_PIPE, _NOTHING = -1, -3  # as in `subprocess`, which most verbs of `swarm` do not load
_PANE_ID = re.compile(r"%[0-9]{1,9}")


@dataclass(frozen=True)
class TmuxOutput:
    """What tmux printed. `errors` has the errors of single commands; the other commands ran all the same."""

    output: bytes
    errors: str
    failed: bool = False
    """The process ended with another status than 0. Not known, so False, when only a part of the output was read."""


@dataclass(frozen=True)
class ServerGone:
    """No server listens on that socket (any more): its panes are gone with it."""

    socket: str


@dataclass(frozen=True)
class NoAnswer:
    """tmux did not answer, so nothing is known: there may be panes, and a script may have run."""

    socket: str
    why: str


class TmuxProcess:
    """A running tmux client. A context manager: a client that has not ended by then is killed."""

    def __init__(self, socket: str, process: "Popen[bytes] | None", why: str = "") -> None:
        self.socket = socket
        self._process = process
        self._why = why

    def __enter__(self) -> "TmuxProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with self._process:  # a stopped server has its pipes open, too, so they may never end
                self._process.kill()

    def read_output(
        self, limit_s: float = LIMIT_S, script: str = "", end: str = ""
    ) -> TmuxOutput | ServerGone | NoAnswer:
        """Wait for its output, up to the limit. `script` is for a process of `start_waiting_process`.

        With `end`, returns as soon as that was printed, before the client has exited; late errors may be missing.
        """
        if self._process is None:
            return NoAnswer(self.socket, self._why)
        printed = _exchange(self._process, os.fsencode(script), os.fsencode(end), limit_s)
        if printed is None:
            return NoAnswer(self.socket, f"tmux did not answer within {limit_s:g} s")
        output, raw_errors = printed
        if self._process.returncode and not output.strip() and _GONE.search(raw_errors):
            return ServerGone(self.socket)
        errors = one_line(raw_errors.decode(errors="replace"), 500)
        if self._process.returncode and "error connecting to" in errors:
            return NoAnswer(self.socket, errors)
        return TmuxOutput(output, errors, bool(self._process.returncode))


def _exchange(process: "Popen[bytes]", script: bytes, end: bytes, limit_s: float) -> tuple[bytes, bytes] | None:
    """Write the script; read output and errors until the process ends or prints `end`. None when the limit is over."""
    import selectors  # both cost 5 ms, and most verbs of `swarm` never ask tmux
    from subprocess import TimeoutExpired  # see `start_script`

    assert process.stdout is not None and process.stderr is not None
    give_up_at = time.monotonic() + limit_s
    output, errors, rest = bytearray(), bytearray(), memoryview(script)
    with selectors.PollSelector() as pipes:  # unlike epoll it needs no file descriptor, and none may be left
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
                    rest = _write_some(key.fd, rest)
                    done = not rest
                else:
                    chunk = os.read(key.fd, _CHUNK)
                    key.data.extend(chunk)
                    del errors[_ERROR_BYTES:]
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


def _write_some(pipe: int, rest: memoryview) -> memoryview:
    """Write what the pipe takes; the rest."""
    try:
        return rest[os.write(pipe, rest) :]
    except BrokenPipeError:
        return rest[:0]  # it has ended; its errors tell why


def start_script(socket: str, script: str) -> TmuxProcess:
    """Start to run a script. A line that fails stops no other line; no server is ever started.

    tmux gets the whole script or nothing, even if this process is killed now. Raises `Unavailable`, see `run_command`.
    """
    try:
        with _make_memory_file() as file:
            file.write(os.fsencode(script))
            file.seek(0)
            return _start(socket, [*_OPEN_OUTPUT, "source-file", "-"], file.fileno())
    except OSError as error:
        return TmuxProcess(socket, None, f"a script for tmux could not be written: {error.strerror}")


def _make_memory_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("script"), "w+b")  # needs no space on a disk that may be full
    import tempfile  # needed only where there is no memfd

    return tempfile.TemporaryFile()


def start_waiting_process(socket: str) -> TmuxProcess:
    """Start a process that waits for its script, so that later only the script takes time. Raises as `run_command`."""
    return _start(socket, [*_OPEN_OUTPUT, "source-file", "-"], _PIPE)


def run_script(socket: str, script: str, limit_s: float = LIMIT_S) -> TmuxOutput | ServerGone | NoAnswer:
    """Run a script, see `start_script`, and wait for its output."""
    with start_script(socket, script) as running:
        return running.read_output(limit_s)


def run_command(
    socket: str,
    command: Sequence[str],
    limit_s: float = LIMIT_S,
    configuration: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> TmuxOutput | ServerGone | NoAnswer:
    """Run one command of tmux on that socket. Raises `Unavailable` when tmux is not installed.

    A server that the command starts reads that configuration file and passes that environment on to its panes.
    """
    options = [] if configuration is None else ["-f", configuration]
    with _start(socket, [*options, *command], environment=environment) as running:
        return running.read_output(limit_s)


def run_program(options: Sequence[str]) -> str:
    """What tmux prints with these options, which concern no server. Raises `Unavailable`."""
    from subprocess import PIPE, STDOUT, TimeoutExpired, run  # see `_start`

    try:
        return run(
            ["tmux", *options], stdout=PIPE, stderr=STDOUT, timeout=LIMIT_S, env=make_environment(), check=False
        ).stdout.decode(errors="replace")
    except FileNotFoundError:
        raise Unavailable(_NOT_INSTALLED) from None
    except (OSError, TimeoutExpired) as error:
        raise Unavailable(f"tmux could not be started: {error}") from None


def make_environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a tmux process: without the pane of this one, which tmux would take as its target."""
    inherited = os.environ if inherited is None else inherited
    return {name: value for name, value in inherited.items() if name not in {"TMUX", "TMUX_PANE"}}


def _start(
    socket: str, command: Sequence[str], script: int = _NOTHING, environment: Mapping[str, str] | None = None
) -> TmuxProcess:
    from subprocess import PIPE, Popen  # costs 5 ms, and most verbs of `swarm` never ask tmux

    try:
        process = Popen(
            ["tmux", "-u", "-S", socket, *command],  # -u: under LC_ALL=C tmux would mangle tabs and UTF-8
            stdin=script,
            stdout=PIPE,
            stderr=PIPE,
            env=make_environment(environment),
            process_group=0,  # Ctrl-C in our terminal must not end it halfway
        )
    except FileNotFoundError:
        raise Unavailable(_NOT_INSTALLED) from None
    except OSError as error:  # no process, memory or file left, or no permission to run tmux
        return TmuxProcess(socket, None, f"tmux could not be started: {error.strerror}")
    return TmuxProcess(socket, process)


class ServerGoneError(Unavailable):
    """`ServerGone` as an error, for callers that need the server."""

    def __init__(self, socket: str) -> None:
        super().__init__(f"No tmux server is running on {one_line(socket, 200)}. Its panes are gone with it.")


class NoAnswerError(Unavailable):
    """`NoAnswer` as an error, for callers that need to know."""

    def __init__(self, unknown: NoAnswer) -> None:
        super().__init__(f"Could not ask tmux on {one_line(unknown.socket, 200)}: {unknown.why}.")


def quote_word(text: str) -> str:
    """Quote the text as one word of a tmux script. `ValueError` for a quote, a line end or a NUL: none is needed."""
    if set(text) & {"'", "\n", "\r", "\0"}:
        raise ValueError("this text cannot be a word of a tmux script")
    return f"'{text}'"


def make_separator() -> str:
    """A random separator that no pane can contain, because no program could know it."""
    return f"={secrets.token_hex(8)}="


def is_pane_id(text: str) -> bool:
    return _PANE_ID.fullmatch(text) is not None
