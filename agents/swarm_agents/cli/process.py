"""Prepares the process before any verb runs: opens missing standard streams, and exits cleanly on signals."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def prepare() -> None:
    """Call this first in the console script."""
    _open_missing_streams()
    _exit_on_signals()


def discard_output(stream: str) -> None:
    """Redirect this standard stream to /dev/null: its reader is gone, and Python writes to it again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, {"stdout": 1, "stderr": 2}[stream])
    os.close(null)


def _open_missing_streams() -> None:
    # The caller may have closed some. Then a file that we or git open would get the number of one of them.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _exit_on_signals() -> None:
    """Turn signals into `SystemExit`, so that a verb ends its children and restores what it stashed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)


def _exit(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
