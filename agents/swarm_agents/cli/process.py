"""Begins and ends the process of a verb: opens missing standard streams, exits cleanly on signals, and quickly."""

from __future__ import annotations

import gc
import os
import sys

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from types import FrameType
    from typing import NoReturn, TextIO
else:
    import _signal as signal  # the same functions; `signal` itself makes enums first, which takes milliseconds


def prepare() -> None:
    """Call this first in the console script."""
    gc.set_threshold(100_000)  # a verb makes fewer objects; by default loading its modules alone is worth ten looks
    _open_missing_streams()
    _exit_on_signals()


def leave(code: int) -> NoReturn:
    """End the process with this exit code; call it last. The verb has closed what it opened."""
    threading = sys.modules.get("threading")
    if (threading and threading.active_count() > 1) or "logging" in sys.modules:
        sys.exit(code)  # for a thread that runs, and for what may have to be written
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python says why
    os._exit(code)  # clearing every module first would take a third of bare Python


def discard_output(stream: str) -> None:
    """Redirect this standard stream to /dev/null: its reader is gone, and Python writes to it again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, getattr(sys, stream).fileno())
    os.close(null)


def _open_missing_streams() -> None:
    # The caller may have closed some. Then a file that we or git open would get the number of one of them.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = _make_writable_as_a_whole(sys.stdout) if sys.stdout else _make_unwritable_stream()
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _make_writable_as_a_whole(stream: TextIO) -> TextIO:
    """With PYTHONUNBUFFERED, Python drops without a word what the first write to a pipe or a full disk did not take."""
    if not getattr(stream, "write_through", False):
        return stream
    return os.fdopen(stream.fileno(), "w", encoding=stream.encoding, errors=stream.errors, closefd=False)


def _make_unwritable_stream() -> TextIO:
    """For a closed standard output: what is written here fails, as it must, or a message would count as read.

    Children still get /dev/null: git would call a commit that it has made a failure.
    """
    return os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


def _exit_on_signals() -> None:
    """Turn signals into `SystemExit`, so that a verb ends its children and restores what it stashed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def _exit(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
