"""Opens the SQLite file and runs transactions on it, each with its own moment in time.

Everything that waits has a limit. Every SQLite error leaves as a SwarmError that says what to do. Nothing here replaces
or repairs the file: that is for people.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from contextlib import contextmanager

from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.red_flag import RedFlag
from swarm_agents.db.sqlite.connection import APPLICATION_ID, LOCK_TIMEOUT_S, SCHEMA_VERSION, connect
from swarm_agents.db.sqlite.notify import ChangeNotifier, ChangeSubscription
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import DatabaseNewer, NoSwarm
from swarm_agents.late import load_late
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from swarm_agents.db.sqlite import faults
    from swarm_agents.system import file_lock
else:
    faults = load_late("swarm_agents.db.sqlite.faults")
    file_lock = load_late("swarm_agents.system.file_lock")
    import _sqlite3 as sqlite3  # the same, without converters of dates

_TURN_LIMIT_S = 2.0  # the longest wait for a fair turn at the write lock
_STEPS_PER_LOOK = 100_000  # of the engine between two looks at the clock: some milliseconds
_WAL_LIMIT_BYTES = 4 * 1024 * 1024


def create(path: Path) -> bool:
    """Create the database at `path` unless it exists, upgrade it if it is older; whether it was created.

    Repeating it is harmless. Raises `DatabaseUnreadable` for a file that is no swarm database, and leaves it as it is.
    """
    from swarm_agents.db.sqlite import schema  # loads sqlite-utils, 70 ms that no other verb pays

    created = schema.create_file(path.absolute())
    Database(path).close()
    return created


class DatabaseHealth(NamedTuple):
    """`problem` is the damage that was found, '' when there is none; `complete` whether all of the file was read."""

    problem: str
    complete: bool = True


class Database:
    """An open swarm database. Use it only in the thread that opened it, and never after a fork."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        clock: Clock = host_clock,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        durable: bool = True,
    ) -> None:
        """Open an existing database; one of an older version is upgraded first.

        A commit survives a power loss; without `durable` it survives only a crash of the process.
        Raises `NoSwarm` when there is none, `DatabaseUnreadable`, `DatabaseNewer`, `DatabaseLocked`, `CannotWrite`.
        """
        self._file = os.fspath(path) if os.path.isabs(path) else os.path.join(os.getcwd(), path)
        self.notifier = ChangeNotifier(self._file)
        self.red_flag = RedFlag(self._file)
        self._clock = clock
        self._lock_timeout_s = lock_timeout_s
        with self._errors_translated():
            self._file_id = self._find_file()
            self._connection = connect(self._file, lock_timeout_s)
            try:
                if not durable:
                    self._connection.execute("pragma synchronous = normal")
                self._check_version()
            except BaseException:
                self._connection.close()
                raise

    @property
    def path(self) -> Path:
        """The file, absolute."""
        from pathlib import Path  # few verbs ask for it

        return Path(self._file)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Database:
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
        """A write transaction: it holds the write lock until it ends, and is rolled back on any exception.

        Run nothing outside the process inside it. A commit that wrote something notifies subscribers.
        """
        give_up_at = time.monotonic() + self._lock_timeout_s
        before = self._connection.total_changes
        with self._errors_translated():
            self._check_same_file()
            with file_lock.held(f"{self._file}-lock", min(_TURN_LIMIT_S, self._lock_timeout_s)):
                self._begin_immediate(give_up_at)
                with self._commit_or_roll_back():
                    yield Transaction(self._connection, self._clock())
        if self._connection.total_changes != before:
            self.notifier.notify()
            self._checkpoint_if_large()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A read transaction on one snapshot, without a lock. Keep it short: an open snapshot stops checkpoints."""
        with self._errors_translated():
            self._check_same_file()
            self._connection.execute("begin")
            with self._commit_or_roll_back():
                yield Transaction(self._connection, self._clock())

    def data_version(self) -> int:
        """A number that changes whenever another connection commits."""
        with self._errors_translated():
            self._check_same_file()
            return int(self._connection.execute("pragma data_version").fetchone()[0])

    def health(self, limit_s: float) -> DatabaseHealth:
        """Have the engine check the file, which reads all of it, for at most so long."""
        give_up_at = time.monotonic() + limit_s
        self._connection.set_progress_handler(lambda: time.monotonic() > give_up_at, _STEPS_PER_LOOK)
        try:
            with self._errors_translated():
                found = self._connection.execute("pragma quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return DatabaseHealth("", complete=False)
        finally:
            self._connection.set_progress_handler(None, 0)
        return DatabaseHealth("" if found == "ok" else str(found))

    def try_write_lock(self) -> None:
        """Take the write lock, and give it back. Raises `DatabaseLocked`, `CannotWrite`, `DiskFull`."""
        with self._errors_translated():
            self._begin_immediate(time.monotonic() + self._lock_timeout_s)
            self._connection.execute("rollback")

    @contextmanager
    def subscribe(self) -> Iterator[ChangeSubscription]:
        """Subscribe to commit notifications. Subscribe before reading, or one may be missed."""
        with self._errors_translated(), self.notifier.subscribe() as commits:
            yield commits

    def _begin_immediate(self, give_up_at: float) -> None:
        left_ms = max(1, int((give_up_at - time.monotonic()) * 1000))
        self._connection.execute(f"pragma busy_timeout = {left_ms}")
        self._connection.execute("begin immediate")

    @contextmanager
    def _commit_or_roll_back(self) -> Iterator[None]:
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise faults.translate(error, self._file) from error
        except OSError as error:
            raise faults.translate_os(error, self._file) from error

    def _find_file(self) -> tuple[int, int]:
        try:
            found = os.stat(self._file)
        except (FileNotFoundError, NotADirectoryError):
            raise NoSwarm(f"No swarm here: {self._file} does not exist.", next="swarm init") from None
        if not stat.S_ISREG(found.st_mode):
            raise faults.not_a_swarm_database(self._file)
        return found.st_dev, found.st_ino

    def _check_version(self) -> None:
        version = self._version()
        if version > SCHEMA_VERSION:
            raise DatabaseNewer(
                f"{self._file} was written by a newer version (schema {version}, this one knows {SCHEMA_VERSION}). "
                "Upgrade swarm-tui."
            )
        if version < SCHEMA_VERSION:
            from swarm_agents.db.sqlite import schema  # off the hot path: loads sqlite-utils

            schema.upgrade(self.path, self._lock_timeout_s)

    def _version(self) -> int:
        application_id = self._connection.execute("pragma application_id").fetchone()[0]
        if application_id != APPLICATION_ID:
            raise faults.not_a_swarm_database(self._file)
        return int(self._connection.execute("pragma user_version").fetchone()[0])

    def _check_same_file(self) -> None:
        # SQLite goes on writing into a file that was removed, and what it writes there is lost.
        try:
            found = os.stat(self._file)
        except FileNotFoundError:
            raise faults.database_replaced(self._file) from None
        if (found.st_dev, found.st_ino) != self._file_id:
            raise faults.database_replaced(self._file)

    def _checkpoint_if_large(self) -> None:
        # SQLite before 3.51.3 can lose pages when a checkpoint overlaps a commit that resets the WAL: so there are no
        # automatic checkpoints, and this one holds the write lock. A failure costs only space, and the next writer
        # tries again. The commit before it stands, so no failure here may reach the caller.
        with contextlib.suppress(OSError, sqlite3.Error):
            if os.stat(f"{self._file}-wal").st_size >= _WAL_LIMIT_BYTES:
                self._checkpoint()

    def checkpoint(self) -> None:
        """Copy the journal into the file, as far as no reader needs it, while this process holds the write lock.

        The next commit then begins the journal again. Raises `OSError` while another process does the same.
        """
        with self._errors_translated():
            self._checkpoint()

    def _checkpoint(self) -> None:
        import fcntl  # few verbs write so much

        with open(f"{self._file}-checkpoint", "w", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._connection.execute("begin immediate")
            try:
                with contextlib.closing(connect(self._file, timeout_s=1)) as checkpointer:
                    checkpointer.execute("pragma wal_checkpoint(passive)").fetchall()
            finally:
                self._connection.execute("rollback")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
