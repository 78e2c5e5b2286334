"""Writes into a swarm's database as another program does, without a notification; and a watch that hears no event."""

import subprocess
import sys
from pathlib import Path

from swarm_agents.watch.file_events import FileEvents

_WRITE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as connection:
    connection.execute(sys.argv[2])
connection.close()
"""


def write_elsewhere(database: Path | str, statement: str) -> None:
    """As the sqlite3 shell: journal and synchronous as SQLite sets them by default."""
    subprocess.run([sys.executable, "-SEc", _WRITE, str(database), statement], check=True, timeout=60)


def hear_nothing(events: FileEvents, limit_s: float) -> frozenset[str]:
    """In place of `FileEvents.wait`: as on a file system that sends no events."""
    events._stop.wait(limit_s)
    return frozenset()
