"""Signs of life: what every command of an agent leaves behind, and leaving for good."""

from swarm_agents import events, roster
from swarm_agents.build import build, waiters
from swarm_agents.db.database import Database
from swarm_agents.locks.leases import LOCK_LEASES
from swarm_agents.tasks.leases import TASK_LEASES

_NOTICED_EVERY_MS = 5_000  # a sign of life finer than this tells nobody anything


def show(db: Database, name: str) -> None:
    """The agent is alive: it is seen, and its leases, of the build, of tasks and locks, start anew.

    Raises `NotFound` for an agent that has not joined. Writes only when there is something to tell.
    """
    with db.reading() as tx:
        agent = roster.find(tx, name)
        holds = build.state(tx).fixer == name
        is_due = TASK_LEASES.are_due_for_renewal(tx, name) or LOCK_LEASES.are_due_for_renewal(tx, name)
        fresh = tx.now - agent.seen_at < _NOTICED_EVERY_MS
    if holds:
        build.renew(db, name)
    if is_due or not fresh:
        with db.transaction() as tx:
            TASK_LEASES.renew(tx, name)
            LOCK_LEASES.renew(tx, name)
            tx.execute("update agents set seen_at = :now where name = :name", now=tx.now, name=name)


def leave(db: Database, name: str) -> None:
    """Leave the roster: gives up the build if it was this agent's, its tasks and locks, and the place in line."""
    from swarm_agents.locks import locks  # only who leaves pays for them
    from swarm_agents.tasks import reopening  # the same

    with db.transaction() as tx:
        roster.find(tx, name)
        build.drop(tx, name, "left the swarm")
        tx.execute("update agents set left_at = :now where name = :name", now=tx.now, name=name)
        waiters.leave(tx, name)
        reopening.release_held(tx, name, f"{name} has left")
        locks.release_held(tx, name)
        events.record(tx, name, "left")
