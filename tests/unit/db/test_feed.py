"""The change feed: every commit of another connection is noticed, with or without notifications."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from swarm_agents import roster
from swarm_agents.db import feed
from swarm_agents.db.database import Database
from swarm_agents.db.sqlite.notify import ChangeNotifier
from swarm_agents.errors import DatabaseUnreadable, SwarmError
from swarm_agents.system.waker import Waker

LIMIT_S = 10.0
_QUIET_S = 0.5  # longer than any check that is under way


def test_a_commit_of_another_connection_is_a_change(db: Database, db_path: Path) -> None:
    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_a_commit_without_a_notification_is_found_all_the_same(
    db: Database, db_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.notifier, "notify", lambda: None)
    monkeypatch.setattr(feed, "FALLBACK_S", 0.1)

    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_a_caller_that_saw_the_file_change_has_it_looked_at_at_once(
    db: Database, db_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.notifier, "notify", lambda: None)
    monkeypatch.setattr(feed, "FALLBACK_S", 3 * LIMIT_S)
    waker = Waker()

    with _following(db_path, waker=waker) as seen:
        roster.join(db, "alice", "agent", None)
        waker.wake()
        assert seen.get(timeout=LIMIT_S) is False


def test_a_wake_up_without_a_commit_is_no_change(db_path: Path) -> None:
    waker = Waker()

    with _following(db_path, waker=waker) as seen:
        waker.wake()
        with pytest.raises(Empty):
            seen.get(timeout=_QUIET_S)


def test_a_notification_without_a_commit_is_no_change(db: Database, db_path: Path) -> None:
    with _following(db_path) as seen:
        db.notifier.notify()
        with pytest.raises(Empty):
            seen.get(timeout=_QUIET_S)


def test_no_change_is_lost_when_the_folder_of_the_sockets_is_removed(
    db: Database, db_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FALLBACK_S", 0.1)
    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)

        shutil.rmtree(db.notifier.folder)
        roster.join(db, "bob", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_where_no_socket_can_be_bound_it_polls(db: Database, db_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChangeNotifier, "subscribe", _no_subscription)

    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_a_caller_can_ask_for_another_yield(db_path: Path) -> None:
    again, waker = threading.Event(), Waker()

    with _following(db_path, again, waker) as seen:
        again.set()
        waker.wake()
        assert seen.get(timeout=LIMIT_S) is True


def test_the_feed_of_a_database_that_is_removed_ends_with_an_error(
    db_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FALLBACK_S", 0.1)
    with _following(db_path) as seen:
        db_path.unlink()
        assert isinstance(seen.get(timeout=LIMIT_S), DatabaseUnreadable)


def test_many_commits_in_a_row_are_never_lost(db: Database, db_path: Path) -> None:
    counted: Queue[int] = Queue()

    with _following(db_path, tell=lambda watcher: counted.put(_agents(watcher))):
        for number in range(100):
            roster.join(db, f"agent-{number}", "agent", None)
        while counted.get(timeout=LIMIT_S) < 100:
            pass


def _agents(db: Database) -> int:
    with db.reading() as tx:
        return len(roster.list_present(tx))


@contextmanager
def _following(
    database: Path, again: threading.Event | None = None, waker: Waker | None = None, tell: object = None
) -> Iterator["Queue[object]"]:
    """Follow in another thread; yields what it yields after its start, and the error it ends with."""
    seen: Queue[object] = Queue()
    stop = threading.Event()
    waker = waker or Waker()
    started = threading.Event()

    def follow() -> None:
        try:
            with Database(database) as db:
                for asked in feed.changes(db, stop, waker, again or threading.Event()):
                    seen.put(asked)
                    if callable(tell):
                        tell(db)
                    started.set()
        except SwarmError as error:
            seen.put(error)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        assert started.wait(LIMIT_S), "the feed never yielded"
        seen.get(timeout=LIMIT_S)
        yield seen
    finally:
        stop.set()
        waker.wake()
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "the feed did not end"


@contextmanager
def _no_subscription(_: ChangeNotifier) -> Iterator[None]:
    raise PermissionError("the folder cannot be written")
    yield
