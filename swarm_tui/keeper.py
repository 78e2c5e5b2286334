"""The thread that keeps the swarm going while somebody looks: ends leases that ran out, and types notices into panes."""

import threading
from collections.abc import Callable

from swarm_agents import build
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_tui.settings import Settings

EVERY_S = 1.0  # a lease that ran out stands at most so long
RETRY_S = 5.0  # after something outside failed


class Keeper(threading.Thread):
    """A daemon thread: tmux may hang, and the screen must close all the same. `complain` is told what went wrong, once."""

    def __init__(self, settings: Settings, complain: Callable[[SwarmError], None]) -> None:
        super().__init__(name="keeper", daemon=True)
        self._settings = settings
        self._complain = complain
        self._complained = ""
        self._stop_asked = threading.Event()
        self._news = threading.Event()

    def nudge(self) -> None:
        """Something was committed: perhaps a message to type."""
        self._news.set()

    def stop(self) -> None:
        self._stop_asked.set()
        self._news.set()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._keep()
            except SwarmError as error:
                if error.message != self._complained:
                    self._complained = error.message
                    self._complain(error)
                self._stop_asked.wait(RETRY_S)

    def _keep(self) -> None:
        with Database(self._settings.database) as db:
            while not self._stop_asked.is_set():
                build.reap(db)
                self._news.wait(EVERY_S)
                self._news.clear()
