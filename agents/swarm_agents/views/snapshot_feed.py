"""The thread that takes a snapshot whenever the database changed, and reports when it could not be read."""

from __future__ import annotations

import threading

from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.feed import changes
from swarm_agents.errors import SwarmError
from swarm_agents.system.waker import Waker
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import snapshot
from swarm_agents.views.snapshot import SnapshotFailure, View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

RETRY_S = 0.5  # until the next try to open a database that could not be read
SHORTEST_INTERVAL_S = 0.05  # people read no more than twenty screens a second
_LOCK_TIMEOUT_S = 2.0


class SnapshotFeed(threading.Thread):
    """Calls `publish`, from its own thread, with every view that differs from the one before.

    A daemon: it never keeps the program from ending.
    """

    def __init__(self, path: Path, publish: Callable[[View], None], clock: Clock = host_clock) -> None:
        super().__init__(name="feed", daemon=True)
        self._path = path
        self._publish = publish
        self._clock = clock
        self._stop_asked = threading.Event()
        self._waker = Waker()
        self._request = snapshot.NOTHING_EXTRA
        self._request_changed = threading.Event()
        self._published: View | None = None

    def request(self, **fields: Any) -> None:
        """Change what the next snapshots hold: fields of `SnapshotRequest`. One is published even if it is the same."""
        self._request = self._request._replace(**fields)
        self._request_changed.set()
        self._waker.wake()

    def look(self) -> None:
        """The database may have changed without a notification."""
        self._waker.wake()

    def stop(self) -> None:
        self._stop_asked.set()
        self._waker.wake()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._publish_until_it_fails()
            except SwarmError as error:
                self._published = SnapshotFailure(error, self._clock().wall_ms)
                self._publish(self._published)
            self._stop_asked.wait(RETRY_S)

    def _publish_until_it_fails(self) -> None:
        with Database(self._path, self._clock, _LOCK_TIMEOUT_S) as db:
            for requested in changes(db, self._stop_asked, self._waker, self._request_changed):
                taken = snapshot.take(db, self._request)
                if requested or not snapshot.differ_only_in_time(taken, self._published):
                    self._published = taken
                    self._publish(taken)
                self._stop_asked.wait(SHORTEST_INTERVAL_S)
