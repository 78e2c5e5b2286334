"""Acquires, renews and ends locks. They are advisory: they keep honest agents apart and protect no file.

Acquiring is all or nothing, in one transaction. A lock ends when it is released, when its lease runs out (any command
of its holder renews it), when its holder leaves or dies, or when a human releases it.
"""

from __future__ import annotations

from swarm_agents.db import leases
from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import value_in
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import BadData, UsageError
from swarm_agents.late import load_late
from swarm_agents.locks.paths import LockName, overlap
from swarm_agents.model import HUMAN, SWARM
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from swarm_agents import events
    from swarm_agents.events import Event
    from swarm_agents.messages import messages
else:  # a hook that asks who holds a lock does without them
    events = load_late("swarm_agents.events")
    messages = load_late("swarm_agents.messages.messages")

REASON_LIMIT = 200  # characters; a refused agent is shown the reason
PATHS_LIMIT = 1_000  # in one call
_NAMED = 5  # paths named in one message

_KINDS = ("lock_acquired", "lock_released", "lock_expired", "lock_force_released")


class Lock(NamedTuple):
    """One lock. `since` and `expires_at` are UTC milliseconds."""

    path: str
    holder: str
    fence: int
    reason: str
    since: int
    expires_at: int
    name: LockName


class LocksAcquired(NamedTuple):
    """The caller holds all of the paths, under `fence`. `new` is false when it held all of them before."""

    fence: int
    locks: list[Lock]
    new: bool = True


class LockConflict(NamedTuple):
    """Other agents hold overlapping locks: each wanted path with the lock in its way. Nothing was changed."""

    in_the_way: list[tuple[str, Lock]]


class LocksReleased(NamedTuple):
    """`released`: the locks that were ended; `free`: paths without a lock."""

    released: list[str]
    free: list[str]


class LocksNotHeld(NamedTuple):
    """The caller does not hold these paths, or not under that fence. Nothing was changed."""

    paths: list[str]


def acquire(
    db: Database, agent: str, names: Iterable[LockName], ttl_s: float, reason: str = ""
) -> LocksAcquired | LockConflict:
    """Lock all of these names, or none. Names that the agent holds already are renewed and get the new fence; when it
    holds all of them under one fence, that fence stays. Raises `BadData` and `UsageError`.
    """
    wanted = _check_names(names)
    if len(reason) > REASON_LIMIT:
        raise BadData(f"The reason has {len(reason)} characters; {REASON_LIMIT} are the limit.")
    with db.transaction() as tx:
        _end_expired(tx)
        existing = list_locks(tx)
        others = [lock for lock in existing if lock.holder != agent]
        in_the_way = [(name.path, lock) for name in wanted for lock in others if overlap(name, lock.name)]
        if in_the_way:
            return LockConflict(in_the_way)
        fence, new = _choose_fence(tx, [lock for lock in existing if lock.holder == agent], wanted)
        for name in wanted:
            _upsert(tx, agent, name, fence, ttl_s, one_line(reason, REASON_LIMIT))
            if new:
                events.record(tx, agent, "lock_acquired", name.path, fence=fence)
        paths = {name.path for name in wanted}
        return LocksAcquired(fence, [lock for lock in list_locks(tx) if lock.path in paths], new)


def renew(db: Database, agent: str, paths: Sequence[str], fence: int | None = None) -> list[Lock] | LocksNotHeld:
    """Renew the agent's locks on these paths, or all of its locks, for their full length. Returns them."""
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
    """Release the locks on these paths, or all of the agent's. Releasing again is harmless: the paths are `free`."""
    with db.transaction() as tx:
        _end_expired(tx)
        existing = {lock.path: lock for lock in list_locks(tx)}
        chosen = list(paths) or [lock.path for lock in existing.values() if lock.holder == agent]
        others = [(path, existing[path]) for path in chosen if path in existing and existing[path].holder != agent]
        if others:
            return LockConflict(others)
        stale = [path for path in chosen if path in existing and fence not in (None, existing[path].fence)]
        if stale:
            return LocksNotHeld(stale)
        released = [path for path in chosen if path in existing]
        _end(tx, agent, "lock_released", [existing[path] for path in released])
        return LocksReleased(released, [path for path in chosen if path not in existing])


