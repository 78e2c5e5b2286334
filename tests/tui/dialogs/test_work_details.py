"""Screen 4 at length: what `enter` on a task and on a lock tells, live, and what each agent has in hand."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.model import HUMAN
from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks import tasks
from swarm_agents.tasks.drafts import TaskDraft
from swarm_tui.screens.work import WorkScreen
from tests.support import scenes
from tests.support.app import dashboard, shows, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio

TALL = (120, 50)


async def test_enter_on_a_task_tells_who_has_it_since_when_by_which_lease_and_what_happened(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock, TALL) as pilot:
        await _at_work(pilot)
        await pilot.press("j", "enter")
        await shows(pilot, "Task t2", "Round the total, not the lines", "in progress", "api, fence 1", "14 min left")
        await shows(pilot, "Comes after", "t1  ✓ completed  Write down how totals", "What waits for it", "t4  Show the")
        await shows(pilot, "What happened", "human: added", "api: claimed", "api: started")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, WorkScreen), "screen 4 is back")


async def test_what_a_task_is_about_stands_there_to_the_letter_and_is_no_markup(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    draft = TaskDraft(
        "t1", "Sign in", (), files=("src/auth.py", "[bold]x[/].py"), estimate_min=90, detail="first\x1b[2J\n[/]"
    )
    tasks.add_all(db, [draft], HUMAN, "OAuth [link]")

    async with dashboard(db_path, clock, TALL) as pilot:
        await _at_work(pilot)
        await pilot.press("enter")
        await shows(pilot, "src/auth.py", "[bold]x[/].py", "1 h 30 min", "OAuth [link]", "first␛[2J", "[/]")


async def test_what_happens_to_the_task_is_told_while_it_is_open(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock, TALL) as pilot:
        await _at_work(pilot)
        await pilot.press("j", "enter")
        await shows(pilot, "api: started")
        tasks.fail(db, "api", "t2", "the rounding rule is not mine to change")
        await shows(pilot, "✗ failed", "Why it failed", "the rounding rule is not mine", "api: failed")


async def test_the_history_of_a_task_is_its_own(db: Database) -> None:
    for id_ in ("t1", "t11", "docs"):
        tasks.add(db, "work", HUMAN, id_)
    tasks.claim(db, "ada", "t1", 900)
    tasks.complete(db, "ada", "t1", "docs")

    with db.reading() as tx:
        found = {id_: [one.detail for one in task_rows.read_history(tx, id_)] for id_ in ("t1", "docs")}

    assert found == {"t1": ["t1: work", "t1", "t1: docs"], "docs": ["docs: work"]}


async def test_enter_on_a_lock_tells_who_has_it_why_and_what_happened(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock, TALL) as pilot:
        await _at_work(pilot)
        await pilot.press("tab", "j", "enter")
        await shows(
            pilot, "src/invoice.py", "api, fence 1", "15 min left", "rounding moves to the total", "api: acquired"
        )
        locks.force_release(db, ["src/invoice.py"], "the release is being cut")
        await shows(pilot, "no agent any more", "human: force-released")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16)])
async def test_what_each_agent_has_in_hand_and_did_is_visible(
    db: Database, db_path: Path, clock: FakeClock, size: tuple[int, int]
) -> None:
    scenes.shared_out(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await _at_work(pilot)
        await shows(pilot, "Workload  api ◆ 1  search ◆ 1  billing ◆ 0 ✓ 1")
        tasks.fail(db, "api", "t2", "not mine")
        await shows(pilot, "Workload  search ◆ 1  api ◆ 0 ✗ 1  billing ◆ 0 ✓ 1")


async def _at_work(pilot: Pilot[None]) -> None:
    await pilot.press("4")
    await shows(pilot, "Tasks ", "free")
