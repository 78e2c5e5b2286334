"""Follows the commits of other connections: a notification says when to check, the data version whether to read.

A notification alone proves nothing, and a lost one must cost little: on each notification, and on each time-out, the
data version is read, and only another version is a change.
"""

import contextlib
import threading
from collections.abc import Iterator

from swarm_agents.db.database import Database
from swarm_agents.db.sqlite.notify import CommitNotifier

FALLBACK_S = 0.25  # a lost notification costs at most this much
POLL_S = 0.1  # where no socket can be bound: 46 ms in the median, 0.2 % of a core


def changes(db: Database, stop: threading.Event, again: threading.Event | None = None) -> Iterator[None]:
    """Yield at once, and after every commit of another connection, until `stop`. Commits in between count as one.

    Set `again` to have it yield once more without a commit. Raises what `Database.data_version` raises, when the file
    is gone, replaced or cannot be read.
    """
    seen: int | None = None
    for _ in _hints(db.notifier, stop):
        version = db.data_version()
        if version != seen or (again is not None and again.is_set()):
            seen = version
            if again is not None:
                again.clear()
            yield


def _hints(notifier: CommitNotifier, stop: threading.Event) -> Iterator[None]:
    with contextlib.suppress(OSError):  # for instance a folder without permission to write
        yield from _notifications(notifier, stop)
    yield  # a commit may have come before the first poll
    yield from _polls(stop)


def _notifications(notifier: CommitNotifier, stop: threading.Event) -> Iterator[None]:
    with notifier.subscribe() as commits:
        while not stop.is_set():
            yield
            commits.wait(FALLBACK_S)


def _polls(stop: threading.Event) -> Iterator[None]:
    while not stop.wait(POLL_S):
        yield
