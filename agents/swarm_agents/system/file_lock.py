"""An advisory file lock with a time limit, which gives waiting processes fair turns.

The database takes one in front of SQLite's own write lock: SQLite's busy handler sleeps longer and longer, so a writer
that backed off loses to newcomers. There it is for fairness only. A stopped holder must not stop the swarm, so after a
while a writer goes on without it.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE_S = (0.0005, 0.003)  # between two looks at the lock; a herd of 32 then costs a few per cent of a core


@contextmanager
def held(path: str | os.PathLike[str], limit_s: float, shared: bool = False) -> Iterator[bool]:
    """Hold the file lock at `path`, waiting at most `limit_s`; yields whether it is held.

    A `shared` one can be held by several at once, and by none while it is held alone.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _locked(fd, limit_s, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _locked(fd: int, limit_s: float, kind: int) -> bool:
    give_up_at = time.monotonic() + limit_s
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= give_up_at:
                return False
            import random  # only who has to wait pays for it

            time.sleep(random.uniform(*_PAUSE_S))
