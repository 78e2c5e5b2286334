"""Says when to look again: the bell is the hint, the database's own version is the truth.

A ring alone proves nothing, and a lost one must cost little: on every ring, and on every timeout, the version is
asked, and only a version that moved is a change.
"""

import contextlib
import threading
from collections.abc import Iterator

from swarm_agents.db.database import Database
from swarm_agents.db.sqlite.notify import Bell

FALLBACK_S = 0.25  # a ring that got lost costs at most this much
POLL_S = 0.1  # where no bell can be heard: 46 ms in the middle, 0.2 % of a core


def changes(db: Database, stop: threading.Event, again: threading.Event | None = None) -> Iterator[None]:
    """Yield at once, and after every commit of another connection (folded, when they come faster), until `stop`.

    Whoever wants another look although nothing was committed sets `again`. Raises what `Database.data_version`
    raises, when the file is gone, replaced or cannot be read.
    """
    seen: int | None = None
    for _ in _hints(db.bell, stop):
        version = db.data_version()
        if version != seen or (again is not None and again.is_set()):
            seen = version
            if again is not None:
                again.clear()
            yield


def _hints(bell: Bell, stop: threading.Event) -> Iterator[None]:
    with contextlib.suppress(OSError):  # a folder that cannot be written, for one
        yield from _heard(bell, stop)
    yield  # perhaps something was committed before that
    yield from _polled(stop)


def _heard(bell: Bell, stop: threading.Event) -> Iterator[None]:
    with bell.listener() as listener:
        while not stop.is_set():
            yield
            listener.wait(FALLBACK_S)


def _polled(stop: threading.Event) -> Iterator[None]:
    while not stop.wait(POLL_S):
        yield