def force_release(
    db: Database, paths: Sequence[str], reason: str = "", fence: int | None = None
) -> LocksReleased | LocksNotHeld:
    """A human ends the locks on these paths; each holder gets a message."""
    with db.transaction() as tx:
        _end_expired(tx)
        existing = {lock.path: lock for lock in list_locks(tx)}
        stale = [path for path in paths if path in existing and fence not in (None, existing[path].fence)]
        if stale:
            return LocksNotHeld(stale)
        taken = [existing[path] for path in paths if path in existing]
        _end(tx, HUMAN, "lock_force_released", taken)
        for holder in sorted({lock.holder for lock in taken} - {HUMAN}):
            theirs = _list_names([lock.path for lock in taken if lock.holder == holder])
            why = f": {one_line(reason, REASON_LIMIT)}" if reason else ""
            messages.post(tx, HUMAN, holder, f"A human took your lock on {theirs}{why}. Stop changing that.")
        return LocksReleased([lock.path for lock in taken], [path for path in paths if path not in existing])


def release_held(tx: Transaction, agent: str) -> None:
    """The agent has left: release all its locks."""
    _end(tx, agent, "lock_released", [lock for lock in list_locks(tx) if lock.holder == agent])


def expire_held(tx: Transaction, agent: str, why: str) -> None:
    """The agent is dead: end its locks at once. It gets a message, in case it still runs elsewhere."""
    lost = [lock for lock in list_locks(tx) if lock.holder == agent]
    _end(tx, SWARM, "lock_expired", lost)
    if lost:
        theirs = _list_names([lock.path for lock in lost])
        messages.post(tx, SWARM, agent, f"Your lock on {theirs} has ended: {why}. Acquire it again before you go on.")


def reap(db: Database) -> None:
    """End the locks whose lease has run out. Any process may call it at any time; writes only if there are any."""
    with db.reading() as tx:
        due = tx.one(f"select 1 from locks where {leases.EXPIRED} limit 1", **tx.clock)
    if due:
        with db.transaction() as tx:
            _end_expired(tx)


# Reading.


def list_locks(tx: Transaction) -> list[Lock]:
    """All locks, by path."""
    return [_make_lock(row) for row in tx.execute("select * from locks order by path")]


def read_history(tx: Transaction, path: str, limit: int = 50) -> list[Event]:
    """The last events about the lock on this path, oldest first."""
    return events.list_about(tx, _KINDS, path, limit, at_end=True)


def read_holders(db: Database, paths: Iterable[str]) -> dict[str, str]:
    """The holder of each of these paths (relative to the top of a working tree); paths without a lock are left out."""
    with db.reading() as tx:
        live = tx.execute(f"select * from locks where not {leases.EXPIRED} order by path", **tx.clock)
        locks = [_make_lock(row) for row in live]
    found = {}
    for path in paths:
        lock = next((lock for lock in locks if overlap(LockName(path), lock.name)), None)
        if lock:
            found[path] = lock.holder
    return found


def find_in_the_way(db: Database, agent: str, paths: Iterable[str]) -> dict[str, Lock]:
    """For each of these paths the lock of another agent on it, where there is one."""
    with db.reading() as tx:
        rows = tx.execute(
            f"select * from locks where holder <> :agent and not {leases.EXPIRED} order by path",
            agent=agent,
            **tx.clock,
        )
        others = [_make_lock(row) for row in rows]
    found = {path: next((lock for lock in others if overlap(LockName(path), lock.name)), None) for path in paths}
    return {path: lock for path, lock in found.items() if lock}


def _check_names(names: Iterable[LockName]) -> list[LockName]:
    found = list({name.path: name for name in names}.values())
    if not found:
        raise UsageError("Name at least one path.")
    if len(found) > PATHS_LIMIT:
        raise BadData(f"{len(found)} paths at once; {PATHS_LIMIT} are the limit. Lock a folder or a glob.")
    return found


def _choose_fence(tx: Transaction, mine: list[Lock], wanted: list[LockName]) -> tuple[int, bool]:
    held = {lock.path: lock.fence for lock in mine}
    fences = {held.get(name.path) for name in wanted}
    if len(fences) == 1 and (kept := fences.pop()) is not None:
        return kept, False
    row = tx.one("update lock_fence set fence = fence + 1 where id = 1 returning fence")
    assert row is not None, "the first migration inserts this row"
    return int(row["fence"]), True


def _upsert(tx: Transaction, agent: str, name: LockName, fence: int, ttl_s: float, reason: str) -> None:
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


def _list_names(paths: list[str]) -> str:
    shown = ", ".join(paths[:_NAMED])
    return f"{shown} and {len(paths) - _NAMED} more" if len(paths) > _NAMED else shown


def _make_lock(row: Row) -> Lock:
    return Lock(
        path=row["path"],
        holder=row["holder"],
        fence=row["fence"],
        reason=row["reason"],
        since=row["since"],
        expires_at=row["lease_expires_at"],
        name=LockName(row["path"], bool(row["is_folder"]), bool(row["any_case"])),
    )
