"""Waits until something is true, with a limit: the one way in which a test waits."""

import time
from collections.abc import Callable

LIMIT_S = 60.0  # on a busy machine a process may need seconds to start; a test that fails may take its time


def until(holds: Callable[[], object], what: str, limit_s: float = LIMIT_S, look_every_s: float = 0.01) -> None:
    """Return as soon as it holds; after `limit_s` fail with what was waited for."""
    give_up_at = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < give_up_at, f"waited {limit_s:g} s in vain until {what}"
        time.sleep(look_every_s)
