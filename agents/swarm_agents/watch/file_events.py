"""Waits for events of files, through watchfiles: the only file that imports it.

watchfiles itself sleeps `STEP_MS`, looks, and sleeps again until nothing more was added: an event is told one to two
steps later, and an idle watch wakes ten times a second, 0.07 % of a core.
"""

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from swarm_agents.errors import Unavailable

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

STEP_MS = 100
_DEBOUNCE_MS = 200  # also while files change all the time, what changed so far is told
_POLL_DELAY_MS = 1000  # of watchfiles' own polling, which is never asked for


class FileEvents:
    """The events of some folders, without those of folders within them."""

    def __init__(self, watcher: "RustNotify", stop: threading.Event) -> None:
        self._watcher = watcher
        self._stop = stop

    def wait(self, limit_s: float) -> frozenset[str]:
        """The paths that changed, were added or removed; empty after `limit_s`, or when `stop` was set.

        Raises `Unavailable` when the watch has ended. It does not tell when the kernel's queue was full: then some are
        lost.
        """
        try:
            found = self._watcher.watch(_DEBOUNCE_MS, STEP_MS, max(1, int(limit_s * 1000)), self._stop)
        except RuntimeError as error:
            raise Unavailable(_explain(error)) from None
        return frozenset() if isinstance(found, str) else frozenset(path for _, path in found)


@contextmanager
def watching(folders: Iterable[Path], stop: threading.Event) -> Iterator[FileEvents]:
    """Watch these folders, which must exist. Raises `Unavailable`, which says what a human can do about it."""
    paths = [os.fspath(folder) for folder in folders]
    try:
        # The backend that watchfiles documents, as its `watch` has one time limit for good. Only a loop needs it.
        from watchfiles._rust_notify import RustNotify  # 40 ms, and the screen is painted before
    except ImportError as error:
        raise Unavailable(f"watchfiles cannot be loaded: {error}.") from None
    try:
        watcher = RustNotify(paths, False, False, _POLL_DELAY_MS, False, False)
    except (OSError, RuntimeError) as error:  # WatchfilesRustInternalError is a RuntimeError
        raise Unavailable(_explain(error)) from None
    with watcher:
        yield FileEvents(watcher, stop)


def _explain(error: Exception) -> str:
    text = str(error)
    if f"(os error {errno.EMFILE})" in text:
        return (
            "this user has as many watchers as the kernel allows (128 by default): raise "
            "fs.inotify.max_user_instances, or end programs that watch files."
        )
    if "watch limit" in text or f"(os error {errno.ENOSPC})" in text:
        return "this user watches as many files as the kernel allows: raise fs.inotify.max_user_watches."
    return f"the kernel refused: {text}"
