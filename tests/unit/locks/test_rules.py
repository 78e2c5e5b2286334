"""Locks: acquiring all or none, fences, leases, and the rules that the database enforces."""

import sqlite3
from contextlib import closing

import pytest

from swarm_agents import heartbeat, roster
from swarm_agents.db.database import Database
from swarm_agents.errors import BadData, UsageError
from swarm_agents.locks import locks
from swarm_agents.locks.locks import LockConflict, LocksAcquired, LocksNotHeld, LocksReleased
from swarm_agents.locks.paths import LockName
from tests.support.clock import FakeClock
from tests.support.swarm import dump

TTL_S = 60


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    for name in ("ada", "bob"):
        roster.join(db, name, "agent", None)


def test_a_held_path_is_refused_to_others_with_its_holder(db: Database) -> None:
    take(db, "ada", "a", reason="moving it")

    refused = take(db, "bob", "a")

    assert isinstance(refused, LockConflict)
    [(wanted, lock)] = refused.in_the_way
    assert (wanted, lock.holder, lock.reason) == ("a", "ada", "moving it")


def test_several_paths_are_acquired_all_or_none(db: Database) -> None:
    take(db, "ada", "b")
    before = dump(db)

    assert isinstance(take(db, "bob", "a", "b", "c"), LockConflict)
    assert dump(db) == before


def test_a_holder_may_acquire_what_overlaps_its_own_locks(db: Database) -> None:
    take(db, "ada", "src/**")

    assert isinstance(take(db, "ada", "src/a.py"), LocksAcquired)
    assert isinstance(take(db, "bob", "src/b.py"), LockConflict)


def test_acquiring_held_paths_again_keeps_the_fence_and_renews(db: Database, clock: FakeClock) -> None:
    first = take(db, "ada", "a", "b")
    clock.forward(TTL_S - 1)

    again = take(db, "ada", "a", "b")
    clock.forward(TTL_S - 1)

    assert isinstance(first, LocksAcquired) and isinstance(again, LocksAcquired)
    assert again.fence == first.fence and not again.new
    assert isinstance(take(db, "bob", "a"), LockConflict)


def test_every_new_lock_has_a_larger_fence_than_all_before(db: Database) -> None:
    fences = []
    for agent in ("ada", "bob", "ada"):
        taken = take(db, agent, "a")
        assert isinstance(taken, LocksAcquired)
        fences.append(taken.fence)
        locks.release(db, agent, ["a"])

    assert fences == sorted(set(fences))


def test_an_old_fence_can_neither_renew_nor_release(db: Database) -> None:
    take(db, "ada", "a")
    locks.release(db, "ada", ["a"])
    take(db, "ada", "a")
    before = dump(db)

    assert locks.renew(db, "ada", ["a"], fence=1) == LocksNotHeld(["a"])
    assert locks.release(db, "ada", ["a"], fence=1) == LocksNotHeld(["a"])
    assert locks.force_release(db, ["a"], fence=1) == LocksNotHeld(["a"])
    assert dump(db) == before


def test_a_lock_ends_when_its_lease_has_run_out_and_not_before(db: Database, clock: FakeClock) -> None:
    take(db, "ada", "a")

    clock.forward(TTL_S - 1)
    early = take(db, "bob", "a")
    clock.forward(1)

    assert isinstance(early, LockConflict) and isinstance(take(db, "bob", "a"), LocksAcquired)
    assert locks.renew(db, "ada", ["a"]) == LocksNotHeld(["a"])


def test_any_command_of_the_holder_keeps_the_lock(db: Database, clock: FakeClock) -> None:
    take(db, "ada", "a")

    for _ in range(10):
        clock.forward(TTL_S - 1)
        heartbeat.record(db, "ada")

    assert isinstance(take(db, "bob", "a"), LockConflict)


def test_renewing_some_locks_leaves_the_others_unchanged(db: Database, clock: FakeClock) -> None:
    take(db, "ada", "a", "b")
    clock.forward(TTL_S - 1)

    renewed = locks.renew(db, "ada", ["a"])
    clock.forward(1)

    assert not isinstance(renewed, LocksNotHeld) and [lock.path for lock in renewed] == ["a"]
    assert isinstance(take(db, "bob", "b"), LocksAcquired)
    assert isinstance(take(db, "bob", "a"), LockConflict)


def test_a_clock_that_jumps_ends_no_lock_and_a_reboot_ends_all(db: Database, clock: FakeClock) -> None:
    take(db, "ada", "a")

    clock.jump(10 * TTL_S)
    after_the_jump = take(db, "bob", "a")
    clock.reboot()

    assert isinstance(after_the_jump, LockConflict) and isinstance(take(db, "bob", "a"), LocksAcquired)


def test_an_agent_cannot_release_the_locks_of_another(db: Database) -> None:
    take(db, "ada", "a")
    take(db, "bob", "b")
    before = dump(db)

    assert isinstance(locks.release(db, "bob", ["b", "a"]), LockConflict)
    assert dump(db) == before


def test_release_without_paths_releases_all_locks_of_the_agent(db: Database) -> None:
    take(db, "ada", "a", "b")
    take(db, "bob", "c")

    assert locks.release(db, "ada", []) == LocksReleased(["a", "b"], [])
    assert holders(db, "a", "b", "c") == {"c": "bob"}


def test_holders_of_files_are_found_through_folders_and_globs(db: Database, clock: FakeClock) -> None:
    locks.acquire(db, "ada", [LockName("src", folder=True)], TTL_S)
    take(db, "bob", "*.md")

    assert holders(db, "src/deep/a.py", "README.md", "setup.py") == {"src/deep/a.py": "ada", "README.md": "bob"}
    clock.forward(TTL_S)
    assert holders(db, "src/deep/a.py", "README.md") == {}


def test_no_path_and_too_many_paths_are_refused(db: Database) -> None:
    before = dump(db)

    with pytest.raises(UsageError):
        take(db, "ada")
    with pytest.raises(BadData):
        take(db, "ada", *(f"f{n}" for n in range(1001)))
    with pytest.raises(BadData):
        take(db, "ada", "a", reason="x" * 201)

    assert dump(db) == before


@pytest.mark.parametrize(
    "change",
    [
        "update locks set holder = 'eve'",
        "update locks set fence = fence - 1",
        "update locks set lease_mono_ms = null",
        "insert into locks select * from locks",
        "update lock_fence set fence = 0",
        "delete from lock_fence",
    ],
)
def test_the_database_refuses_invalid_changes_of_locks_made_with_the_sqlite_shell(db: Database, change: str) -> None:
    take(db, "ada", "a")
    before = dump(db)

    with closing(sqlite3.connect(db.path)) as shell, pytest.raises(sqlite3.IntegrityError):
        shell.execute(change)

    assert dump(db) == before


def take(db: Database, agent: str, *paths: str, reason: str = "") -> LocksAcquired | LockConflict:
    return locks.acquire(db, agent, [LockName(path) for path in paths], TTL_S, reason)


def holders(db: Database, *paths: str) -> dict[str, str]:
    return locks.read_holders(db, paths)
