"""Marks a folder as in use by one process, so that others can tell what a killed process left behind."""

from __future__ import annotations

import fcntl

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

_OWNER = "owner"  # a file in the folder, locked by the process that uses it


def lock_folder(folder: Path) -> IO[str]:
    """Mark the folder as in use until the returned file is closed or this process dies."""
    owner = open(folder / _OWNER, "w", encoding="ascii")  # noqa: SIM115 - the caller closes it
    fcntl.flock(owner, fcntl.LOCK_EX)
    return owner


def lock_abandoned_folder(folder: Path) -> IO[str] | None:
    """The same for a folder whose process died; None while that process lives.

    Raises `FileNotFoundError` for a folder that was never locked.
    """
    owner = open(folder / _OWNER, "r+", encoding="ascii")  # noqa: SIM115 - the caller closes it
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner.close()
        return None
    except BaseException:
        owner.close()
        raise
    return owner
