"""Whether a task or a lock is still as it was when a dialog opened. A snapshot without them tells nothing."""

from swarm_agents.locks.locks import Lock
from swarm_agents.tasks.rows import Task
from swarm_agents.views.snapshot import Snapshot


def find_task(snapshot: Snapshot, id_: str) -> Task | None:
    return next((one for one in snapshot.work.tasks if one.id == id_), None) if snapshot.work else None


def find_lock(snapshot: Snapshot, path: str) -> Lock | None:
    return next((one for one in snapshot.work.locks if one.path == path), None) if snapshot.work else None


def has_task_moved(snapshot: Snapshot, before: Task) -> bool:
    now = find_task(snapshot, before.id)
    return snapshot.work is not None and (now is None or (now.fence, now.status) != (before.fence, before.status))


def has_lock_moved(snapshot: Snapshot, before: Lock) -> bool:
    now = find_lock(snapshot, before.path)
    return snapshot.work is not None and (now is None or now.fence != before.fence)
