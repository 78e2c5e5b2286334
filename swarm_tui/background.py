"""Keeps the swarm going while somebody looks: types notices, tells of escalations, ends leases that are over.

A thread of its own, because tmux may hang for seconds. Everything here is also done by others (`swarm courier`, the
agents' own commands), and doing it twice is harmless.
"""

import contextlib
import threading
import time
from collections.abc import Callable

from swarm_agents.build import expiry
from swarm_agents.courier.courier import Courier
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.escalations import announcements
from swarm_agents.messages import acknowledgements
from swarm_agents.watch import notifier
from swarm_agents.watch.reaper import Reaper
from swarm_tui.settings import Settings

EVERY_S = 1.0  # a lease that ran out stands at most so long
COURIER_EVERY_S = 2.0  # when nothing was committed meanwhile
COURIER_IDLE_S = 5.0  # when nobody's pane matters either: each round asks tmux, which costs more than all the rest
MOVING_S = 0.2  # between two rounds while a notice is on its way into a pane
RETRY_S = 5.0  # after something outside failed

Complain = Callable[[SwarmError], None]


class BackgroundThread(threading.Thread):
    """A daemon thread: the program ends without waiting for tmux. `complain` hears of a failure once."""

    def __init__(self, settings: Settings, complain: Complain) -> None:
        super().__init__(name="keeper", daemon=True)
        self._settings = settings
        self._complain = complain
        self._complained = ""
        self._stop_asked = threading.Event()
        self._news = threading.Event()
        self._watches = True
        self._seen = threading.Event()
        self._courier: Courier | None = None
        self._reaper = Reaper()

    def nudge(self, watches: bool) -> None:
        """Something was committed: perhaps a message to type. `watches`: the panes are worth a look all the time."""
        self._watches = watches
        self._news.set()

    def escalations_were_seen(self) -> None:
        """Every open escalation stands on the screen of a human who may act."""
        self._seen.set()
        self._news.set()

    def stop(self) -> None:
        self._stop_asked.set()
        self._news.set()

    def run(self) -> None:
        self._tell_of_escalations()
        while not self._stop_asked.is_set():
            try:
                self._keep_until_it_fails()
            except SwarmError as error:
                self._complain_once(error)
                self._stop_asked.wait(RETRY_S)

    def _tell_of_escalations(self) -> None:
        # A thread of its own: a command of the human's that hangs must not hold up the notices.
        telling = (self._settings.database, self._settings.config, self._stop_asked, self._settings.clock)
        threading.Thread(target=notifier.run_until_stopped, args=telling, name="teller", daemon=True).start()

    def _keep_until_it_fails(self) -> None:
        with self._settings.open_database() as db:
            moving, nudged, courier_at = False, True, 0.0
            while not self._stop_asked.is_set():
                if self._seen.is_set():
                    self._seen.clear()
                    announcements.record_shown(db)
                expiry.reap(db)
                acknowledgements.process_due(db)
                if moving or nudged or time.monotonic() >= courier_at:
                    moving, leads = self._type(db)
                    at_rest = leads and not self._watches
                    courier_at = time.monotonic() + (COURIER_IDLE_S if at_rest else COURIER_EVERY_S)
                self._complained = ""
                nudged = self._news.wait(MOVING_S if moving else EVERY_S)
                self._news.clear()
        if self._courier:
            with contextlib.suppress(SwarmError):  # its lease ends by itself
                self._courier.retire()

    def _type(self, db: Database) -> tuple[bool, bool]:
        """A round of the courier, the same one all the time; whether something is on its way, and whether it leads."""
        settings, config = self._settings, self._settings.config
        if not settings.courier:
            return False, False
        self._courier = self._courier or Courier(settings.database, config.profiles, config.notices_on_borders)
        done = self._courier.run_round()
        if done:
            self._reaper.end_leases(db, done)
        return (done.moving, done.leads) if done else (False, False)

    def _complain_once(self, error: SwarmError) -> None:
        if error.message != self._complained:
            self._complained = error.message
            self._complain(error)
