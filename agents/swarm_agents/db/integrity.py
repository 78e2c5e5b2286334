"""Has SQLite check a database file for damage, without changing it."""

import contextlib
from pathlib import Path

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
