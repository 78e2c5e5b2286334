"""Acts on tasks: who may do what and when, leases, announcements, and the rules that the database enforces."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from swarm_agents import heartbeat, roster
from swarm_agents.db.database import Database
from swarm_agents.errors import AlreadyTaken, BadData, NotFound, UsageError
from swarm_agents.messages import messages, reading
from swarm_agents.model import HUMAN
from swarm_agents.tasks import reopening, tasks
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.drafts import TaskDraft
from swarm_agents.tasks.rows import Task, TaskStatus
from swarm_agents.tasks.tasks import TaskBlocked, TaskNotHeld, TaskTaken, TaskUpdated
from tests.support.clock import FakeClock
from tests.support.swarm import dump

LEASE_S = 60


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    for name in ("ada", "bob", "cyd"):
        roster.join(db, name, "agent", None)


# Claiming, completing, reviewing.


def test_the_first_claim_wins_and_the_second_names_the_claimant(db: Database) -> None:
    tasks.add(db, "work", "human", "a")

    assert claim(db, "ada", "a") == TaskUpdated(find(db, "a"))
    refused = claim(db, "bob", "a")

    assert isinstance(refused, TaskTaken) and refused.task.claimant == "ada"


def test_claiming_ones_own_task_again_is_harmless(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    fence = find(db, "a").fence

    again = claim(db, "ada", "a")

    assert isinstance(again, TaskUpdated) and not again.new and again.task.fence == fence


def test_a_task_waits_for_all_tasks_it_comes_after(db: Database) -> None:
    for name in ("a", "b"):
        tasks.add(db, name, "human", name)
    tasks.add(db, "c", "human", "c", after=["a", "b"])
    finish(db, "ada", "a")

    refused = claim(db, "ada", "c")
    finish(db, "bob", "b")

    assert isinstance(refused, TaskBlocked) and refused.task.blocked_by == ("b",)
    assert isinstance(claim(db, "ada", "c"), TaskUpdated)


@pytest.mark.parametrize("end", [tasks.TaskStatus.FAILED, tasks.TaskStatus.REVIEW])
def test_a_failed_task_or_one_in_review_blocks_those_after_it(db: Database, end: TaskStatus) -> None:
    tasks.add(db, "a", "human", "a")
    tasks.add(db, "b", "human", "b", after=["a"])
    claim(db, "ada", "a")

    if end is TaskStatus.FAILED:
        tasks.fail(db, "ada", "a", "no idea")
    else:
        tasks.request_review(db, "ada", "a", "all")

    assert isinstance(claim(db, "bob", "b"), TaskBlocked)


def test_a_cancelled_task_blocks_nothing(db: Database) -> None:
    tasks.add(db, "a", "human", "a")
    tasks.add(db, "b", "human", "b", after=["a"])

    tasks.cancel(db, HUMAN, "a")

    assert isinstance(claim(db, "bob", "b"), TaskUpdated)


Act = Callable[[Database, str], object]
CLAIMANTS: dict[str, Act] = {
    "start": lambda db, who: tasks.start(db, who, "a", LEASE_S),
    "review": lambda db, who: tasks.request_review(db, who, "a", "all"),
    "complete": lambda db, who: tasks.complete(db, who, "a", "done"),
    "fail": lambda db, who: tasks.fail(db, who, "a", "no idea"),
    "release": lambda db, who: tasks.release(db, who, "a"),
    "cancel": lambda db, who: tasks.cancel(db, who, "a"),
}


@pytest.mark.parametrize("act", CLAIMANTS.values(), ids=CLAIMANTS)
@pytest.mark.parametrize("held", [True, False], ids=["held by another", "not held"])
def test_an_agent_that_does_not_hold_a_task_changes_nothing(db: Database, act: Act, held: bool) -> None:
    tasks.add(db, "work", "human", "a")
    if held:
        claim(db, "ada", "a")
    before = dump(db)

    assert isinstance(act(db, "bob"), TaskNotHeld)
    assert dump(db) == before


@pytest.mark.parametrize("act", list(CLAIMANTS.values())[:5], ids=list(CLAIMANTS)[:5])
def test_an_old_fence_changes_nothing_even_from_the_claimant_itself(db: Database, act: Act) -> None:
    tasks.add(db, "work", "human", "a")
    old = claimed_fence(db, "ada", "a")
    tasks.release(db, "ada", "a")
    claim(db, "ada", "a")
    before = dump(db)

    assert isinstance(tasks.complete(db, "ada", "a", fence=old), TaskNotHeld)
    assert isinstance(tasks.start(db, "ada", "a", LEASE_S, fence=old), TaskNotHeld)
    assert isinstance(tasks.release(db, "ada", "a", fence=old), TaskNotHeld)
    assert dump(db) == before
    assert isinstance(act(db, "ada"), TaskUpdated)


def test_completing_twice_is_harmless(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    finish(db, "ada", "a")
    before = dump(db)

    again = tasks.complete(db, "ada", "a")

    assert isinstance(again, TaskUpdated) and not again.new and dump(db) == before


def test_after_a_review_the_claimant_completes_it_or_goes_on(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")

    tasks.request_review(db, "ada", "a", "bob")
    tasks.start(db, "ada", "a", LEASE_S)
    tasks.request_review(db, "ada", "a", "bob")

    assert isinstance(tasks.complete(db, "ada", "a"), TaskUpdated)


def test_a_review_by_an_agent_that_is_not_present_is_refused(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")

    with pytest.raises(NotFound):
        tasks.request_review(db, "ada", "a", "zed")


def test_after_a_human_reassigns_a_task_the_former_claimant_cannot_complete_it(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    old = claimed_fence(db, "ada", "a")

    tasks.reassign(db, "a", "bob", LEASE_S)

    assert isinstance(tasks.complete(db, "ada", "a", fence=old), TaskNotHeld)
    assert "not yours any more" in inbox(db, "ada")[-1]
    assert "gave you task a" in inbox(db, "bob")[-1]
    assert isinstance(tasks.complete(db, "bob", "a"), TaskUpdated)


def test_a_human_reopens_a_failed_task(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    tasks.fail(db, "ada", "a", "no idea")

    tasks.release(db, HUMAN, "a")

    assert isinstance(claim(db, "bob", "a"), TaskUpdated)


def test_the_agent_that_added_a_task_may_cancel_it_until_it_is_claimed(db: Database) -> None:
    for name in ("a", "b"):
        tasks.add(db, "work", "ada", name)
    claim(db, "bob", "b")

    assert isinstance(tasks.cancel(db, "ada", "a"), TaskUpdated)
    assert isinstance(tasks.cancel(db, "ada", "b"), TaskNotHeld)


# Leases.


def test_a_task_returns_to_open_when_its_lease_has_run_out_and_not_before(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")

    clock.forward(LEASE_S - 1)
    early = claim(db, "bob", "a")
    clock.forward(1)

    assert isinstance(early, TaskTaken)
    assert isinstance(claim(db, "bob", "a"), TaskUpdated)


@pytest.mark.parametrize("taken", [True, False], ids=["claimed by another", "open"])
def test_a_late_completion_is_refused(db: Database, clock: FakeClock, taken: bool) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    clock.forward(LEASE_S)
    if taken:
        claim(db, "bob", "a")

    late = tasks.complete(db, "ada", "a", "done")

    assert isinstance(late, TaskNotHeld) and late.task.claimant == ("bob" if taken else None)


def test_any_command_of_the_claimant_keeps_the_task(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")

    for _ in range(10):
        clock.forward(LEASE_S - 1)
        heartbeat.record(db, "ada")

    assert isinstance(claim(db, "bob", "a"), TaskTaken)


def test_a_heartbeat_after_the_lease_ran_out_renews_nothing(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    clock.forward(LEASE_S)

    heartbeat.record(db, "ada")

    assert isinstance(claim(db, "bob", "a"), TaskUpdated)


def test_a_heartbeat_soon_after_the_last_one_writes_nothing(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    clock.forward(LEASE_S / 20)
    before = dump(db)

    heartbeat.record(db, "ada")
    heartbeat.record(db, "bob")

    assert dump(db) == before


def test_a_clock_that_jumps_ends_no_lease_and_a_reboot_ends_all(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")

    clock.jump(10 * LEASE_S)
    after_the_jump = claim(db, "bob", "a")
    clock.reboot()

    assert isinstance(after_the_jump, TaskTaken)
    assert isinstance(claim(db, "bob", "a"), TaskUpdated)


def test_a_task_in_review_never_expires(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    tasks.request_review(db, "ada", "a", "human")

    clock.forward(100 * LEASE_S)

    assert isinstance(tasks.complete(db, "ada", "a"), TaskUpdated)


def test_reaping_opens_expired_tasks_and_announces_each_once(db: Database, clock: FakeClock) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    clock.forward(LEASE_S)

    reopening.reap(db)
    reopening.reap(db)

    assert find(db, "a").status is TaskStatus.OPEN
    assert sum("ran out" in body for body in inbox(db, "bob")) == 1
    assert sum("Stop working on it" in body for body in inbox(db, "ada")) == 1


# Announcements.


def test_claim_completion_and_what_became_claimable_are_announced(db: Database) -> None:
    tasks.add(db, "First", "human", "a")
    tasks.add(db, "Second", "human", "b", after=["a"])

    finish(db, "ada", "a", "see a.py")

    assert inbox(db, "bob")[1:] == [
        "ada claimed task a: First.",
        "ada completed task a: First. Claimable now: 'swarm task claim b'. Result: see a.py",
    ]


def test_announcements_do_not_count_towards_the_rate_limit(db: Database) -> None:
    for number in range(20):
        tasks.add(db, "work", "ada", f"t-{number}")
        finish(db, "ada", f"t-{number}")

    messages.send(db, "ada", "bob", "hello", per_minute=1)


def test_a_refused_act_is_not_announced(db: Database) -> None:
    tasks.add(db, "work", "human", "a")
    claim(db, "ada", "a")
    inbox(db, "cyd")

    claim(db, "bob", "a")
    tasks.complete(db, "bob", "a")

    assert inbox(db, "cyd") == []


# Adding tasks.


def test_generated_ids_are_free(db: Database) -> None:
    tasks.add(db, "by hand", "human", "t2")

    made = [tasks.add(db, "work", "human").id for _ in range(3)]

    assert made == ["t3", "t4", "t5"]


@pytest.mark.parametrize(
    ("id_", "after", "error"),
    [
        ("a", [], AlreadyTaken),
        ("b", ["nowhere"], NotFound),
        ("b", ["b"], BadData),
        ("b c", [], UsageError),
        ("b", ["a b"], UsageError),
    ],
)
def test_an_invalid_task_adds_nothing(db: Database, id_: str, after: list[str], error: type[Exception]) -> None:
    tasks.add(db, "work", "human", "a")
    before = dump(db)

    with pytest.raises(error):
        tasks.add(db, "work", "human", id_, after)

    assert dump(db) == before


def test_one_bad_task_of_many_adds_nothing(db: Database) -> None:
    before = dump(db)

    with pytest.raises(BadData, match="line 3: the title is empty"):
        tasks.add_all(db, [TaskDraft("a", "A", line=1), TaskDraft("b", " ", line=3)], "human")

    assert dump(db) == before


def test_texts_are_stored_exactly_up_to_the_limit(db: Database) -> None:
    text = "é\n$(rm -rf /) \x1b[2J"
    tasks.add(db, "work", "human", "a", detail=text)
    claim(db, "ada", "a")

    with pytest.raises(BadData, match="10240 are the limit"):
        tasks.complete(db, "ada", "a", "é" * 5_121)
    with pytest.raises(BadData, match="UTF-8"):
        tasks.complete(db, "ada", "a", "\udcff")
    tasks.complete(db, "ada", "a", "é" * 5_120)

    assert (find(db, "a").detail, find(db, "a").result) == (text, "é" * 5_120)


def test_the_workload_of_each_agent_is_counted_and_estimated(db: Database) -> None:
    tasks.add_all(
        db, [TaskDraft("a", "A", estimate_min=30), TaskDraft("b", "B", estimate_min=60), TaskDraft("c", "C")], "human"
    )
    finish(db, "ada", "a")
    claim(db, "ada", "b")
    claim(db, "bob", "c")
    tasks.fail(db, "bob", "c", "no idea")

    with db.reading() as tx:
        ada, bob = task_rows.count_workloads(task_rows.list_tasks(tx))

    assert (ada.agent, ada.held, ada.completed, ada.failed, ada.held_min, ada.completed_min) == ("ada", 1, 1, 0, 60, 30)
    assert (bob.agent, bob.held, bob.completed, bob.failed) == ("bob", 0, 0, 1)


# The rules that the database enforces.


@pytest.mark.parametrize(
    "change",
    [
        "update tasks set fence = fence - 1",
        "update tasks set claimant = 'eve'",
        "update tasks set status = 'open'",
        "update tasks set lease_mono_ms = null",
        "update tasks set status = 'doing'",
        "update tasks set number = 9 where id = 'a'",
        "insert into task_deps values ('a', 'b')",
        "insert into task_deps values ('a', 'a')",
        "insert into task_deps values ('b', 'nowhere')",
        "update task_deps set task_id = 'a', after_id = 'b'",
    ],
)
def test_the_database_refuses_invalid_changes_made_with_the_sqlite_shell(db: Database, change: str) -> None:
    tasks.add(db, "A", "human", "a")
    tasks.add(db, "B", "human", "b", after=["a"])
    claim(db, "ada", "a")
    before = dump(db)

    with closing(sqlite3.connect(db.path)) as shell, pytest.raises(sqlite3.IntegrityError):
        shell.execute("pragma foreign_keys = on")
        shell.execute(change)

    assert dump(db) == before


def claim(db: Database, agent: str, task: str) -> TaskUpdated | TaskTaken | TaskBlocked:
    return tasks.claim(db, agent, task, LEASE_S)


def claimed_fence(db: Database, agent: str, task: str) -> int:
    claim(db, agent, task)
    return find(db, task).fence


def finish(db: Database, agent: str, task: str, result: str = "") -> None:
    assert isinstance(claim(db, agent, task), TaskUpdated)
    assert isinstance(tasks.complete(db, agent, task, result), TaskUpdated)


def find(db: Database, task: str) -> Task:
    with db.reading() as tx:
        return task_rows.find(tx, task)


def inbox(db: Database, agent: str) -> list[str]:
    return [message.body for message in reading.read_inbox(db, agent).messages]
