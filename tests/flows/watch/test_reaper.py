"""Leases of an agent whose tmux pane is certainly gone end early, after a grace period."""

import os
import signal

from swarm_agents import events, heartbeat, roster
from swarm_agents.courier.courier import CourierRound
from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.messages import reading
from swarm_agents.model import PaneAddress
from swarm_agents.panes.snapshot import ServerSnapshot
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import tasks
from swarm_agents.tasks.rows import TaskStatus
from swarm_agents.watch.reaper import GRACE_S, Reaper
from tests.support.clock import FakeClock
from tests.support.courier_swarm import CourierSwarm
from tests.support.repo import Repo
from tests.support.tmux import Tmux
from tests.support.until import until

LEASE_S = 900


def test_the_tasks_and_locks_of_an_agent_whose_pane_is_gone_come_back_after_a_grace(
    db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux
) -> None:
    pane, reaper = at_work(db, swarm, "ann"), Reaper()
    at_work(db, swarm, "bob")
    reaper.end_leases(db, looked(swarm, "ann"))
    tmux.run("kill-pane", "-t", pane.pane_id)

    reaper.end_leases(db, looked(swarm, "ann"))
    assert held(db, "ann") == (["ann-1"], ["ann.py"])
    clock.forward(GRACE_S)
    reaper.end_leases(db, looked(swarm, "ann"))

    assert (held(db, "ann"), held(db, "bob")) == (([], []), (["bob-1"], ["bob.py"]))
    with db.reading() as tx:
        assert task_rows.find(tx, "ann-1").status is TaskStatus.OPEN
        told = [one.detail for one in events.list_after(tx, 0, 100) if one.kind in ("task_expired", "lock_expired")]
    assert told == ["ann-1: ann: its tmux pane is gone", "ann: ann.py"]


def test_the_agent_is_told_in_case_it_lives_on_elsewhere_and_its_old_fence_is_void(
    db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux
) -> None:
    pane, reaper = at_work(db, swarm, "ann"), Reaper()
    tmux.run("kill-pane", "-t", pane.pane_id)
    lose(db, clock, swarm, reaper, "ann")

    said = [one.body for one in reading.read_inbox(db, "ann").messages]

    assert "Task ann-1 is not yours any more: ann: its tmux pane is gone. Stop working on it." in said
    assert "Your lock on ann.py has ended: its tmux pane is gone. Acquire it again before you go on." in said
    assert isinstance(tasks.complete(db, "ann", "ann-1"), tasks.TaskNotHeld)
    assert isinstance(locks.renew(db, "ann", ["ann.py"]), locks.LocksNotHeld)


def test_a_pane_with_a_dead_process_is_gone_too(
    db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux
) -> None:
    pane, reaper = at_work(db, swarm, "ann"), Reaper()
    tmux.find(pane).set_option("remain-on-exit", "on")
    os.kill(pane.pane_pid, signal.SIGKILL)

    lose(db, clock, swarm, reaper, "ann")

    assert held(db, "ann") == ([], [])


def test_a_server_that_does_not_answer_ends_no_lease(
    db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux
) -> None:
    pane, reaper = at_work(db, swarm, "ann"), Reaper()
    tmux.run("kill-pane", "-t", pane.pane_id)
    with tmux.frozen():
        for _ in range(3):
            reaper.end_leases(db, swarm.round())
            clock.forward(GRACE_S)

    assert held(db, "ann") == (["ann-1"], ["ann.py"])


def test_a_server_that_is_gone_ends_no_lease(db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux) -> None:
    at_work(db, swarm, "ann")
    reaper = Reaper()
    tmux.run("kill-server")

    for _ in range(3):
        reaper.end_leases(db, swarm.round())
        clock.forward(GRACE_S)

    assert held(db, "ann") == (["ann-1"], ["ann.py"])


def test_an_agent_that_joins_again_from_another_pane_keeps_what_it_holds(
    db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux
) -> None:
    pane, reaper = at_work(db, swarm, "ann"), Reaper()
    tmux.run("kill-pane", "-t", pane.pane_id)
    missed = looked(swarm, "ann")
    reaper.end_leases(db, missed)
    clock.forward(GRACE_S)

    roster.adopt(db, "ann", tmux.pane("cat"))
    reaper.end_leases(db, missed)  # what was seen of the old pane, told late
    clock.forward(GRACE_S)
    reaper.end_leases(db, looked(swarm, "ann"))

    assert held(db, "ann") == (["ann-1"], ["ann.py"])


def test_a_task_in_review_waits_for_its_reviewer(
    db: Database, clock: FakeClock, swarm: CourierSwarm, tmux: Tmux
) -> None:
    pane, reaper = at_work(db, swarm, "ann"), Reaper()
    tasks.request_review(db, "ann", "ann-1", "human")
    tmux.run("kill-pane", "-t", pane.pane_id)

    lose(db, clock, swarm, reaper, "ann")

    assert held(db, "ann") == (["ann-1"], [])


def test_an_agent_that_left_is_not_missed(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ann", "agent", None)
    heartbeat.leave(db, "ann")
    reaper = Reaper()

    for _ in range(2):
        reaper.end_leases(db, CourierRound(True, gone_agents=("ann",)))
        clock.forward(GRACE_S)

    with db.reading() as tx:
        assert [one.kind for one in events.list_after(tx, 0, 100)] == ["joined", "left"]


def test_a_running_courier_returns_tasks_and_locks(repo: Repo, tmux: Tmux) -> None:
    with Database(repo.path / ".git/swarm/swarm.db") as db:
        pane = tmux.pane("cat")
        roster.adopt(db, "bob", pane)
        hold(db, "bob")
        courier = repo.start("courier")
        try:
            tmux.run("kill-pane", "-t", pane.pane_id)
            until(lambda: held(db, "bob") == ([], []), "both are back", 30)
        finally:
            courier.terminate()
            courier.communicate(timeout=20)

    assert repo.swarm("--as", "alice", "task", "claim", "bob-1").exit == 0
    assert repo.swarm("--as", "alice", "lock", "acquire", "bob.py").exit == 0


def at_work(db: Database, swarm: CourierSwarm, name: str) -> PaneAddress:
    """An agent in a pane that has a task and a lock."""
    pane = swarm.tmux.pane("cat")
    swarm.join(name, pane)
    hold(db, name)
    return pane


def hold(db: Database, name: str) -> None:
    tasks.add(db, "some work", "human", f"{name}-1")
    tasks.claim(db, name, f"{name}-1", LEASE_S)
    locks.acquire(db, name, [LockName(f"{name}.py")], LEASE_S)


def lose(db: Database, clock: FakeClock, swarm: CourierSwarm, reaper: Reaper, name: str) -> None:
    for _ in range(2):
        reaper.end_leases(db, looked(swarm, name))
        clock.forward(GRACE_S)


def looked(swarm: CourierSwarm, name: str) -> CourierRound:
    """A round that has looked at the server that this agent is on."""
    rounds: list[CourierRound] = []

    def saw() -> bool:
        rounds.append(swarm.round())
        return name in rounds[-1].gone_agents + rounds[-1].living_agents

    until(saw, f"the pane of {name} was looked at")
    assert any(isinstance(look, ServerSnapshot) for look in rounds[-1].snapshots.values())
    return rounds[-1]


def held(db: Database, name: str) -> tuple[list[str], list[str]]:
    with db.reading() as tx:
        return (
            [task.id for task in task_rows.list_tasks(tx) if task.claimant == name],
            [lock.path for lock in locks.list_locks(tx) if lock.holder == name],
        )
