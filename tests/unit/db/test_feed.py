"""The change feed: every commit of another connection is noticed, also when the watcher has nothing to say."""

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
from swarm_agents.db.sqlite.notify import Bell
from swarm_agents.errors import DatabaseUnreadable, SwarmError

LIMIT_S = 10.0
_QUIET_S = 3 * feed.FALLBACK_S  # longer than any look that is under way


def test_a_commit_of_another_connection_is_a_change(db: Database, db_path: Path) -> None:
    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_a_commit_that_rang_no_bell_is_found_all_the_same(
    db: Database, db_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.bell, "ring", lambda: None)

    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_a_bell_without_a_commit_is_no_change(db: Database, db_path: Path) -> None:
    with _following(db_path) as seen:
        db.bell.ring()
        with pytest.raises(Empty):
            seen.get(timeout=_QUIET_S)


def test_a_folder_that_is_removed_costs_no_change(db: Database, db_path: Path) -> None:
    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)

        shutil.rmtree(db.bell.folder)
        roster.join(db, "bob", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_where_the_bell_cannot_be_heard_it_polls(db: Database, db_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bell, "listener", _no_listener)

    with _following(db_path) as seen:
        roster.join(db, "alice", "agent", None)
        seen.get(timeout=LIMIT_S)


def test_another_look_can_be_asked_for(db_path: Path) -> None:
    again = threading.Event()

    with _following(db_path, again) as seen:
        again.set()
        seen.get(timeout=LIMIT_S)


def test_a_database_that_is_removed_ends_it_with_an_error(db_path: Path) -> None:
    with _following(db_path) as seen:
        db_path.unlink()
        assert isinstance(seen.get(timeout=LIMIT_S), DatabaseUnreadable)


def test_many_commits_at_once_are_never_lost(db: Database, db_path: Path) -> None:
    counted: Queue[int] = Queue()

    with _following(db_path, tell=lambda watcher: counted.put(_agents(watcher))):
        for number in range(100):
            roster.join(db, f"agent-{number}", "agent", None)
        while counted.get(timeout=LIMIT_S) < 100:
            pass


def _agents(db: Database) -> int:
    with db.reading() as tx:
        return len(roster.present(tx))


@contextmanager
def _following(database: Path, again: threading.Event | None = None, tell: object = None) -> Iterator["Queue[object]"]:
    """Follow in another thread, past the looks of the start; what it yields, and the error it ends with."""
    seen: Queue[object] = Queue()
    stop = threading.Event()
    started = threading.Event()

    def follow() -> None:
        try:
            with Database(database) as db:
                for _ in feed.changes(db, stop, again):
                    seen.put(None)
                    if callable(tell):
                        tell(db)
                    started.set()
        except SwarmError as error:
            seen.put(error)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        assert started.wait(LIMIT_S), "the feed never looked"
        seen.get(timeout=LIMIT_S)
        yield seen
    finally:
        stop.set()
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "the feed did not end"


@contextmanager
def _no_listener(_bell: Bell) -> Iterator[None]:
    raise PermissionError("the folder cannot be written")
    yield
