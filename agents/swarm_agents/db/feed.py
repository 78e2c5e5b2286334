"""Follows the commits of other connections: a notification says when to check, the data version whether to read.

A notification alone proves nothing, and a lost one must cost little: on each notification, and on each time-out, the
data version is read, and only another version is a change.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from contextlib import contextmanager

from swarm_agents.db.database import Database
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swarm_agents.system.waker import Waker

FALLBACK_S = 5.0  # a lost notification costs at most this much; where files are watched, that is quicker
POLL_S = 0.1  # where no socket can be bound: 46 ms in the median, 0.2 % of a core

Wait = Callable[[float], object]


def changes(db: Database, stop: threading.Event, waker: Waker, again: threading.Event) -> Iterator[bool]:
    """Yield at once, and after every commit of another connection, until `stop`. Commits in between count as one.

    `waker` has it look at once. Set `again` before to have it yield without a commit, too; it yields whether that was
    set. Raises what `Database.data_version` raises, when the file is gone, replaced or cannot be read.
    """
    seen: int | None = None
    with waiting_for_commits(db, waker) as wait:
        while not stop.is_set():
            version = db.data_version()
            asked = again.is_set()
            if version != seen or asked:
                seen = version
                again.clear()
                yield asked
            wait(FALLBACK_S)


@contextmanager
def waiting_for_commits(db: Database, waker: Waker) -> Iterator[Wait]:
    """A function that sleeps until a commit of any connection or a wake-up, at most the seconds that it is given.

    Where no socket can be bound (a folder without permission to write), it returns every `POLL_S`.
    """
    with contextlib.ExitStack() as stack:
        try:
            commits = stack.enter_context(db.notifier.subscribe())
        except OSError:
            yield lambda limit_s: waker.wait(min(limit_s, POLL_S))
        else:
            yield lambda limit_s: commits.wait(limit_s, waker)
