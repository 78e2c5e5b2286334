"""The thread that looks: takes a snapshot whenever the database changed, and says so when it could not look."""

import threading
from collections.abc import Callable
from pathlib import Path

from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.feed import changes
from swarm_agents.errors import SwarmError
from swarm_tui import snapshot
from swarm_tui.snapshot import CouldNotLook, View

RETRY_S = 0.5  # until the next try to open a database that could not be read
AT_MOST_EVERY_S = 0.05  # nobody reads faster than twenty screens a second
_LOCK_TIMEOUT_S = 2.0


class Feed(threading.Thread):
    """Calls `tell` with every new view, from its own thread. A daemon: it must never keep the program from ending."""

    def __init__(self, path: Path, tell: Callable[[View], None], clock: Clock = host_clock) -> None:
        super().__init__(name="feed", daemon=True)
        self._path = path
        self._tell = tell
        self._clock = clock
        self._stop_asked = threading.Event()
        self._again = threading.Event()
        self._watched: int | None = None

    def watch_message(self, message: int | None) -> None:
        """From the next snapshot on, tell what becomes of that message."""
        self._watched = message
        self._again.set()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._look_until_it_fails()
            except SwarmError as error:
                self._tell(CouldNotLook(error, self._clock().wall_ms))
            self._stop_asked.wait(RETRY_S)

    def _look_until_it_fails(self) -> None:
        with Database(self._path, self._clock, _LOCK_TIMEOUT_S) as db:
            for _ in changes(db, self._stop_asked, self._again):
                self._tell(snapshot.take(db, self._watched))
                self._stop_asked.wait(AT_MOST_EVERY_S)
