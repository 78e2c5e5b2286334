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
from swarm_agents.views.snapshot import CouldNotLook, View

RETRY_S = 0.5  # until the next try to open a database that could not be read
AT_MOST_EVERY_S = 0.05  # nobody reads faster than twenty screens a second
_LOCK_TIMEOUT_S = 2.0


class Feed(threading.Thread):
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
        self._asked = snapshot.NOTHING_MORE
        self._asked_again = False
        self._told: View | None = None

    def watch(self, **more: Any) -> None:
        """From the next snapshot on, tell of this too, or no more: fields of `Asked`."""
        self._asked = self._asked._replace(**more)
        self._asked_again = True
        self._again.set()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._look_until_it_fails()
            except SwarmError as error:
                self._told = CouldNotLook(error, self._clock().wall_ms)
                self._tell(self._told)
            self._stop_asked.wait(RETRY_S)

    def _look_until_it_fails(self) -> None:
        with Database(self._path, self._clock, _LOCK_TIMEOUT_S) as db:
            for _ in changes(db, self._stop_asked, self._again):
                asked, self._asked_again = self._asked_again, False
                seen = snapshot.take(db, self._asked)
                if asked or not snapshot.alike(seen, self._told):
                    self._told = seen
                    self._tell(seen)
                self._stop_asked.wait(AT_MOST_EVERY_S)
