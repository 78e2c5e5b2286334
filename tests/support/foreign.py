"""Writes into a swarm's database as another program does: another process, its own connection, no notification."""

import subprocess
import sys
from pathlib import Path

_WRITE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as connection:
    connection.execute(sys.argv[2])
connection.close()
"""


def write_elsewhere(database: Path, statement: str) -> None:
    """As the sqlite3 shell: journal and synchronous as SQLite sets them by default."""
    subprocess.run([sys.executable, "-SEc", _WRITE, str(database), statement], check=True, timeout=60)
