"""Runs the same work for several keys in parallel threads, so that one that hangs delays no other."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class ParallelTasks(Generic[T]):
    """A thread for each key whose work is running. Not to be used by two threads at a time."""

    def __init__(self) -> None:
        self._running: dict[str, _TaskThread[T]] = {}

    def run(self, work: Mapping[str, Callable[[], T]], limit_s: float) -> dict[str, T]:
        """Start the work of each key that has none running, wait up to `limit_s`, and return what is done by then.

        Work that takes longer goes on and is in the result of a later call. An error of the work is raised here.
        """
        for key in work:
            if key not in self._running:
                self._running[key] = _TaskThread(work[key], key)
                self._running[key].start()
        give_up_at = time.monotonic() + limit_s
        for task in self._running.values():
            task.join(max(0.0, give_up_at - time.monotonic()))
        ended = {key: self._running.pop(key) for key, task in list(self._running.items()) if not task.is_alive()}
        return {key: task.result() for key, task in ended.items()}


class _TaskThread(threading.Thread, Generic[T]):
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
