"""What the process itself needs before any verb: standard streams that are there, and an orderly end by a signal."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def prepare() -> None:
    """For the console script, first of all."""
    _fill_standard_streams()
    _end_in_order()


def silence(stream: str) -> None:
    """Nobody reads this standard stream any more: what is still written to it, also at exit, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, {"stdout": 1, "stderr": 2}[stream])
    os.close(nowhere)


def _fill_standard_streams() -> None:
    # Whoever calls may have closed some. Without this a file of ours, or git's, would take the number of one.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _end_in_order() -> None:
    """What a verb started is ended with it, and what it put aside comes back. A signal that is ignored stays so."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
