"""Opens raw SQLite connections to a swarm database; keeps the numbers by which a file is known as one."""

from __future__ import annotations

import os

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    import _sqlite3 as sqlite3  # the same, without converters of dates

APPLICATION_ID = 0x5357524D  # "SWRM"; another program's SQLite file has another one
SCHEMA_VERSION = 6
LOCK_TIMEOUT_S = 15.0  # a write transaction takes milliseconds; after this long a stopped process holds the lock


def connect(path: str | os.PathLike[str], timeout_s: float) -> sqlite3.Connection:
    """A raw connection with the pragmas that every connection of the swarm needs. Never creates the file."""
    connection = sqlite3.connect(_uri(path, "rw"), uri=True, isolation_level=None, timeout=timeout_s)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("pragma foreign_keys = on")
        connection.execute("pragma synchronous = full")  # a fence that was handed out must survive a power loss
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute(
            "pragma journal_size_limit = 0"
        )  # else a WAL that was large once is checkpointed after every commit
    except BaseException:
        connection.close()
        raise
    return connection


def connect_read_only(path: str | os.PathLike[str], timeout_s: float) -> sqlite3.Connection:
    """A raw connection that cannot write. Another thread than this one may use and close it."""
    connection = sqlite3.connect(
        _uri(path, "ro"), uri=True, isolation_level=None, timeout=timeout_s, check_same_thread=False
    )
    connection.execute("pragma query_only = on")
    return connection


def _uri(path: str | os.PathLike[str], mode: str) -> str:
    quoted = os.fspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode={mode}"
