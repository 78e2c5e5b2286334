"""Who works on which files: named leases on paths and globs. Advice that honest agents keep; no file is protected.

Acquiring is all or nothing, in one transaction. A lock ends when it is released, when its lease runs out (any command
of its holder renews it), when its holder leaves, or when a human takes it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from swarm_agents import events
from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import value_in
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import BadData, Usage
from swarm_agents.events import Event
from swarm_agents.locks.paths import LockName, overlap
from swarm_agents.messages import messages
from swarm_agents.model import HUMAN, SWARM
from swarm_agents.text import one_line

REASON_LIMIT = 200  # characters; it is shown to whoever is refused
PATHS_LIMIT = 1_000  # of one call


_KINDS = ("lock_acquired", "lock_released", "lock_expired", "lock_force_released")


class Lock(NamedTuple):
    path: str
    holder: str
    fence: int
    reason: str
    since: int
    expires_at: int
    name: LockName


class LocksAcquired(NamedTuple):
    """All of it is the caller's, under `fence`. `new` is false when all of it was already."""

    fence: int
    locks: list[Lock]
    new: bool = True


class LockConflict(NamedTuple):
    """Others hold what overlaps: each path that was asked for with the lock in its way. Nothing was changed."""

    in_the_way: list[tuple[str, Lock]]


class LocksReleased(NamedTuple):
    """`free` are paths that nobody held."""

    released: list[str]
    free: list[str]


class LocksNotHeld(NamedTuple):
    """The caller does not hold these (any more), or not under that fence. Nothing was changed."""

    paths: list[str]


def acquire(
    db: Database, agent: str, names: Iterable[LockName], ttl_s: float, reason: str = ""
) -> LocksAcquired | LockConflict:
    """All of these, or none and who has them. What the agent holds already it keeps, renewed and under the new fence;
    when that is all of it and under one fence, that fence stays.
    """
    wanted = _distinct(names)
    if len(reason) > REASON_LIMIT:
        raise BadData(f"The reason has {len(reason)} characters; {REASON_LIMIT} are the limit.")
    with db.transaction() as tx:
        _end_expired(tx)
        there = list_locks(tx)
        others = [lock for lock in there if lock.holder != agent]
        in_the_way = [(name.path, lock) for name in wanted for lock in others if overlap(name, lock.name)]
        if in_the_way:
            return LockConflict(in_the_way)
        fence, new = _fence_for(tx, [lock for lock in there if lock.holder == agent], wanted)
        for name in wanted:
            _put(tx, agent, name, fence, ttl_s, one_line(reason, REASON_LIMIT))
            if new:
                events.record(tx, agent, "lock_acquired", name.path, fence=fence)
        paths = {name.path for name in wanted}
        return LocksAcquired(fence, [lock for lock in list_locks(tx) if lock.path in paths], new)


def renew(db: Database, agent: str, paths: Sequence[str], fence: int | None = None) -> list[Lock] | LocksNotHeld:
    """The locks on these paths, or all of the agent's, last their full length again."""
    with db.transaction() as tx:
        _end_expired(tx)
        mine = [lock for lock in list_locks(tx) if lock.holder == agent and fence in (None, lock.fence)]
        held = {lock.path for lock in mine}
        missing = [path for path in paths if path not in held]
        if missing or not mine:
            return LocksNotHeld(missing)
        chosen = [lock for lock in mine if not paths or lock.path in paths]
        for lock in chosen:
            tx.execute(f"update locks set {leases.RENEWED} where path = :path", now=tx.now, **tx.clock, path=lock.path)
        return [lock for lock in list_locks(tx) if lock.path in {one.path for one in chosen}]


def release(
    db: Database, agent: str, paths: Sequence[str], fence: int | None = None
) -> LocksReleased | LockConflict | LocksNotHeld:
    """Give back these, or all that the agent holds when none is named. Who repeats it is told that they are free."""
    with db.transaction() as tx:
        _end_expired(tx)
        there = {lock.path: lock for lock in list_locks(tx)}
        chosen = list(paths) or [lock.path for lock in there.values() if lock.holder == agent]
        others = [(path, there[path]) for path in chosen if path in there and there[path].holder != agent]
        if others:
            return LockConflict(others)
        stale = [path for path in chosen if path in there and fence not in (None, there[path].fence)]
        if stale:
            return LocksNotHeld(stale)
        released = [path for path in chosen if path in there]
        _end(tx, agent, "lock_released", [there[path] for path in released])
        return LocksReleased(released, [path for path in chosen if path not in there])


def force_release(
    db: Database, paths: Sequence[str], reason: str = "", fence: int | None = None
) -> LocksReleased | LocksNotHeld:
    """A human takes these locks from whoever holds them, and tells them so."""
    with db.transaction() as tx:
        _end_expired(tx)
        there = {lock.path: lock for lock in list_locks(tx)}
        stale = [path for path in paths if path in there and fence not in (None, there[path].fence)]
        if stale:
            return LocksNotHeld(stale)
        taken = [there[path] for path in paths if path in there]
        _end(tx, HUMAN, "lock_force_released", taken)
        for holder in sorted({lock.holder for lock in taken} - {HUMAN}):
            theirs = _listing([lock.path for lock in taken if lock.holder == holder])
            why = f": {one_line(reason, REASON_LIMIT)}" if reason else ""
            messages.post(tx, HUMAN, holder, f"A human took your lock on {theirs}{why}. Stop changing that.")
        return LocksReleased([lock.path for lock in taken], [path for path in paths if path not in there])


