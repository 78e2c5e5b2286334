"""Watches the files of the swarm, and has what they tell looked at again: with events, and by a look now and then.

Events get lost: when the kernel's queue was full, on a network mount, where the kernel has no watch left. So every
`LOOK_EVERY_S` the files themselves are looked at. A change that no event told of is handled then, and noted.
"""

import threading
import time
from collections.abc import Callable

from swarm_agents.errors import Unavailable
from swarm_agents.system import mounts
from swarm_agents.watch.file_events import FileEvents, watching
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.watch.watch_plan import ALL_SUBJECTS, FileStates, FileSubject, WatchPlan, make_plan

LOOK_EVERY_S = 5.0
SECOND_LOOK_S = 0.3  # after an event of the database: the event may come before its commit can be read
_GRACE_S = 1.0  # for an event that is on its way while the files are looked at
_NOTE_AGAIN_S = 3600.0  # the same loss

UNWATCHED = "files_unwatched"
"""The kind of event that says why changes of files were noticed late."""

Handle = Callable[[frozenset[FileSubject]], None]
Note = Callable[[str], None]


class FileWatch:
    """Calls `handle` with what changed, from the thread that calls `run`, and `note` with each loss of events."""

    def __init__(self, live_config: LiveConfig, handle: Handle, note: Note, stop: threading.Event) -> None:
        self._live_config = live_config
        self._handle = handle
        self._note = note
        self._stop = stop
        self._last_note = ""
        self._note_again_at = 0.0

    def run(self) -> None:
        """Watch until `stop` is set; that ends a watch within a tenth of a second."""
        while not self._stop.is_set():
            plan = self._make_plan()
            try:
                with watching(plan.folders, self._stop) as events:
                    self._note_network(plan)
                    self._follow(events, plan)
            except Unavailable as error:
                self._note_once(f"files are looked at every {LOOK_EVERY_S:g} s only: {error.message}")
                self._handle(ALL_SUBJECTS)
                self._stop.wait(LOOK_EVERY_S)

    def _make_plan(self) -> WatchPlan:
        return make_plan(self._live_config.place, self._live_config.current)

    def _follow(self, events: FileEvents, plan: WatchPlan) -> None:
        """Until the plan is outdated, or events were lost: then a new watch may help."""
        seen = plan.read_states()
        self._handle(ALL_SUBJECTS)  # what changed before the watch began
        if self._make_plan() != plan:
            return  # the configuration that was just read has other files
        look_at = time.monotonic() + LOOK_EVERY_S
        again_at: float | None = None
        while not self._stop.is_set():
            until = look_at if again_at is None else min(look_at, again_at)
            changed = events.wait(until - time.monotonic())
            if plan.is_outdated_by(changed):
                return
            if subjects := plan.find_subjects(changed):
                seen = plan.read_states()
                self._handle(subjects)
                if FileSubject.DATABASE in subjects:
                    again_at = time.monotonic() + SECOND_LOOK_S
                if subjects != {FileSubject.DATABASE} and self._make_plan() != plan:
                    return  # another configuration or branch has other files
            elif again_at is not None and time.monotonic() >= again_at:
                again_at = None
                self._handle(frozenset({FileSubject.DATABASE}))
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_EVERY_S
                if self._has_lost_events(events, plan, seen):
                    return

    def _has_lost_events(self, events: FileEvents, plan: WatchPlan, seen: FileStates) -> bool:
        """Look at the files themselves; `run` then begins with a look at everything."""
        replaced = plan.find_replaced_folder()
        if replaced is not None:
            self._note_once(f"{replaced} was removed or replaced while it was watched")
            return True
        lost = [path for path, state in plan.read_states().items() if state != seen[path]]
        if not lost:
            return False
        if not (find_network_folder(plan) or self._comes_late(events, plan)):
            self._note_once(f"no event told that {lost[0]} has changed: the queue of events may have been full")
        return True

    def _comes_late(self, events: FileEvents, plan: WatchPlan) -> bool:
        """Whether an event was only on its way while the files were looked at, or `stop` was set before one came."""
        give_up_at = time.monotonic() + _GRACE_S
        while not self._stop.is_set() and (left_s := give_up_at - time.monotonic()) > 0:
            if plan.find_subjects(events.wait(left_s)):
                return True
        return self._stop.is_set()

    def _note_network(self, plan: WatchPlan) -> None:
        if found := find_network_folder(plan):
            self._note_once(f"{found}: what other machines write there is seen by a look every {LOOK_EVERY_S:g} s")

    def _note_once(self, text: str) -> None:
        if text != self._last_note or time.monotonic() >= self._note_again_at:
            self._last_note = text
            self._note_again_at = time.monotonic() + _NOTE_AGAIN_S
            self._note(text)


def find_network_folder(plan: WatchPlan) -> str | None:
    """Which watched folder is on a network file system, in words; the first one."""
    for folder in plan.folders:
        if kind := mounts.find_network_type(folder):
            return f"{folder} is on a network file system ({kind})"
    return None
