"""Runs commands as child processes, with a time limit or on the caller's terminal, and leaves none of them behind.

`run_with_limit` gives a command a process group of its own, which is killed at the end. `run_on_terminal` and
`run_and_record` leave it in ours, send signals on to it, and wait for its end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType
    from typing import IO

KEPT_OUTPUT = 65_536  # bytes, the last ones
_TICK_EVERY_S = 5.0
_DRAIN_S = 1.0  # for the rest of the output; a process that the command left behind may keep the pipe open


class CommandResult(NamedTuple):
    """The exit status, whether the command ended in time, and the last bytes of its output and of its errors."""

    code: int
    in_time: bool
    output: bytes
    errors: bytes


def run_with_limit(
    limit_s: float,
    command: list[str],
    where: Path,
    environment: dict[str, str] | None = None,
    *,
    request: bytes = b"",
    merged: bool = False,
    kept: int = KEPT_OUTPUT,
    tick: Callable[[], None] = lambda: None,
) -> CommandResult:
    """Run the command, and kill whatever it started. `request` is its standard input; `tick` is called every 5 s.

    With `merged` its errors are part of its output, as on a terminal. `kept` is how many bytes of each are kept.
    """
    output, errors = bytearray(), bytearray()
    threads: list[threading.Thread] = []
    child: subprocess.Popen[bytes] | None = None
    try:
        with defer_signals():  # a signal right now would leave a child behind
            child = subprocess.Popen(
                command,
                cwd=where,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merged else subprocess.PIPE,
                start_new_session=True,
            )
            threads = [_start(_write_request, child.stdin, request), _start(_keep_end, child.stdout, output, kept)]
            threads += [] if merged else [_start(_keep_end, child.stderr, errors, kept)]
        in_time = _wait(child, time.monotonic() + limit_s, tick)
    finally:
        if child is not None:
            end_process_group(child)
        for thread in threads:
            thread.join(_DRAIN_S)
    return CommandResult(child.returncode, in_time, bytes(output), bytes(errors))


def end_process_group(child: subprocess.Popen[bytes], grace_s: float = 0.0) -> None:
    """Kill the process group that the child leads; with a grace, send it SIGTERM first."""
    if grace_s:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def run_on_terminal(
    command: list[str],
    where: Path,
    environment: dict[str, str] | None = None,
    started: Callable[[int], None] = lambda _: None,
) -> int:
    """Run the command, its output to standard error; its exit status. A signal ends it first, and then this process.

    `started` is called with its process id.
    """

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=where, env=environment, stdout=sys.stderr)

    with _forwarding_signals(start) as (child, came):
        started(child.pid)
        code = child.wait()
    _raise_signal(came)
    return code


def run_and_record(
    command: list[str],
    environment: dict[str, str],
    quiet_stdout: bool,
    stdin: Path | None = None,
    end_too: bool = False,
) -> tuple[int, bytes]:
    """Run the command; its exit status, and the end of its errors where standard error is no terminal.

    A terminal is inherited, so that editors and colours work, and so is each descriptor that was handed to this
    process. With `quiet_stdout` the output goes to standard error. Standard input is the file `stdin`, if there is one.
    A signal is sent on to the command, which decides what to do about it; with `end_too` it then ends this process.
    """
    captured = not sys.stderr.isatty()
    kept = bytearray()

    def start() -> subprocess.Popen[bytes]:
        with open(stdin, "rb") if stdin else contextlib.nullcontext() as source:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=source,
                stdout=sys.stderr if quiet_stdout else None,
                stderr=subprocess.PIPE if captured else None,
                close_fds=False,
            )

    with _forwarding_signals(start) as (child, came):
        reader = _start(_keep_end, child.stderr, kept, KEPT_OUTPUT, _pass_on) if captured else None
        code = child.wait()
    if reader:
        reader.join(_DRAIN_S)
    if end_too:
        _raise_signal(came)
    return code, bytes(kept)


@contextmanager
def defer_signals() -> Iterator[None]:
    """Signals take effect after the block: a git that is killed leaves its locks behind."""
    with _redirect_signals(lambda _: None) as came:
        yield
    _raise_signal(came)


@contextmanager
def _forwarding_signals(
    start: Callable[[], subprocess.Popen[bytes]],
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """Start the command and send signals on to it during the block. Yields it and the list of the signals.

    Ctrl-C reaches it twice, which does git no harm.
    """
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if child is not None:
                child.send_signal(number)

    with _redirect_signals(forward) as came:
        child = start()
        for number in came:  # while it was being started
            forward(number)
        yield child, came


@contextmanager
def _redirect_signals(act: Callable[[int], None]) -> Iterator[list[int]]:
    """Call `act` for signals that would end this process, and yield the list of them. Ignored signals stay ignored."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        act(number)

    before: dict[signal.Signals, object] = {}
    if threading.current_thread() is threading.main_thread():  # only it may set handlers
        endings = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        before = {one: signal.signal(one, note) for one in endings if signal.getsignal(one) is not signal.SIG_IGN}
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)  # type: ignore[arg-type]


def _raise_signal(came: list[int]) -> None:
    for number in came[:1]:
        os.kill(os.getpid(), number)


def _wait(child: subprocess.Popen[bytes], give_up_at: float, tick: Callable[[], None]) -> bool:
    while (left_s := give_up_at - time.monotonic()) > 0:
        try:
            child.wait(min(left_s, _TICK_EVERY_S))
            return True
        except subprocess.TimeoutExpired:
            tick()
    return False


def _start(act: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=act, args=arguments, daemon=True)
    thread.start()
    return thread


def _write_request(sink: IO[bytes], request: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), sink:  # a command may ignore its request
        sink.write(request)


def _keep_end(
    source: IO[bytes], kept: bytearray, limit: int, pass_on: Callable[[bytes], None] = lambda _: None
) -> None:
    with source:
        while chunk := os.read(source.fileno(), 8192):
            pass_on(chunk)
            kept += chunk
            del kept[:-limit]


def _pass_on(chunk: bytes) -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), chunk)
