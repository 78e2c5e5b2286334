"""Signs of life: every command of an agent records one, which renews its leases; and leaving the swarm."""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.build import row as build_row
from swarm_agents.db.database import Database
from swarm_agents.late import load_late
from swarm_agents.locks.leases import LOCK_LEASES
from swarm_agents.tasks.leases import TASK_LEASES
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents import events
    from swarm_agents.build import build, waiters
    from swarm_agents.locks import locks
    from swarm_agents.tasks import reopening
else:
    events = load_late("swarm_agents.events")
    build = load_late("swarm_agents.build.build")
    waiters = load_late("swarm_agents.build.waiters")
    locks = load_late("swarm_agents.locks.locks")
    reopening = load_late("swarm_agents.tasks.reopening")

_RECORD_EVERY_MS = 5_000  # a finer time would cost a write for each command


def record(db: Database, name: str) -> None:
    """The agent is alive: update its `seen_at`, and renew its leases of the build, tasks and locks.

    Raises `NotFound` for an agent that has not joined. Writes at most every five seconds, or when a lease needs it.
    """
    with db.reading() as tx:
        agent = roster.find_caller(tx, name)
        holds = build_row.read(tx).fixer == name
        is_due = TASK_LEASES.are_due_for_renewal(tx, name) or LOCK_LEASES.are_due_for_renewal(tx, name)
        seems_lost = agent.pane_loss is not None and not agent.pane_loss.is_certain
        fresh = tx.now - agent.seen_at < _RECORD_EVERY_MS and not seems_lost
    if holds:
        build.renew(db, name)
    if is_due or not fresh:
        with db.transaction() as tx:
            TASK_LEASES.renew(tx, name)
            LOCK_LEASES.renew(tx, name)
            tx.execute("update agents set seen_at = :now where name = :name", now=tx.now, name=name)


def leave(db: Database, name: str) -> None:
    """Leave the roster: gives up the build, if this agent is the fixer, its tasks, its locks and its place in line."""
    with db.transaction() as tx:
        roster.find_caller(tx, name)
        build.release_if_fixer(tx, name, "left the swarm")
        tx.execute("update agents set left_at = :now where name = :name", now=tx.now, name=name)
        waiters.leave(tx, name)
        reopening.release_held(tx, name, f"{name} has left")
        locks.release_held(tx, name)
        events.record(tx, name, "left")
