"""The one background loop of a host: delivers notices, ends leases, announces to the human, watches files.

`swarm courier` and every dashboard run one. Several on one host are harmless: one of them types, and whatever else is
done is claimed in the database first.
"""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple, Protocol

from swarm_agents import events, roster
from swarm_agents.build import build, expiry, waiters
from swarm_agents.config.config import Config
from swarm_agents.courier.courier import Courier
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.feed import waiting_for_commits
from swarm_agents.errors import BadConfig, SwarmError
from swarm_agents.escalations import announcements
from swarm_agents.locks.leases import LOCK_LEASES
from swarm_agents.messages import acknowledgements, deliveries
from swarm_agents.model import SWARM
from swarm_agents.system import log
from swarm_agents.system.waker import Waker
from swarm_agents.tasks.leases import TASK_LEASES
from swarm_agents.watch import announcer, branch
from swarm_agents.watch.file_watch import UNWATCHED, FileWatch
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.watch.reaper import Reaper
from swarm_agents.watch.watch_plan import FileSubject

MOVING_S = 0.2  # between two rounds while a notice is on its way into a pane
COUNTING_S = 1.0  # while something counts down: a lease that ran out is ended that much later at most
ROUND_S = 2.0  # between two looks at the panes meanwhile
AT_REST_S = 4.0  # when nothing counts down or is committed; less than what a look at panes at rest is good for
QUIET_AFTER_S = 10.0  # without a commit
QUIET_S = 20.0  # then; a look at the panes costs more than everything else that an idle dashboard does
RETRY_S = 5.0  # after something outside failed
_JOIN_LIMIT_S = 1.0


class LoopListener(Protocol):
    """What a loop tells the program that runs it, from threads of its own."""

    def on_failure(self, error: SwarmError) -> None:
        """Notices are not typed, and leases not ended; it tries again. Called once for each new failure."""

    def on_database_written(self) -> None:
        """The database may have changed, perhaps without a notification."""

    def on_config_read(self, error: BadConfig | None) -> None:
        """swarm.toml was read again: it took effect, or `error` says what is wrong, and the old one goes on."""


