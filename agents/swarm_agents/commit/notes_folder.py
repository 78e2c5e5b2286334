"""A folder for what git and its hooks note of one commit: gone with it, or cleared later where that was killed."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swarm_agents.errors import CannotWrite

_OWNER = "owner"  # a file in the folder, locked by the process that uses it
_NEW_S = 60.0  # a folder younger than this may be in the making


@contextmanager
def folder(database: Path) -> Iterator[Path]:
    """A new, private folder beside the database. (`tempfile` would cost every commit three milliseconds.)"""
    place = Path(f"{database}-commits")
    own = place / f"{os.getpid()}-{os.urandom(4).hex()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        own.mkdir(mode=0o700)
        owner = open(own / _OWNER, "w", encoding="ascii")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CannotWrite(f"Cannot write into {place}: {error.strerror}.") from error
    with owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        try:
            yield own
        finally:
            _remove(own)
            _clear(place)


def _clear(place: Path) -> None:
    """Remove what killed processes left: folders that nobody has locked, and that are not in the making."""
    with contextlib.suppress(OSError):
        for other in place.iterdir():
            with contextlib.suppress(OSError):
                if other.stat().st_mtime < time.time() - _NEW_S and _is_abandoned(other):
                    _remove(other)


def _is_abandoned(folder: Path) -> bool:
    try:
        with open(folder / _OWNER, "r+", encoding="ascii") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for note in folder.iterdir():
            note.unlink()
        folder.rmdir()
