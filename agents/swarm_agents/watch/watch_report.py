"""How soon changes of files are noticed here: for `swarm doctor`."""

import threading
import time

from swarm_agents import events
from swarm_agents.db.database import Database
from swarm_agents.errors import Unavailable
from swarm_agents.place import Place
from swarm_agents.watch.file_events import STEP_MS, watching
from swarm_agents.watch.file_watch import LOOK_EVERY_S, UNWATCHED, find_network_folder
from swarm_agents.watch.watch_plan import make_plan

_RECENT_MS = 24 * 3600 * 1000


def describe_watching(db: Database, place: Place) -> str:
    """What a background loop that began now would do, and what the last loop noted within a day.

    Raises `Unavailable`, which says what a human can do, where nothing can be watched.
    """
    plan = make_plan(place, place.config())
    try:
        with watching(plan.folders, threading.Event()):
            slow = find_network_folder(plan)
    except Unavailable as error:
        raise Unavailable(f"noticed by a look every {LOOK_EVERY_S:g} s only: {error.message}") from None
    how = f"noticed within {2 * STEP_MS} ms, in {len(plan.folders)} folders"
    if slow:
        how = f"{slow}: noticed by a look every {LOOK_EVERY_S:g} s"
    return f"{how}{_describe_last_loss(db)}"


def _describe_last_loss(db: Database) -> str:
    with db.reading() as tx:
        found = events.list_latest(tx, (UNWATCHED,), 1)
        if not found or found[0].at < tx.now - _RECENT_MS:
            return ""
    at = time.strftime("%H:%M:%S", time.localtime(found[0].at / 1000))
    return f". At {at}: {found[0].detail}"
