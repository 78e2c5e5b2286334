"""Translates SQLite errors into SwarmErrors, and names the process that holds the write lock."""

from __future__ import annotations

import errno
import os

from swarm_agents.errors import CannotWrite, DatabaseLocked, DatabaseUnreadable, DiskFull, SwarmError
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
else:
    import _sqlite3 as sqlite3  # the same, without converters of dates

_SHM_WRITE_LOCK_BYTE = 120  # WAL_WRITE_LOCK in the -shm file: its lock is the write lock
_SHM_READ_LOCK_BYTE = 123  # the first of WAL_READ_LOCK: a reader holds one while its transaction is open
_READ_LOCKS = 5


def translate(error: sqlite3.Error, path: str) -> Exception:
    """The error to raise instead of `error`; `error` itself where it is a bug of ours (constraint, syntax)."""
    match (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseLocked(
                f"The database is locked{_holder_words(path)}: {path}. Resume or end that process, then try again."
            )
        case sqlite3.SQLITE_FULL:
            return _disk_full(path)
        case sqlite3.SQLITE_IOERR if _no_space_left(error, path):
            return _disk_full(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return cannot_write(path)
        case sqlite3.SQLITE_NOTADB:
            return not_a_swarm_database(path)
        case sqlite3.SQLITE_CORRUPT:
            return DatabaseUnreadable(
                f"The database is damaged ({error}): {path}. Nothing was changed. Keep it and its -wal file aside, "
                "then recover it with 'sqlite3 swarm.db .recover' or start over with 'swarm init'."
            )
        case sqlite3.SQLITE_IOERR:
            return DatabaseUnreadable(f"The database cannot be read or written ({error}): {path}. Look at the disk.")
    return error


def translate_os(error: OSError, path: str) -> Exception:
    """The same for an OSError at the files beside the database; `error` itself where it means nothing to us."""
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return cannot_write(path)
        case errno.ENOSPC | errno.EDQUOT:
            return _disk_full(path)
    return error


def not_a_swarm_database(path: str) -> SwarmError:
    return DatabaseUnreadable(f"Not a swarm database: {path}. Nothing was changed; move it aside or set SWARM_DB.")


def database_replaced(path: str) -> SwarmError:
    return DatabaseUnreadable(f"The database was replaced or removed while it was open: {path}. Run the command again.")


def cannot_write(path: str) -> CannotWrite:
    """Names what cannot be written: the file, its folder, or the file system."""
    for needed in (path, os.path.dirname(path)):
        if not os.access(needed, os.W_OK):
            return CannotWrite(f"No permission to write {needed}. The swarm needs its folder and its files writable.")
    return CannotWrite(f"Cannot write {path}: the file system is read-only, or the sandbox forbids it.")


def _disk_full(path: str) -> DiskFull:
    return DiskFull(
        f"The disk is full; nothing was changed. Free some space for {os.path.dirname(path)}, then try again."
    )


def _no_space_left(error: sqlite3.Error, path: str) -> bool:
    # SQLite reports an I/O error when the disk has no room for the -shm file.
    if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_SHMSIZE:
        return True
    try:
        return os.statvfs(os.path.dirname(path)).f_bavail == 0
    except OSError:
        return False


def _holder_words(path: str) -> str:
    holder = find_write_lock_holder(path)
    if holder is None:
        return ""
    return f" by process {holder}{' (stopped)' if _is_stopped(holder) else ''}"


def find_write_lock_holder(path: str) -> int | None:
    """The id of the process that holds the write lock; None when no process does, or outside Linux."""
    return next(_list_lock_holders(path, "WRITE", _SHM_WRITE_LOCK_BYTE, _SHM_WRITE_LOCK_BYTE), None)


def find_readers(path: str) -> list[int]:
    """The ids of the processes that are in a read transaction now; empty outside Linux."""
    return sorted(set(_list_lock_holders(path, "READ", _SHM_READ_LOCK_BYTE, _SHM_READ_LOCK_BYTE + _READ_LOCKS - 1)))


def _list_lock_holders(path: str, kind: str, first: int, last: int) -> Iterator[int]:
    """The processes with such a lock on one of these bytes of the -shm file."""
    try:
        shm = os.stat(f"{path}-shm")
        with open("/proc/locks", encoding="ascii") as file:
            table = file.read()
    except OSError:
        return
    file_id = f"{os.major(shm.st_dev):02x}:{os.minor(shm.st_dev):02x}:{shm.st_ino}"
    for line in table.splitlines():
        fields = line.split()
        if kind not in fields or file_id not in fields:
            continue
        pid, start, end = int(fields[-4]), fields[-2], fields[-1]
        if pid > 0 and int(start) <= last and (end == "EOF" or int(end) >= first):
            yield pid


def _is_stopped(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            stat = file.read()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in {"T", "t"}
