"""Creates and upgrades the database: the cold path, the only one that loads sqlite-utils.

A new database is built under another name and then renamed into place, so no process ever opens half of one, and a
process that is killed here leaves only files that the next one removes. A file lock admits one process at a time.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from swarm_agents.db.sqlite import faults
from swarm_agents.db.sqlite.connection import APPLICATION_ID, LOCK_TIMEOUT_S, SCHEMA_VERSION, connect
from swarm_agents.errors import CannotWrite, DatabaseLocked, DatabaseNewer, DatabaseUnreadable
from swarm_agents.system import file_lock
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

migrations = Migrations("swarm")
_HERE = Path(__file__).parent
# views.sql writes iso(COLUMN): in SQLite the expression is so long that the columns could not be read beside it.
_ISO_CALL = re.compile(r"\biso\((\w+)\)")
_ISO_SQL = r"strftime('%Y-%m-%dT%H:%M:%fZ', nullif(\1, 0) / 1000.0, 'unixepoch')"


@migrations()
def first(db: sqlite_utils.Database) -> None:
    """Version 1: everything that `schema.sql` creates, and the rows that exist from the start."""
    db.executescript((_HERE / "schema.sql").read_text(encoding="utf-8"))
    db.conn.execute("insert into turn_window (id, size) values (1, 1)")
    db.conn.execute("insert into pruned (id, through) values (1, 0)")
    db.conn.execute("insert into lock_fence (id, fence) values (1, 0)")
    moment = {"at": 0, "mono": 0, "boot": "never"}
    db.conn.execute(
        "insert into build_state "
        "(id, status, changed_at, changed_mono_ms, changed_boot_id, fresh_mono_ms, fresh_boot_id) "
        "values (1, 'passing', :at, :mono, :boot, :mono, :boot)",
        moment,
    )


@migrations()
def views(db: sqlite_utils.Database) -> None:
    """Version 2: the views of `views.sql`."""
    db.executescript(_read_views("views.sql"))


@migrations()
def shared_branch(db: sqlite_utils.Database) -> None:
    """Version 3: where the shared branch is, and which commit the last check ran on."""
    db.executescript((_HERE / "shared_branch.sql").read_text(encoding="utf-8"))


@migrations()
def lost_panes(db: sqlite_utils.Database) -> None:
    """Version 4: whether an agent's pane was seen to be gone."""
    db.executescript(_read_views("lost_panes.sql"))


@migrations()
def breakage(db: sqlite_utils.Database) -> None:
    """Version 5: what failed in a check, by name, and which commit broke the build."""
    db.executescript(_read_views("breakage.sql"))


@migrations()
def host_sessions(db: sqlite_utils.Database) -> None:
    """Version 6: sessions of coding agents, as their hooks tell of them."""
    db.executescript(_read_views("host_sessions.sql"))


def _read_views(name: str) -> str:
    return _ISO_CALL.sub(_ISO_SQL, (_HERE / name).read_text(encoding="utf-8"))


def create_file(path: Path) -> bool:
    """Create the database at `path` unless a file exists there; whether it was created. Does not open that file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _setup_lock(path):
            if path.exists():
                return False
            _build_aside(path)
            return True
    except OSError as error:
        raise _cannot_create(path, error) from error


def upgrade(path: Path, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
    """Bring an older database of ours to this version, all migrations in one transaction."""
    with _setup_lock(path), contextlib.closing(connect(path, lock_timeout_s)) as connection:
        _migrate(connection)


@contextmanager
def _setup_lock(path: Path) -> Iterator[None]:
    with file_lock.held(Path(f"{path}-setup"), LOCK_TIMEOUT_S) as held:
        if not held:
            raise DatabaseLocked(
                f"Another process has been setting up {path} for {LOCK_TIMEOUT_S:.0f} s. End it, then try again."
            )
        yield


def _build_aside(path: Path) -> None:
    aside = Path(f"{path}-new")
    for leftover in (aside, Path(f"{aside}-wal"), Path(f"{aside}-shm")):
        leftover.unlink(missing_ok=True)
    os.close(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with contextlib.closing(connect(aside, LOCK_TIMEOUT_S)) as connection:
            if connection.execute("pragma journal_mode = wal").fetchone()[0] != "wal":
                raise DatabaseUnreadable(
                    f"{path.parent} is on a file system without shared memory between processes (a network mount?). "
                    "Set SWARM_DB to a path on a local disk."
                )
            _migrate(connection)
    except sqlite3.Error as error:
        raise faults.translate(error, str(path)) from error
    os.rename(aside, path)


def _migrate(connection: sqlite3.Connection) -> None:
    # sqlite-utils begins each migration with a deferred BEGIN, and of two processes that upgrade one at once one would
    # fail. Inside our immediate transaction those become savepoints.
    connection.execute("begin immediate")
    try:
        _refuse_newer(connection)
        migrations.apply(sqlite_utils.Database(connection, execute_plugins=False, recursive_triggers=False))
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _refuse_newer(connection: sqlite3.Connection) -> None:
    # The caller read the version without the lock: a newer program may have upgraded since, and its version must stay.
    found = connection.execute("pragma user_version").fetchone()[0]
    if found > SCHEMA_VERSION:
        raise DatabaseNewer(f"A newer version has just upgraded the database (schema {found}). Upgrade swarm-tui.")


def _cannot_create(path: Path, error: OSError) -> Exception:
    explained = faults.translate_os(error, str(path))
    return CannotWrite(f"Cannot create {path}: {error.strerror}.") if explained is error else explained
