"""A folder for what git and its hooks note about one commit: removed with it, or later when its process was killed."""

from __future__ import annotations

import contextlib
import os
import time
from contextlib import contextmanager

from swarm_agents.errors import CannotWrite
from swarm_agents.system.owned_folders import lock_abandoned_folder, lock_folder
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEW_S = 60.0  # the process that made a younger folder may not have locked it yet


@contextmanager
def new_notes_folder(parent: Path) -> Iterator[Path]:
    """A new, private folder in `parent`, which is made when it is missing. Raises `CannotWrite`."""
    own = parent / f"{os.getpid()}-{os.urandom(4).hex()}"  # `tempfile` would cost every commit three milliseconds
    try:
        parent.mkdir(mode=0o700, exist_ok=True)
        own.mkdir(mode=0o700)
        lock = lock_folder(own)
    except OSError as error:
        raise CannotWrite(f"Cannot write into {parent}: {error.strerror}.") from error
    with lock:
        try:
            yield own
        finally:
            _remove(own)
            _remove_abandoned(parent)


def _remove_abandoned(parent: Path) -> None:
    with contextlib.suppress(OSError):
        for other in parent.iterdir():
            with contextlib.suppress(OSError):
                if other.stat().st_mtime < time.time() - _NEW_S:
                    _remove_if_abandoned(other)


def _remove_if_abandoned(folder: Path) -> None:
    try:
        lock = lock_abandoned_folder(folder)
    except FileNotFoundError:  # killed before it could lock the folder
        _remove(folder)
        return
    if lock:
        with lock:
            _remove(folder)


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for note in folder.iterdir():
            note.unlink()
        folder.rmdir()
