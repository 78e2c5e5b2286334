"""The incident's details: what happened from the first red commit on, read from the database and told in one place."""

from pathlib import Path

import pytest

from swarm_agents.build import build
from swarm_agents.commit.verdict import RefusalFinding, Verdict, record_finding
from swarm_agents.db.database import Database
from swarm_tui.dialogs.build.incident_details import IncidentDetailsDialog
from swarm_tui.screens.overview import OverviewScreen
from tests.support import scenes
from tests.support.app import dashboard, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio

TALL = (120, 70)


async def test_enter_on_the_banner_tells_the_open_incident_from_its_beginning(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.known_culprit(db, clock)

    async with dashboard(db_path, clock, TALL) as pilot:
        await pilot.press("tab", "enter")
        await shows(pilot, "Incident 1", "suspect", "4f5e6d7c8b by Uma Carter", "not yet: red for")
        await shows(pilot, "1. api  ✗ failed after 4 min 20 s", "2. billing  ◆ open for")
        await shows(pilot, "test_rounding", "met 4 times, first by api")
        await shows(pilot, "api: broken  HEAD fails the check", "$ make check  exit status 1", "assert Decimal")
        await shows(pilot, "4.5 agent-minutes in line", "2 duplicate fixes")


async def test_while_green_it_tells_the_last_incident(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.healed(db, clock)

    async with dashboard(db_path, clock, TALL) as pilot:
        await pilot.press("i")
        await shows(pilot, "Incident 1", "2. billing  ✓ fixed", "fixed by billing", "to green")


async def test_where_the_build_was_never_red_it_says_so(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("i")
        await shows(pilot, "The build was never red.")
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_an_end_of_an_attempt_reaches_the_open_details(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock, TALL) as pilot:
        await pilot.press("i")
        await shows(pilot, "2. billing  ◆ open")
        build.mark_failed(db, "billing", "two PDFs still differ")
        await shows(pilot, "2. billing  ✗ failed", "two PDFs still differ")


async def test_on_a_small_screen_all_of_it_can_be_reached_by_keys(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.known_culprit(db, clock)

    async with dashboard(db_path, clock, (60, 16)) as pilot:
        await pilot.press("i")
        await shows(pilot, "suspect")
        await pilot.press("G")
        await shows(pilot, "First seen")
        await pilot.press("g")
        await shows(pilot, "suspect")


@pytest.mark.parametrize("key", ["escape", "n", "i"])
async def test_it_closes_and_the_screen_below_is_as_before(
    db: Database, db_path: Path, clock: FakeClock, key: str
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("i")
        await until(pilot, lambda: isinstance(pilot.app.screen, IncidentDetailsDialog), "the details are open")
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen), "they are closed")


async def test_hostile_text_stays_text(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock, ("[red]4f5e", "\x9b2J[/]"))
    hostile = RefusalFinding(
        Verdict.BROKEN, "[@click=app.quit]go[/]", output="\x1b[2J[/] gone", command="[bold", exit_status=1
    )
    with db.transaction() as tx:
        record_finding(tx, "api", 1, hostile)

    async with dashboard(db_path, clock, TALL) as pilot:
        await pilot.press("i")
        await shows(pilot, "[@click=app.quit]go[/]", "␛[2J[/] gone", "$ [bold", "[red]4f5e")
        assert "\x1b" not in text(pilot)
