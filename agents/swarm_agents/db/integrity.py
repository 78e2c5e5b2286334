"""Asks SQLite whether a database file is sound, without changing it."""

import contextlib
from pathlib import Path

from swarm_agents.db.sqlite.connection import connect

_BUSY_LIMIT_S = 5.0


def damage(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; empty when it is sound."""
    with contextlib.closing(connect(path, _BUSY_LIMIT_S)) as connection:
        found = [row[0] for row in connection.execute("pragma integrity_check")]
        found += [f"a row of {row[0]} points nowhere" for row in connection.execute("pragma foreign_key_check")]
    return [line for line in found if line != "ok"]
