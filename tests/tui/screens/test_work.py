"""Screen 4: tasks and locks, live, and what a human may do to them."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import tasks
from swarm_agents.tasks.rows import TaskStatus
from swarm_agents.tasks.tasks import TaskNotHeld
from swarm_tui.screens.overview import OverviewScreen
from swarm_tui.screens.work import WorkScreen
from swarm_tui.widgets.task_list import TaskList
from tests.support import scenes
from tests.support.app import dashboard, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_it_shows_every_task_with_who_has_it_and_what_it_waits_for(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("4")
        await shows(pilot, "Tasks 5: 2 held, 1 free, 1 completed", "t4  ", "after t2", "Locks 2")
        assert _line(text(pilot), "t2 ").split()[:4] == ["◆", "t2", "in", "progress"]
        assert "api" in _line(text(pilot), "t2 ")
        assert "rounding moves" in _line(text(pilot), "src/invoice")


async def test_what_another_process_claims_is_shown(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("4")
        await shows(pilot, "2 held, 1 free")
        tasks.claim(db, "docs", "t5", 900)
        await shows(pilot, "3 held, 0 free")


@pytest.mark.parametrize("key", ["1", "escape"])
async def test_one_goes_back_to_the_overview(db: Database, db_path: Path, clock: FakeClock, key: str) -> None:
    async with dashboard(db_path, clock) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkScreen), "screen 4 is there")
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen), "the overview is back")


async def test_a_released_task_is_open_and_its_old_fence_is_void(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)
    fence = _task(db, "t2").fence

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, "t2")
        await pilot.press("R")
        await shows(pilot, "Open the task again?", "api is told to stop")
        await pilot.press("y")
        await shows(pilot, "A task is free again: t2")

    assert _task(db, "t2").status is TaskStatus.OPEN
    assert isinstance(tasks.complete(db, "api", "t2", fence=fence), TaskNotHeld)


async def test_a_reassigned_task_is_the_chosen_agents(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, "t2")
        await pilot.press("A")
        await shows(pilot, "Give the task to an agent?", "It is taken from api")
        while "▸ docs" not in text(pilot):
            await pilot.press("j")
        await pilot.press("y")
        await shows(pilot, "A task was given: t2: to docs")

    assert (_task(db, "t2").claimant, _task(db, "t2").status) == ("docs", TaskStatus.CLAIMED)


async def test_a_lock_taken_away_is_free_and_its_holder_is_told(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("4")
        await shows(pilot, "Locks 2")
        await pilot.press("F")
        await shows(pilot, "docs/", "is locked by docs")
        await pilot.press("y")
        await shows(pilot, "A lock was taken away: docs: docs/", "Locks 1")

    with db.reading() as tx:
        assert [lock.path for lock in locks.list_locks(tx)] == ["src/invoice.py"]


@pytest.mark.parametrize(("key", "words"), [("R", "Open the task again?"), ("A", "Give the task to an agent?")])
async def test_an_order_for_a_task_that_moved_changes_nothing(
    db: Database, db_path: Path, clock: FakeClock, key: str, words: str
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, "t2")
        await pilot.press(key)
        await shows(pilot, words)
        tasks.reassign(db, "t2", "search", 900)
        await shows(pilot, "It moved meanwhile: task t2 is claimed by search")
        await pilot.press("y")
        await shows(pilot, "Nothing was changed: task t2 is claimed by search")

    assert _task(db, "t2").claimant == "search"


async def test_an_order_for_a_lock_that_moved_changes_nothing(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)
    with db.reading() as tx:
        there = {lock.path: lock for lock in locks.list_locks(tx)}["docs/"]

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("4")
        await shows(pilot, "Locks 2")
        await pilot.press("F")
        await shows(pilot, "is locked by docs")
        locks.release(db, "docs", ["docs/"])
        locks.acquire(db, "web", [there.name], 600)
        await shows(pilot, "web has it now")
        await pilot.press("y")
        await shows(pilot, "Nothing was changed: another agent has locked docs/", "since.")

    with db.reading() as tx:
        assert {lock.path: lock.holder for lock in locks.list_locks(tx)}["docs/"] == "web"


@pytest.mark.parametrize("key", ["n", "escape", "enter"])
async def test_a_cancelled_dialog_changes_nothing(db: Database, db_path: Path, clock: FakeClock, key: str) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, "t2")
        for act in ("R", "A", "F"):
            await pilot.press(act, key)
            await until(pilot, lambda: isinstance(pilot.app.screen, WorkScreen), "the dialog is closed")
        await pilot.app.workers.wait_for_complete()

    assert (_task(db, "t2").claimant, _task(db, "t2").status) == ("api", TaskStatus.IN_PROGRESS)


@pytest.mark.parametrize(
    ("task", "key", "words"),
    [
        ("t1", "A", "task t1 is completed"),
        ("t1", "R", "task t1 is completed"),
        ("t4", "A", "task t4 waits for t2"),
        ("t5", "R", "task t5 is open now"),
    ],
)
async def test_what_makes_no_sense_for_a_task_says_how_it_stands(
    db: Database, db_path: Path, clock: FakeClock, task: str, key: str, words: str
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, task)
        await pilot.press(key)
        await shows(pilot, words)
        assert isinstance(pilot.app.screen, WorkScreen)


@pytest.mark.parametrize("key", ["A", "R", "F"])
async def test_a_read_only_screen_takes_nothing_away(db: Database, db_path: Path, clock: FakeClock, key: str) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await _choose(pilot, "t2")
        await pilot.press(key)
        await shows(pilot, "This screen is read-only")


async def test_without_tasks_and_locks_it_says_so(db: Database, db_path: Path, clock: FakeClock) -> None:
    async with dashboard(db_path, clock) as pilot:
        await pilot.press("4")
        await shows(pilot, "no task yet", "no lock yet")
        await pilot.press("A")
        await shows(pilot, "There is no task")
        await pilot.press("F")
        await shows(pilot, "There is no lock.")


async def test_the_palette_has_the_acts_of_the_screen_it_is_opened_on(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, "t2")
        await pilot.press("colon", *"reassign")
        await shows(pilot, "Reassign (A)")
        await pilot.press("down", "enter")
        await shows(pilot, "Give the task to an agent?")


async def test_hostile_titles_and_reasons_stay_text(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)
    hostile = "\x1b[2J[@click=app.quit]go[/] [bold"
    with db.transaction() as tx:  # the verbs refuse such a title; another program may not
        tx.execute("update tasks set title = :title where id = 't2'", title=hostile)
        tx.execute("update locks set reason = :reason", reason=hostile)

    async with dashboard(db_path, clock) as pilot:
        await _choose(pilot, "t2")
        assert text(pilot).count("␛[2J[@click=app.quit]go[/] [bold") == 3
        await pilot.press("A")
        await shows(pilot, "t2: ␛[2J[@click=app.quit]go[/] [bold")
        assert "\x1b" not in text(pilot)


async def _choose(pilot: Pilot[None], task: str) -> None:
    await pilot.press("4")
    await shows(pilot, f"{task} ")
    rows = pilot.app.screen.query_one(TaskList)
    while rows.chosen and rows.chosen.id != task:
        await pilot.press("j")


def _task(db: Database, task: str) -> tasks.Task:
    with db.reading() as tx:
        return task_rows.find(tx, task)


def _line(shown: str, word: str) -> str:
    return next((line for line in shown.splitlines() if word in line), "")
