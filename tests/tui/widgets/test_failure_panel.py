"""A database that cannot be read: a state of its own, never an empty swarm, and over by itself."""

import shutil
from pathlib import Path

import pytest

from swarm_agents.db.database import Database
from swarm_agents.messages import messages
from swarm_tui.widgets.message_log import MessageLog
from tests.support import scenes
from tests.support.app import dashboard, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_a_removed_database_is_unknown_and_not_empty(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        _remove(db_path)
        await shows(pilot, "UNKNOWN", "Could not read", "Seen last", "FIXING, billing repairing it, 3 waiting")
        assert "no agent has joined" not in text(pilot)


async def test_the_screen_comes_back_by_itself_with_its_keys(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)
    db.close()
    kept = db_path.with_name("kept.db")

    async with dashboard(db_path, clock) as pilot:
        _move(db_path, kept)
        await shows(pilot, "UNKNOWN")
        _move(kept, db_path)
        await shows(pilot, "billing repairs it")
        await until(pilot, lambda: isinstance(pilot.app.focused, MessageLog), "the log has the focus again")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"this is a text file, and a long one at that" * 50, "Not a swarm database"), (b"", "Not a swarm database")],
    ids=["text", "empty"],
)
async def test_a_database_that_was_replaced_says_so(
    db: Database, db_path: Path, clock: FakeClock, content: bytes, words: str
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        _remove(db_path)
        db_path.write_bytes(content)
        await shows(pilot, "UNKNOWN", words)


async def test_a_newer_database_says_what_to_do(db: Database, db_path: Path, clock: FakeClock) -> None:
    db._connection.execute("pragma user_version = 999")

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "UNKNOWN", "newer version", "Upgrade swarm-tui")


@pytest.mark.parametrize("key", ["F", "b", "r", "n"])
async def test_nothing_can_be_done_to_a_swarm_that_cannot_be_seen(
    db: Database, db_path: Path, clock: FakeClock, key: str
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        _remove(db_path)
        await shows(pilot, "UNKNOWN")
        await pilot.press(key)
        await shows(pilot, "The database cannot be read")


async def test_another_database_at_the_same_place_is_shown_and_nothing_of_the_old_one(
    db: Database, db_path: Path, clock: FakeClock, fresh_database: Path
) -> None:
    _say(db, "old")
    other = db_path.with_name("other.db")
    shutil.copyfile(fresh_database, other)
    with Database(other, clock) as opened:
        _say(opened, "other")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("g")
        await shows(pilot, "old 1.")
        _remove(db_path)
        _move(other, db_path)
        await shows(pilot, "other 1.")


def _say(db: Database, what: str) -> None:
    with db.transaction() as tx:
        for number in range(1, 301):
            messages.post(tx, "swarm", "all", f"{what} {number}.")


def _remove(database: Path) -> None:
    for path in _files(database):
        path.unlink(missing_ok=True)


def _move(database: Path, to: Path) -> None:
    for path in _files(database):
        if path.exists():
            path.rename(str(path).replace(str(database), str(to)))


def _files(database: Path) -> list[Path]:
    return [database, Path(f"{database}-wal"), Path(f"{database}-shm")]
