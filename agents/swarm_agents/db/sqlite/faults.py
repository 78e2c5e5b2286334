"""Says in the swarm's words what SQLite means by an error, and who is in the way."""

import errno
import os
import sqlite3
from pathlib import Path

from swarm_agents.errors import CannotWrite, DatabaseLocked, DatabaseUnreadable, DiskFull, SwarmError

_SHM_WRITE_LOCK_BYTE = 120  # WAL_WRITE_LOCK in the -shm file: who locks it holds the write lock


def explain(error: sqlite3.Error, path: Path) -> Exception:
    """The error to raise for `error`; the error itself where it is a bug of ours (constraint, syntax)."""
    match (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseLocked(
                f"The database is locked{_by_whom(path)}: {path}. Resume or end that process, then try again."
            )
        case sqlite3.SQLITE_FULL:
            return _disk_full(path)
        case sqlite3.SQLITE_IOERR if _no_space_left(error, path):
            return _disk_full(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return cannot_write(path)
        case sqlite3.SQLITE_NOTADB:
            return not_ours(path)
        case sqlite3.SQLITE_CORRUPT:
            return DatabaseUnreadable(
                f"The database is damaged ({error}): {path}. Nothing was changed. Keep it and its -wal file aside, "
                "then recover it with 'sqlite3 swarm.db .recover' or start anew with 'swarm init'."
            )
        case sqlite3.SQLITE_IOERR:
            return DatabaseUnreadable(f"The database cannot be read or written ({error}): {path}. Look at the disk.")
    return error


def explain_os(error: OSError, path: Path) -> Exception:
    """The same for an error of the system at the files beside the database; the error itself where it says nothing."""
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return cannot_write(path)
        case errno.ENOSPC | errno.EDQUOT:
            return _disk_full(path)
    return error


def not_ours(path: Path) -> SwarmError:
    return DatabaseUnreadable(f"Not a swarm database: {path}. Nothing was changed; move it aside or set SWARM_DB.")


def replaced(path: Path) -> SwarmError:
    return DatabaseUnreadable(f"The database was replaced or removed while it was open: {path}. Run the command again.")


def cannot_write(path: Path) -> CannotWrite:
    """What stands in the way of writing, named: the file, its folder, or the file system."""
    for needed in (path, path.parent):
        if not os.access(needed, os.W_OK):
            return CannotWrite(f"No permission to write {needed}. The swarm needs its folder and its files writable.")
    return CannotWrite(f"Cannot write {path}: the file system is read-only, or the sandbox forbids it.")


def _disk_full(path: Path) -> DiskFull:
    return DiskFull(f"The disk is full; nothing was changed. Free some space for {path.parent}, then try again.")


def _no_space_left(error: sqlite3.Error, path: Path) -> bool:
    # SQLite calls it an I/O error when there is no room for the memory that processes share.
    if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_SHMSIZE:
        return True
    try:
        return os.statvfs(path.parent).f_bavail == 0
    except OSError:
        return False


def _by_whom(path: Path) -> str:
    holder = write_lock_holder(path)
    if holder is None:
        return ""
    return f" by process {holder}{' (stopped)' if _is_stopped(holder) else ''}"


def write_lock_holder(path: Path) -> int | None:
    """The process that holds the write lock, where the system tells (Linux); None where nobody does or it does not."""
    try:
        shm = os.stat(f"{path}-shm")
        table = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return None
    file_id = f"{os.major(shm.st_dev):02x}:{os.minor(shm.st_dev):02x}:{shm.st_ino}"
    for line in table.splitlines():
        fields = line.split()
        if "WRITE" not in fields or file_id not in fields:
            continue
        pid, start, end = int(fields[-4]), fields[-2], fields[-1]
        if pid > 0 and int(start) <= _SHM_WRITE_LOCK_BYTE and (end == "EOF" or int(end) >= _SHM_WRITE_LOCK_BYTE):
            return pid
    return None


def _is_stopped(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in {"T", "t"}
