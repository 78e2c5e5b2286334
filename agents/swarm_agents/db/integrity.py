"""Looks at a database file without changing it: for damage, and for the size of its journal and what keeps that."""

import contextlib
import os
import sqlite3
from pathlib import Path

from swarm_agents.db.sqlite import faults
from swarm_agents.db.sqlite.connection import connect

_BUSY_LIMIT_S = 5.0


def find_damage(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; empty when nothing is."""
    with contextlib.closing(connect(path, _BUSY_LIMIT_S)) as connection:
        found = [row[0] for row in connection.execute("pragma integrity_check")]
        found += [
            f"a row of {row[0]} refers to a missing row" for row in connection.execute("pragma foreign_key_check")
        ]
    return [line for line in found if line != "ok"]


def read_engine_version() -> str:
    return sqlite3.sqlite_version


def measure_journal(database: str) -> int:
    """Bytes of the journal beside the database; 0 when there is none."""
    try:
        return os.stat(f"{database}-wal").st_size
    except OSError:
        return 0


def find_readers(database: str) -> list[int]:
    """Other processes that are reading at this moment: what they see must stay in the journal. Empty outside Linux."""
    return [pid for pid in faults.find_readers(database) if pid != os.getpid()]
