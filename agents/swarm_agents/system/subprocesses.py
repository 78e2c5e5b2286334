"""Runs commands as children of this process, each ended for certain: within a time, or on the caller's terminal.

`within` gives a command a process group of its own, all of which ends with it. `on_terminal` and `overheard` leave it
in ours: a signal to us is sent on to it, and its answer is awaited.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, NamedTuple

KEPT_OUTPUT = 65_536  # bytes, the last ones
_SHOW_LIFE_EVERY_S = 5.0
_DRAIN_S = 1.0  # for the rest of the output: a process that a command left behind may hold the pipe open for ever


class Ended(NamedTuple):
    """How it ended, by itself or when its time was over, and the last that it printed."""

    code: int
    in_time: bool
    output: bytes
    errors: bytes


def within(
    limit_s: float,
    command: list[str],
    where: Path,
    environment: dict[str, str] | None = None,
    *,
    request: bytes = b"",
    merged: bool = False,
    kept: int = KEPT_OUTPUT,
    show_life: Callable[[], None] = lambda: None,
) -> Ended:
    """Run it, and end whatever it started. With `merged` its errors are part of its output, as on a terminal."""
    output, errors = bytearray(), bytearray()
    threads: list[threading.Thread] = []
    child: subprocess.Popen[bytes] | None = None
    try:
        with undisturbed():  # a signal right now would leave a child behind that nobody knows of
            child = subprocess.Popen(
                command,
                cwd=where,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merged else subprocess.PIPE,
                start_new_session=True,
            )
            threads = [_thread(_say, child.stdin, request), _thread(_keep, child.stdout, output, kept)]
            threads += [] if merged else [_thread(_keep, child.stderr, errors, kept)]
        in_time = _wait(child, time.monotonic() + limit_s, show_life)
    finally:
        if child is not None:
            end_all(child)
        for thread in threads:
            thread.join(_DRAIN_S)
    return Ended(child.returncode, in_time, bytes(output), bytes(errors))


def end_all(child: "subprocess.Popen[bytes]", grace_s: float = 0.0) -> None:
    """End the process group that the child leads; with a grace, ask it to end first."""
    if grace_s:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def on_terminal(command: list[str], where: Path) -> int:
    """Run it on the caller's terminal, its output to standard error. A signal to us ends it first, and then us."""
    with _forwarding_signals(lambda: subprocess.Popen(command, cwd=where, stdout=sys.stderr)) as (child, came):
        code = child.wait()
    _signal_again(came)
    return code


def overheard(command: list[str], environment: dict[str, str], quiet_stdout: bool) -> tuple[int, bytes]:
    """Run it on the caller's terminal, its output with `quiet_stdout` to standard error. A signal to us is its affair.

    A terminal is inherited whole, so editors and colours work; where there is none, its errors are kept as evidence.
    """
    captured = not sys.stderr.isatty()
    kept = bytearray()

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            env=environment,
            stdout=sys.stderr if quiet_stdout else None,
            stderr=subprocess.PIPE if captured else None,
        )

    with _forwarding_signals(start) as (child, _):
        reader = _thread(_keep, child.stderr, kept, KEPT_OUTPUT, _pass_on) if captured else None
        code = child.wait()
    if reader:
        reader.join(_DRAIN_S)
    return code, bytes(kept)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A signal waits until this is done: git ended in the middle leaves its locks behind, a start its child."""
    with _signals_to(lambda _: None) as came:
        yield
    _signal_again(came)


@contextmanager
def _forwarding_signals(
    start: Callable[[], "subprocess.Popen[bytes]"],
) -> Iterator[tuple["subprocess.Popen[bytes]", list[int]]]:
    """Start it; what is sent to us is sent on from that moment on, and we wait for the answer; what came is listed.

    Ctrl-C reaches it twice then, which does git no harm.
    """
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if child is not None:
                child.send_signal(number)

    with _signals_to(forward) as came:
        child = start()
        for number in came:  # while it was being started
            forward(number)
        yield child, came


@contextmanager
def _signals_to(act: Callable[[int], None]) -> Iterator[list[int]]:
    """Signals that would end us are given to `act` instead; they are listed. What is ignored stays so."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        act(number)

    before: dict[signal.Signals, object] = {}
    if threading.current_thread() is threading.main_thread():  # no other one may set handlers, or is disturbed
        endings = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        before = {one: signal.signal(one, note) for one in endings if signal.getsignal(one) is not signal.SIG_IGN}
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)  # type: ignore[arg-type]


def _signal_again(came: list[int]) -> None:
    for number in came[:1]:
        os.kill(os.getpid(), number)


def _wait(child: "subprocess.Popen[bytes]", give_up_at: float, show_life: Callable[[], None]) -> bool:
    while (left_s := give_up_at - time.monotonic()) > 0:
        try:
            child.wait(min(left_s, _SHOW_LIFE_EVERY_S))
            return True
        except subprocess.TimeoutExpired:
            show_life()
    return False


def _thread(act: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=act, args=arguments, daemon=True)
    thread.start()
    return thread


def _say(sink: IO[bytes], request: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), sink:  # a command need not read its request
        sink.write(request)


def _keep(source: IO[bytes], kept: bytearray, limit: int, pass_on: Callable[[bytes], None] = lambda _: None) -> None:
    with source:
        while chunk := os.read(source.fileno(), 8192):
            pass_on(chunk)
            kept += chunk
            del kept[:-limit]


def _pass_on(chunk: bytes) -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), chunk)
