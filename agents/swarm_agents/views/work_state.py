"""Whether a task or a lock is still the one that a dialog was opened for. A snapshot without them says nothing."""

from swarm_agents.locks.locks import Lock
from swarm_agents.tasks.rows import Task
from swarm_agents.views.snapshot import Snapshot


def task(snapshot: Snapshot, id_: str) -> Task | None:
    return next((one for one in snapshot.work.tasks if one.id == id_), None) if snapshot.work else None


def lock(snapshot: Snapshot, path: str) -> Lock | None:
    return next((one for one in snapshot.work.locks if one.path == path), None) if snapshot.work else None


def task_moved(snapshot: Snapshot, seen: Task) -> bool:
    now = task(snapshot, seen.id)
    return snapshot.work is not None and (now is None or (now.fence, now.status) != (seen.fence, seen.status))


def lock_moved(snapshot: Snapshot, seen: Lock) -> bool:
    now = lock(snapshot, seen.path)
    return snapshot.work is not None and (now is None or now.fence != seen.fence)