def release_held(tx: Transaction, agent: str) -> None:
    """The agent has left: nothing is locked for it any more."""
    _end(tx, agent, "lock_released", [lock for lock in list_locks(tx) if lock.holder == agent])


def expire_held(tx: Transaction, agent: str, why: str) -> None:
    """The agent is known to be dead: its locks end early. It is told, should it live on somewhere else."""
    lost = [lock for lock in list_locks(tx) if lock.holder == agent]
    _end(tx, SWARM, "lock_expired", lost)
    if lost:
        theirs = _listing([lock.path for lock in lost])
        messages.post(tx, SWARM, agent, f"Your lock on {theirs} has ended: {why}. Acquire it again before you go on.")


def reap(db: Database) -> None:
    """End the locks whose lease ran out. Anybody may call it at any time; looks before it writes."""
    with db.reading() as tx:
        due = tx.one(f"select 1 from locks where {leases.EXPIRED} limit 1", **tx.clock)
    if due:
        with db.transaction() as tx:
            _end_expired(tx)


# Reading.


def list_locks(tx: Transaction) -> list[Lock]:
    """Every lock, by path."""
    return [_lock(row) for row in tx.execute("select * from locks order by path")]


def read_history(tx: Transaction, path: str, limit: int = 50) -> list[Event]:
    """What happened to the lock on this path last, oldest first."""
    return events.list_about(tx, _KINDS, path, limit, at_end=True)


def find_holders(tx: Transaction, paths: Iterable[str]) -> dict[str, str]:
    """Who has locked what of these paths, which are relative to the top of a working tree. Without those nobody has."""
    live = tx.execute(f"select * from locks where not {leases.EXPIRED} order by path", **tx.clock)
    there = [_lock(row) for row in live]
    found = {}
    for path in paths:
        lock = next((lock for lock in there if overlap(LockName(path), lock.name)), None)
        if lock:
            found[path] = lock.holder
    return found


def _distinct(names: Iterable[LockName]) -> list[LockName]:
    found = list({name.path: name for name in names}.values())
    if not found:
        raise Usage("Name at least one path.")
    if len(found) > PATHS_LIMIT:
        raise BadData(f"{len(found)} paths at once; {PATHS_LIMIT} are the limit. Lock a folder or a glob.")
    return found


def _fence_for(tx: Transaction, mine: list[Lock], wanted: list[LockName]) -> tuple[int, bool]:
    held = {lock.path: lock.fence for lock in mine}
    fences = {held.get(name.path) for name in wanted}
    if len(fences) == 1 and (kept := fences.pop()) is not None:
        return kept, False
    row = tx.one("update lock_fence set fence = fence + 1 where id = 1 returning fence")
    assert row is not None, "the last fence is there from the first migration on"
    return int(row["fence"]), True


def _put(tx: Transaction, agent: str, name: LockName, fence: int, ttl_s: float, reason: str) -> None:
    tx.execute(
        "insert into locks (path, is_folder, any_case, holder, fence, reason, since, lease_ms, lease_expires_at, "
        f"{leases.DEADLINE.names}) values (:path, :is_folder, :any_case, :agent, :fence, :reason, :now, :lease_ms, "
        f":now + :lease_ms, {value_in(':lease_ms')}) on conflict (path) do update set fence = excluded.fence, "
        "is_folder = excluded.is_folder, any_case = excluded.any_case, reason = excluded.reason, "
        f"lease_ms = excluded.lease_ms, lease_expires_at = excluded.lease_expires_at, {leases.DEADLINE.taken_over}",
        now=tx.now,
        **tx.clock,
        path=name.path,
        is_folder=int(name.folder),
        any_case=int(name.any_case),
        agent=agent,
        fence=fence,
        reason=reason,
        lease_ms=int(ttl_s * 1000),
    )


def _end_expired(tx: Transaction) -> None:
    for row in tx.execute(f"delete from locks where {leases.EXPIRED} returning *", **tx.clock):
        events.record(tx, row["holder"], "lock_expired", row["path"], fence=row["fence"])


def _end(tx: Transaction, by: str, kind: str, ended: list[Lock]) -> None:
    for lock in ended:
        tx.execute("delete from locks where path = :path", path=lock.path)
        whose = "" if lock.holder == by else f"{lock.holder}: "
        events.record(tx, by, kind, f"{whose}{lock.path}", fence=lock.fence)


def _listing(paths: list[str]) -> str:
    shown = ", ".join(paths[:5])
    return f"{shown} and {len(paths) - 5} more" if len(paths) > 5 else shown


def _lock(row: Row) -> Lock:
    return Lock(
        path=row["path"],
        holder=row["holder"],
        fence=row["fence"],
        reason=row["reason"],
        since=row["since"],
        expires_at=row["lease_expires_at"],
        name=LockName(row["path"], bool(row["is_folder"]), bool(row["any_case"])),
    )
