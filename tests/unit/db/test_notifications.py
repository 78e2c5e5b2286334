"""Commit notifications wake every subscriber, processes share one clock, and the file lock admits one at a time."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swarm_agents.db.clock import host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.sqlite.notify import ChangeNotifier
from swarm_agents.system import file_lock
from tests.support.processes import run_python

QUIET_S = 0.05  # long enough for a notification to arrive, short enough to wait for none


@pytest.fixture
def near() -> Iterator[Path]:
    """A folder whose path is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="swarm-notify-") as name:
        yield Path(name)


def test_a_notification_wakes_every_subscriber(near: Path) -> None:
    notifier = ChangeNotifier(near / "swarm.db")

    with notifier.subscribe() as one, notifier.subscribe() as other:
        ChangeNotifier(near / "swarm.db").notify()

        assert one.wait(5) and other.wait(5)


def test_notifications_before_a_wait_count_as_one(near: Path) -> None:
    notifier = ChangeNotifier(near / "swarm.db")

    with notifier.subscribe() as commits:
        for _ in range(1000):
            notifier.notify()

        assert commits.wait(5)
        assert not commits.wait(QUIET_S)


def test_the_end_of_a_subscription_leaves_no_file(near: Path) -> None:
    notifier = ChangeNotifier(near / "swarm.db")

    with notifier.subscribe():
        pass
    notifier.notify()

    assert [found.name for found in notifier.folder.iterdir()] == []


def test_the_socket_of_a_killed_subscriber_is_removed_and_the_others_are_woken(near: Path) -> None:
    notifier = ChangeNotifier(near / "swarm.db")
    notifier.folder.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(notifier.folder / "w-1-dead"))

    with notifier.subscribe() as commits:
        notifier.notify()

        assert commits.wait(5)
    assert not (notifier.folder / "w-1-dead").exists()


def test_a_database_deep_in_the_file_system_sends_notifications_too(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    notifier = ChangeNotifier(deep / "swarm.db")

    with notifier.subscribe() as one, notifier.subscribe() as other:
        notifier.notify()

        assert one.wait(5) and other.wait(5)
        assert notifier.folder.exists() and deep not in notifier.folder.parents
    assert not notifier.folder.exists()


def test_a_folder_that_another_subscriber_removes_before_the_bind_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, removed = os.makedirs, []

    def make_and_lose_the_first(path: str, *how: Any, **more: Any) -> None:
        make(path, *how, **more)
        if not removed:
            removed.append(path)
            os.rmdir(path)

    monkeypatch.setattr(os, "makedirs", make_and_lose_the_first)
    with ChangeNotifier(tmp_path / "swarm.db").subscribe() as commits:
        ChangeNotifier(tmp_path / "swarm.db").notify()

        assert commits.wait(5)
    assert removed


def test_a_commit_that_wrote_something_notifies_and_a_read_does_not(db: Database) -> None:
    with db.subscribe() as commits:
        with db.reading():
            pass
        with db.transaction() as tx:
            tx.execute("update agents set role = 'no such row'")
        assert not commits.wait(QUIET_S)

        with db.transaction() as tx:
            tx.execute("update build_state set last_check = 1")

        assert commits.wait(5)


def test_other_users_cannot_send_notifications(db: Database) -> None:
    with db.subscribe():
        assert db.notifier.folder.stat().st_mode & 0o777 == 0o700


def test_all_processes_of_a_boot_share_the_clock_that_decides_deadlines() -> None:
    code = "from swarm_agents.db.clock import host_clock; m = host_clock(); print(m.mono_ms, m.boot_id)"
    before = host_clock()

    [answer] = run_python([(code,)])

    mono, boot = answer.stdout.split()
    assert boot == before.boot_id
    assert before.mono_ms <= int(mono) <= host_clock().mono_ms


def test_the_file_lock_admits_one_at_a_time_and_a_wait_for_it_has_a_limit(tmp_path: Path) -> None:
    with file_lock.held(tmp_path / "lock", 1) as first, file_lock.held(tmp_path / "lock", 0.01) as second:
        assert (first, second) == (True, False)

    with file_lock.held(tmp_path / "lock", 0.01) as third:
        assert third


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files where the system tells")
def test_an_open_and_closed_database_leaves_no_file_open(db_path: Path) -> None:
    Database(db_path).close()
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(5):
        with Database(db_path) as db, db.transaction() as tx, db.subscribe():
            tx.execute("update build_state set last_check = 1")

    assert len(os.listdir("/proc/self/fd")) == before
