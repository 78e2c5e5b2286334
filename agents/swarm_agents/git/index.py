"""Compares the index with a copy of it, and puts a copy in its place as git itself would."""

from __future__ import annotations

import time
from pathlib import Path

from swarm_agents.errors import Unavailable
from swarm_agents.git.run import run_git, run_git_or_raise

_LOCK_WAIT_S = 10.0  # for another git that is just writing the index
_PAUSE_S = 0.05
_REFRESH_LIMIT_S = 600  # a slow filter reads each file; a git that is killed leaves its lock behind


def find_index(root: Path) -> Path:
    return Path(run_git_or_raise(["rev-parse", "--path-format=absolute", "--git-path", "index"], root))


def has_same_entries(root: Path, copy: Path) -> bool:
    """Whether the index has the same files as the copy, with the same contents, modes and flags."""
    listed = ["ls-files", "--stage", "-v", "-z"]
    return run_git(listed, root).stdout == run_git(listed, root, {"GIT_INDEX_FILE": str(copy)}).stdout


def install_index(root: Path, new: Path) -> None:
    """Put this index in place of the real one. Raises `Unavailable` while another git holds its lock for too long."""
    index = find_index(root)
    lock = index.with_name(f"{index.name}.lock")
    give_up_at = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            lock.touch(exist_ok=False)
            break
        except FileExistsError:
            if time.monotonic() >= give_up_at:
                raise Unavailable(f"Another git holds {lock}. Run the command again when it has ended.") from None
            time.sleep(_PAUSE_S)
    try:
        lock.write_bytes(new.read_bytes())
        lock.replace(index)
    except OSError:  # the disk is full: a lock that stays would stop every git here
        lock.unlink(missing_ok=True)
        raise
    run_git(["update-index", "-q", "--refresh"], root, limit_s=_REFRESH_LIMIT_S)
