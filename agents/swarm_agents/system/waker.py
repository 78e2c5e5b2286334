"""Wakes a thread that waits for sockets, from another thread of the same process."""

import contextlib
import os
import select


class Waker:
    """One thread waits, any thread may wake it. A wake-up before the wait ends the wait at once; several count as one.

    A pipe, and not `threading.Event`, because `select` has to see it beside the socket of the commit notifications.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)

    def __del__(self) -> None:
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        return self._reader

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it is full of wake-ups already
            os.write(self._writer, b"!")

    def clear(self) -> None:
        """Forget the wake-ups so far."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 65_536)

    def wait(self, limit_s: float) -> None:
        """Sleep until woken, at most `limit_s`."""
        select.select([self], [], [], max(0.0, limit_s))
        self.clear()
