"""The bell wakes everybody who listens, the clock is one for all processes, and the file lock lets in one at a time."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swarm_agents.db.clock import host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.sqlite.notify import Bell
from swarm_agents.system import file_lock
from tests.support.processes import run_python

NO_BELL_S = 0.05  # long enough to hear one, short enough to wait for none


@pytest.fixture
def near() -> Iterator[Path]:
    """A folder whose name is short enough for sockets to be in it."""
    with tempfile.TemporaryDirectory(prefix="swarm-bell-") as name:
        yield Path(name)


def test_a_ring_wakes_everybody_who_listens(near: Path) -> None:
    bell = Bell(near / "swarm.db")

    with bell.listener() as one, bell.listener() as other:
        Bell(near / "swarm.db").ring()

        assert one.wait(5) and other.wait(5)


def test_rings_before_anybody_looks_are_one(near: Path) -> None:
    bell = Bell(near / "swarm.db")

    with bell.listener() as listener:
        for _ in range(1000):
            bell.ring()

        assert listener.wait(5)
        assert not listener.wait(NO_BELL_S)


def test_whoever_stopped_listening_leaves_nothing_behind(near: Path) -> None:
    bell = Bell(near / "swarm.db")

    with bell.listener():
        pass
    bell.ring()

    assert [found.name for found in bell.folder.iterdir()] == []


def test_a_listener_that_was_killed_is_swept_away_and_stops_no_other(near: Path) -> None:
    bell = Bell(near / "swarm.db")
    bell.folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(bell.folder / "w-1-dead"))

    with bell.listener() as listener:
        bell.ring()

        assert listener.wait(5)
    assert not (bell.folder / "w-1-dead").exists()


def test_a_database_deep_in_the_file_system_has_a_bell_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    bell = Bell(deep / "swarm.db")

    with bell.listener() as one, bell.listener() as other:
        bell.ring()

        assert one.wait(5) and other.wait(5)
        assert bell.folder.exists() and deep not in bell.folder.parents
    assert not bell.folder.exists()


def test_a_folder_that_another_one_takes_away_between_making_and_using_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, taken_away = Path.mkdir, []

    def make_and_lose_the_first(path: Path, *how: Any, **more: Any) -> None:
        make(path, *how, **more)
        if not taken_away:
            taken_away.append(path)
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", make_and_lose_the_first)
    with Bell(tmp_path / "swarm.db").listener() as listener:
        Bell(tmp_path / "swarm.db").ring()

        assert listener.wait(5)
    assert taken_away


def test_a_commit_rings_and_a_look_does_not(db: Database) -> None:
    with db.listener() as listener:
        with db.reading():
            pass
        with db.transaction() as tx:
            tx.execute("update agents set role = 'nobody there'")
        assert not listener.wait(NO_BELL_S)

        with db.transaction() as tx:
            tx.execute("update build_state set last_check = 1")

        assert listener.wait(5)


def test_nobody_else_can_ring_the_bell(db: Database) -> None:
    with db.listener():
        assert db.bell.folder.stat().st_mode & 0o777 == 0o700


def test_all_processes_of_a_boot_share_the_clock_that_decides() -> None:
    code = "from swarm_agents.db.clock import host_clock; m = host_clock(); print(m.mono_ms, m.boot_id)"
    before = host_clock()

    [answer] = run_python([(code,)])

    mono, boot = answer.stdout.split()
    assert boot == before.boot_id
    assert before.mono_ms <= int(mono) <= host_clock().mono_ms


def test_the_file_lock_lets_in_one_at_a_time_and_nobody_waits_longer_than_the_limit(tmp_path: Path) -> None:
    with file_lock.held(tmp_path / "lock", 1) as first, file_lock.held(tmp_path / "lock", 0.01) as second:
        assert (first, second) == (True, False)

    with file_lock.held(tmp_path / "lock", 0.01) as third:
        assert third


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files where the system tells")
def test_an_open_and_closed_database_leaves_no_file_open(db_path: Path) -> None:
    Database(db_path).close()
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(5):
        with Database(db_path) as db, db.transaction() as tx, db.listener():
            tx.execute("update build_state set last_check = 1")

    assert len(os.listdir("/proc/self/fd")) == before
