"""Keeps the swarm going while somebody looks: types notices, tells of escalations, ends leases that are over.

A thread of its own, because tmux may hang for seconds. Everything here is also done by others (`swarm courier`, the
agents' own commands), and doing it twice is harmless.
"""

import contextlib
import threading
from collections.abc import Callable

from swarm_agents import build, notify, roster
from swarm_agents.courier import Courier, Looks, Round
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.model import Build, PaneAddress
from swarm_agents.panes import Look
from swarm_tui.settings import Settings

EVERY_S = 1.0  # a lease that ran out stands at most so long
MOVING_S = 0.2  # between two rounds while a notice is on its way into a pane
RETRY_S = 5.0  # after something outside failed
GRACE_MS = 5_000  # a pane may be respawned by its host, and adopted again

Complain = Callable[[SwarmError], None]


class Keeper(threading.Thread):
    """A daemon thread: the program ends without waiting for tmux. `complain` hears of a failure once."""

    def __init__(self, settings: Settings, complain: Complain, clock: Clock = host_clock) -> None:
        super().__init__(name="keeper", daemon=True)
        self._settings = settings
        self._complain = complain
        self._clock = clock
        self._complained = ""
        self._stop_asked = threading.Event()
        self._news = threading.Event()
        self._dead_since: tuple[int, int] | None = None  # fence, and when (monotonic ms) its holder's pane was missed

    def nudge(self) -> None:
        """Something was committed: perhaps a message to type."""
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
        telling = (self._settings.database, self._settings.config, self._stop_asked, self._clock)
        threading.Thread(target=notify.keep_telling, args=telling, name="teller", daemon=True).start()

    def _keep_until_it_fails(self) -> None:
        settings = self._settings
        courier = Courier(settings.database, settings.config.profiles) if settings.courier else None
        with Database(self._settings.database, self._clock) as db:
            while not self._stop_asked.is_set():
                done = self._keep(db, courier)
                self._complained = ""
                self._news.wait(MOVING_S if done and done.moving else EVERY_S)
                self._news.clear()
        if courier:
            with contextlib.suppress(SwarmError):  # its lease ends by itself
                courier.retire()

    def _keep(self, db: Database, courier: Courier | None) -> Round | None:
        build.reap(db)
        done = courier.tick() if courier else None
        if done:
            self._end_lease_of_dead(db, done.looks)
        return done

    def _end_lease_of_dead(self, db: Database, looks: Looks) -> None:
        """The fixer's pane is gone, dead or another one, and tmux said so twice with some time between."""
        with db.reading() as tx:
            now = build.state(tx)
            pane = _pane_of_fixer(roster.listed(tx), now)
        seen = looks.get(pane.socket) if pane else None
        if pane is None or not isinstance(seen, Look):
            return  # nothing known, which is no sign of death
        found = seen.pane(pane)
        if found is not None and not found.dead:
            self._dead_since = None
        elif self._dead_since is None or self._dead_since[0] != now.fence:
            self._dead_since = (now.fence, db.moment().mono_ms)
        elif db.moment().mono_ms - self._dead_since[1] >= GRACE_MS:
            assert now.fixer is not None
            build.lose_fixer(db, now.fixer, now.fence, "its tmux pane is gone")

    def _complain_once(self, error: SwarmError) -> None:
        if error.message != self._complained:
            self._complained = error.message
            self._complain(error)


def _pane_of_fixer(listed: list[roster.Listed], now: Build) -> PaneAddress | None:
    return next((each.agent.pane for each in listed if each.agent.name == now.fixer), None)
