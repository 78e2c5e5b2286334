"""Says when to look again: the doorbell is the hint, the database's own version is the truth.

A doorbell event alone proves nothing, and a lost one must cost little: on every event, and on every timeout, the
version is asked, and only a version that moved is a change.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from swarm_agents.db.database import Database

STEP_MS = 20  # watchfiles sleeps this long between two looks: latency is 1 to 2 of it, and it alone sets the idle cost
FALLBACK_MS = 250  # a ring that got lost costs at most this much
POLL_S = 0.1  # without a watcher: 46 ms in the middle, 0.2 % of a core
_DEBOUNCE_MS = 80


def changes(db: Database, stop: threading.Event, again: threading.Event | None = None) -> Iterator[None]:
    """Yield at once, and after every commit of another connection (folded, when they come faster), until `stop`.

    Whoever wants another look although nothing was committed sets `again`. Raises what `Database.data_version`
    raises, when the file is gone, replaced or cannot be read.
    """
    seen: int | None = None
    for _ in _hints(db.bell.folder, stop):
        version = db.data_version()
        if version != seen or (again is not None and again.is_set()):
            seen = version
            if again is not None:
                again.clear()
            yield


def _hints(folder: Path, stop: threading.Event) -> Iterator[None]:
    yield  # the first look costs no watcher: importing watchfiles takes longer than everything else here
    with contextlib.suppress(OSError, RuntimeError):  # no watcher to be had (128 inotify instances a user): poll
        yield from _watched(folder, stop)
    yield from _polled(stop)


def _watched(folder: Path, stop: threading.Event) -> Iterator[None]:
    folder.mkdir(mode=0o700, exist_ok=True)
    import watchfiles  # 40 ms, and only a screen watches

    yield  # whatever was committed while it loaded rang for nobody
    for _ in watchfiles.watch(
        folder,
        watch_filter=None,
        debounce=_DEBOUNCE_MS,
        step=STEP_MS,
        stop_event=stop,
        rust_timeout=FALLBACK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        force_polling=False,
        recursive=False,
    ):
        if stop.is_set():
            return
        yield


def _polled(stop: threading.Event) -> Iterator[None]:
    while not stop.wait(POLL_S):
        yield
