"""The thread that looks: takes a snapshot whenever the database changed, and says so when it could not look."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.feed import changes
from swarm_agents.errors import SwarmError
from swarm_agents.views import snapshot
from swarm_agents.views.snapshot import SnapshotFailure, View

RETRY_S = 0.5  # until the next try to open a database that could not be read
AT_MOST_EVERY_S = 0.05  # nobody reads faster than twenty screens a second
_LOCK_TIMEOUT_S = 2.0


class SnapshotFeed(threading.Thread):
    """Calls `tell` with every view that differs from the one before, from its own thread.

    A daemon: it must never keep the program from ending.
    """

    def __init__(self, path: Path, tell: Callable[[View], None], clock: Clock = host_clock) -> None:
        super().__init__(name="feed", daemon=True)
        self._path = path
        self._tell = tell
        self._clock = clock
        self._stop_asked = threading.Event()
        self._again = threading.Event()
        self._request = snapshot.NOTHING_EXTRA
        self._request_changed = False
        self._told: View | None = None

    def watch(self, **more: Any) -> None:
        """From the next snapshot on, tell of this too, or no more: fields of `Asked`."""
        self._request = self._request._replace(**more)
        self._request_changed = True
        self._again.set()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._look_until_it_fails()
            except SwarmError as error:
                self._told = SnapshotFailure(error, self._clock().wall_ms)
                self._tell(self._told)
            self._stop_asked.wait(RETRY_S)

    def _look_until_it_fails(self) -> None:
        with Database(self._path, self._clock, _LOCK_TIMEOUT_S) as db:
            for _ in changes(db, self._stop_asked, self._again):
                requested, self._request_changed = self._request_changed, False
                seen = snapshot.take(db, self._request)
                if requested or not snapshot.differ_only_in_time(seen, self._told):
                    self._told = seen
                    self._tell(seen)
                self._stop_asked.wait(AT_MOST_EVERY_S)
