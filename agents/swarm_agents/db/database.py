"""One SQLite file: transactions that carry their own moment, and the rules of opening it.

Everything that waits has a limit. Every error of SQLite leaves as one of `errors` that says what to do. The file is
never replaced or repaired here: people move it.
"""

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.red_flag import RedFlag
from swarm_agents.db.sqlite import faults
from swarm_agents.db.sqlite.connection import APPLICATION_ID, LOCK_TIMEOUT_S, SCHEMA_VERSION, connect
from swarm_agents.db.sqlite.notify import Bell, Listener
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import DatabaseNewer, NoSwarm
from swarm_agents.model import Moment
from swarm_agents.system import file_lock

_TURN_LIMIT_S = 2.0  # then go on without a fair turn
_WAL_LIMIT_BYTES = 4 * 1024 * 1024


def create(path: Path) -> bool:
    """Make the database at `path` if there is none, upgrade it if it is older; whether it was made.

    Repeating it is harmless. A file at `path` that is no swarm database is an error, and is not changed.
    """
    from swarm_agents.db.sqlite import schema  # loads sqlite-utils, 70 ms that no other verb pays

    made = schema.create_file(path.absolute())
    Database(path).close()
    return made


class Health(NamedTuple):
    """`problem` is what the engine found damaged, '' when nothing is."""

    engine: str
    problem: str


class Database:
    """An open swarm database. Belongs to the thread that opened it; never carried across a fork."""

    def __init__(
        self, path: Path, clock: Clock = host_clock, lock_timeout_s: float = LOCK_TIMEOUT_S, lasting: bool = True
    ) -> None:
        """Open an existing database of this version or an older one, which is upgraded first.

        What is committed survives a crash of the machine, unless it is not `lasting`: then only one of the process.
        Raises `NoSwarm` when there is none, `DatabaseUnreadable`, `DatabaseNewer`, `DatabaseLocked`, `CannotWrite`.
        """
        self.path = path.absolute()
        self.bell = Bell(self.path)
        self.flag = RedFlag(self.path)
        self._clock = clock
        self._lock_timeout_s = lock_timeout_s
        with self._faults_explained():
            self._file_id = self._find()
            self._connection = connect(self.path, lock_timeout_s)
            try:
                if not lasting:
                    self._connection.execute("pragma synchronous = normal")
                self._check_version()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def moment(self) -> Moment:
        return self._clock()

    def now(self) -> int:
        """UTC, in milliseconds."""
        return self._clock().wall_ms

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write transaction: alone with the database until it ends. Rolled back on any exception.

        Nothing outside the process may be called inside it. Watchers are told after a commit that wrote something.
        """
        give_up_at = time.monotonic() + self._lock_timeout_s
        before = self._connection.total_changes
        with self._faults_explained():
            self._check_same_file()
            with file_lock.held(Path(f"{self.path}-lock"), min(_TURN_LIMIT_S, self._lock_timeout_s)):
                self._begin_immediate(give_up_at)
                with self._committed_or_rolled_back():
                    yield Transaction(self._connection, self._clock())
        if self._connection.total_changes != before:
            self.bell.ring()
            self._checkpoint_if_large()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """One snapshot to read from, without any lock. Keep it short: an open snapshot stops checkpoints."""
        with self._faults_explained():
            self._check_same_file()
            self._connection.execute("begin")
            with self._committed_or_rolled_back():
                yield Transaction(self._connection, self._clock())

    def data_version(self) -> int:
        """A number that differs from the last one when another connection has committed since."""
        with self._faults_explained():
            self._check_same_file()
            return int(self._connection.execute("pragma data_version").fetchone()[0])

    def health(self) -> Health:
        """The engine's version and its own check of the file; reads all of it."""
        with self._faults_explained():
            found = self._connection.execute("pragma quick_check(1)").fetchone()[0]
        return Health(sqlite3.sqlite_version, "" if found == "ok" else str(found))

    @contextmanager
    def listener(self) -> Iterator[Listener]:
        """Be woken by commits of other processes, see `Bell.listener`."""
        with self._faults_explained(), self.bell.listener() as listener:
            yield listener

    def _begin_immediate(self, give_up_at: float) -> None:
        left_ms = max(1, int((give_up_at - time.monotonic()) * 1000))
        self._connection.execute(f"pragma busy_timeout = {left_ms}")
        self._connection.execute("begin immediate")

    @contextmanager
    def _committed_or_rolled_back(self) -> Iterator[None]:
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise

    @contextmanager
    def _faults_explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise faults.explain(error, self.path) from error
        except OSError as error:
            raise faults.explain_os(error, self.path) from error

    def _find(self) -> tuple[int, int]:
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise NoSwarm(f"No swarm here: {self.path} does not exist.", next="swarm init") from None
        if not stat.S_ISREG(found.st_mode):
            raise faults.not_ours(self.path)
        return found.st_dev, found.st_ino

    def _check_version(self) -> None:
        version = self._version()
        if version > SCHEMA_VERSION:
            raise DatabaseNewer(
                f"{self.path} was written by a newer version (schema {version}, this one knows {SCHEMA_VERSION}). "
                "Upgrade swarm-tui."
            )
        if version < SCHEMA_VERSION:
            from swarm_agents.db.sqlite import schema  # off the hot path: loads sqlite-utils

            schema.upgrade(self.path, self._lock_timeout_s)

    def _version(self) -> int:
        application_id = self._connection.execute("pragma application_id").fetchone()[0]
        if application_id != APPLICATION_ID:
            raise faults.not_ours(self.path)
        return int(self._connection.execute("pragma user_version").fetchone()[0])

    def _check_same_file(self) -> None:
        # SQLite goes on writing into a removed file, and everything written is gone with it.
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            raise faults.replaced(self.path) from None
        if (found.st_dev, found.st_ino) != self._file_id:
            raise faults.replaced(self.path)

    def _checkpoint_if_large(self) -> None:
        # SQLite before 3.51.3 can lose pages when a checkpoint overlaps a commit that resets the WAL: hence no
        # automatic checkpoints, and this one holds the write lock. A failure costs only space; the next writer tries.
        # What was committed before it stays committed, so no failure of it may reach the caller.
        with contextlib.suppress(OSError, sqlite3.Error):
            if os.stat(f"{self.path}-wal").st_size >= _WAL_LIMIT_BYTES:
                self._checkpoint()

    def _checkpoint(self) -> None:
        with open(f"{self.path}-checkpoint", "w", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._connection.execute("begin immediate")
            try:
                with contextlib.closing(connect(self.path, timeout_s=1)) as checkpointer:
                    checkpointer.execute("pragma wal_checkpoint(passive)").fetchall()
            finally:
                self._connection.execute("rollback")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
