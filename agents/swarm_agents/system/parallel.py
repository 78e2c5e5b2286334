"""Does the same work for several things at the same time, so that one that hangs holds up only itself."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class SideBySide(Generic[T]):
    """A thread for each key whose work is not done. Belongs to one thread at a time."""

    def __init__(self) -> None:
        self._running: dict[str, _Task[T]] = {}

    def done(self, work: Mapping[str, Callable[[], T]], limit_s: float) -> dict[str, T]:
        """Begin this work, where its key has none going on, and wait for a while; what is done, also of earlier ones.

        What takes longer goes on, and is among the results of a later call. An error of the work is raised here.
        """
        for key in work:
            if key not in self._running:
                self._running[key] = _Task(work[key], key)
                self._running[key].start()
        give_up_at = time.monotonic() + limit_s
        for task in self._running.values():
            task.join(max(0.0, give_up_at - time.monotonic()))
        ended = {key: self._running.pop(key) for key, task in list(self._running.items()) if not task.is_alive()}
        return {key: task.result() for key, task in ended.items()}


class _Task(threading.Thread, Generic[T]):
    def __init__(self, work: Callable[[], T], key: str) -> None:
        super().__init__(name=f"serves {key}", daemon=True)  # the program ends without waiting for it
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - carried to the thread that asks
            self._error = error

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]
