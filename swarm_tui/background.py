"""The thread that works while the dashboard is open: types notices, announces escalations, ends leases that ran out.

A thread of its own, because tmux may hang for seconds. `swarm courier` does the same, and agents' commands end
leases and start announcements too; doing it twice is harmless.
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
from swarm_agents.watch import announcer
from swarm_agents.watch.reaper import Reaper
from swarm_tui.settings import Settings

EVERY_S = 1.0  # a lease that ran out is ended that much later at most
COURIER_EVERY_S = 2.0  # when nothing was committed meanwhile
COURIER_AT_REST_S = 5.0  # when the snapshot is at rest: each round asks tmux, which costs more than all the rest
MOVING_S = 0.2  # between two rounds while a notice is on its way into a pane
RETRY_S = 5.0  # after something outside failed

ReportError = Callable[[SwarmError], None]


class BackgroundThread(threading.Thread):
    """A daemon thread: the program never waits for tmux. `report_error` is called once for each new failure."""

    def __init__(self, settings: Settings, report_error: ReportError) -> None:
        super().__init__(name="background", daemon=True)
        self._settings = settings
        self._report_error = report_error
        self._last_reported = ""
        self._stop_asked = threading.Event()
        self._news = threading.Event()
        self._watches = True
        self._escalations_shown = threading.Event()
        self._courier: Courier | None = None
        self._reaper = Reaper()

    def nudge(self, watches: bool) -> None:
        """Something was committed: perhaps a message to type. `watches`: look at the panes every `COURIER_EVERY_S`."""
        self._watches = watches
        self._news.set()

    def mark_escalations_shown(self) -> None:
        """Every open escalation was painted on the screen of a human who may act."""
        self._escalations_shown.set()
        self._news.set()

    def stop(self) -> None:
        self._stop_asked.set()
        self._news.set()

    def run(self) -> None:
        self._start_announcing()
        while not self._stop_asked.is_set():
            try:
                self._work_until_it_fails()
            except SwarmError as error:
                self._report_once(error)
                self._stop_asked.wait(RETRY_S)

    def _start_announcing(self) -> None:
        # A thread of its own: a hanging command of the human must not hold up the notices.
        arguments = (self._settings.database, self._settings.config, self._stop_asked, self._settings.clock)
        threading.Thread(target=announcer.run_until_stopped, args=arguments, name="announcer", daemon=True).start()

    def _work_until_it_fails(self) -> None:
        with self._settings.open_database() as db:
            moving, nudged, courier_at = False, True, 0.0
            while not self._stop_asked.is_set():
                if self._escalations_shown.is_set():
                    self._escalations_shown.clear()
                    announcements.record_shown(db)
                expiry.reap(db)
                acknowledgements.process_due(db)
                if moving or nudged or time.monotonic() >= courier_at:
                    moving, leads = self._type_notices(db)
                    at_rest = leads and not self._watches
                    courier_at = time.monotonic() + (COURIER_AT_REST_S if at_rest else COURIER_EVERY_S)
                self._last_reported = ""
                nudged = self._news.wait(MOVING_S if moving else EVERY_S)
                self._news.clear()
        if self._courier:
            with contextlib.suppress(SwarmError):  # its lease ends by itself
                self._courier.retire()

    def _type_notices(self, db: Database) -> tuple[bool, bool]:
        """One round of the courier: whether a notice is on its way, and whether this courier is the one that types."""
        settings, config = self._settings, self._settings.config
        if not settings.courier:
            return False, False
        self._courier = self._courier or Courier(settings.database, config.profiles, config.notices_on_borders)
        done = self._courier.run_round()
        if done:
            self._reaper.end_leases(db, done)
        return (done.moving, done.leads) if done else (False, False)

    def _report_once(self, error: SwarmError) -> None:
        if error.message != self._last_reported:
            self._last_reported = error.message
            self._report_error(error)