class BackgroundLoop:
    """One loop and its threads. `run` works until `stop`; every other method may be called from any thread."""

    def __init__(
        self,
        live_config: LiveConfig,
        listener: LoopListener,
        acts: bool = True,
        types: bool = True,
        clock: Clock = host_clock,
    ) -> None:
        """Without `acts` it only watches files and writes nothing; without `types` it leaves the panes alone."""
        self._live_config = live_config
        self._database = Path(live_config.place.database)
        self._listener = listener
        self._acts = acts
        self._types = types
        self._clock = clock
        self._stop_asked = threading.Event()
        self._waker = Waker()
        self._announcer_waker = Waker()
        self._escalations_shown = threading.Event()
        self._courier: Courier | None = None
        self._courier_config: Config | None = None
        self._reaper = Reaper()
        self._last_failure = ""
        self._last_branch_error = ""
        self._files = threading.Thread(target=self._watch_files, name="files", daemon=True)

    def mark_escalations_shown(self) -> None:
        """Every open escalation was painted on the screen of a human who may act."""
        self._escalations_shown.set()
        self._waker.wake()

    def stop(self) -> None:
        """End `run` soon. When this returns, files are no longer watched, so that the program can end."""
        self._stop_asked.set()
        self._waker.wake()
        self._announcer_waker.wake()
        if self._files.is_alive():
            self._files.join(_JOIN_LIMIT_S)  # a thread that is within watchfiles when Python ends would abort it

    def run(self) -> None:
        """Work until `stop`. Takes as long as tmux does, so it needs a thread of its own in a program with a screen."""
        self._files.start()
        if not self._acts:
            self._stop_asked.wait()
            return
        # A thread of its own: a command of the human that hangs must not hold up the notices.
        threading.Thread(target=self._announce, name="announcer", daemon=True).start()
        while not self._stop_asked.is_set():
            try:
                self._work_until_it_fails()
            except SwarmError as error:
                self._tell_once(error)
                self._stop_asked.wait(RETRY_S)
        if self._courier:
            with contextlib.suppress(SwarmError):  # its lease ends by itself
                self._courier.retire()

    def _announce(self) -> None:
        announcer.run_until_stopped(
            self._database, lambda: self._live_config.current, self._stop_asked, self._announcer_waker, self._clock
        )

    def _work_until_it_fails(self) -> None:
        with Database(self._database, self._clock) as db, waiting_for_commits(db, self._waker) as wait:
            seen, seen_at, moving, round_at = -1, 0.0, False, 0.0
            while not self._stop_asked.is_set():
                version = db.data_version()
                self._end_what_is_due(db)
                now = time.monotonic()
                if version != seen:
                    seen, seen_at, round_at = version, now, now
                if moving or now >= round_at:
                    moving = self._type_notices(db)
                    pace = choose_pace(db, now - seen_at)
                    round_at = time.monotonic() + pace.round_s
                self._last_failure = ""
                wait(MOVING_S if moving else pace.wake_s)

    def _end_what_is_due(self, db: Database) -> None:
        if self._escalations_shown.is_set():
            self._escalations_shown.clear()
            announcements.record_shown(db)
        expiry.reap(db)
        acknowledgements.process_due(db)
        self._announcer_waker.wake()

    def _type_notices(self, db: Database) -> bool:
        """One round of the courier; whether a notice is on its way into a pane."""
        if not self._types:
            roster.record_ended_panes(db)  # what a courier would see, as far as that is known without tmux
            return False
        done = self._configured_courier().run_round(db)
        if done:
            self._reaper.end_leases(db, done)
        return done is not None and done.moving

    def _configured_courier(self) -> Courier:
        config = self._live_config.current
        if self._courier is None:
            self._courier = Courier(self._database)
        if self._courier_config is not config:
            self._courier_config = config
            self._courier.configure(config.profiles, config.notices_on_borders)
        return self._courier

    # Files.

    def _watch_files(self) -> None:
        FileWatch(self._live_config, self._look_again, self._note_lost_events, self._stop_asked).run()

    def _look_again(self, subjects: frozenset[FileSubject]) -> None:
        if FileSubject.CONFIG in subjects and self._live_config.reload():
            self._tell_config()
        if FileSubject.DATABASE in subjects:
            self._listener.on_database_written()
        if self._acts and subjects != {FileSubject.DATABASE}:
            self._record_branch()
        self._waker.wake()

    def _record_branch(self) -> None:
        try:
            with Database(self._database, self._clock) as db:
                branch.record_tip(db, self._live_config.place, self._live_config.current.branch)
            self._last_branch_error = ""
        except SwarmError as error:
            if error.message != self._last_branch_error:
                log.error(self._database, f"the shared branch could not be looked at: {error.message}")
            self._last_branch_error = error.message

    def _tell_config(self) -> None:
        error = self._live_config.error
        if error:
            log.error(self._database, f"the old configuration goes on: {error.message}")
        else:
            log.info(self._database, "the configuration was read again")
        self._listener.on_config_read(error)

    def _note_lost_events(self, text: str) -> None:
        """For the log, and for `swarm doctor`."""
        log.warning(self._database, text)
        if self._acts:
            with contextlib.suppress(SwarmError), Database(self._database, self._clock) as db, db.transaction() as tx:
                events.record(tx, SWARM, UNWATCHED, f"process {os.getpid()}: {text}")

    def _tell_once(self, error: SwarmError) -> None:
        if error.message != self._last_failure:
            self._last_failure = error.message
            self._listener.on_failure(error)


class LoopPace(NamedTuple):
    wake_s: float
    """Until the next look for what has run out, where nothing wakes the loop before."""
    round_s: float
    """Until the next look at the panes."""


def choose_pace(db: Database, unchanged_s: float) -> LoopPace:
    """Slow while nothing counts down, and slower still while nothing is committed."""
    with db.reading() as tx:
        if build.state(tx).red or waiters.list_waiting(tx) or deliveries.count_queued(tx):
            return LoopPace(COUNTING_S, ROUND_S)
        runs_out = TASK_LEASES.has_held(tx) or LOCK_LEASES.has_held(tx) or acknowledgements.has_waiting(tx)
        quiet = unchanged_s >= QUIET_AFTER_S and not runs_out
    return LoopPace(QUIET_S, QUIET_S) if quiet else LoopPace(AT_REST_S, AT_REST_S)
