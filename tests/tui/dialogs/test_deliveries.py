"""The matrix of deliveries: who was told what, what failed, and one key that types it again."""

from pathlib import Path

import pytest

from swarm_agents.courier import injections
from swarm_agents.db.database import Database
from swarm_agents.messages import deliveries, messages, reading
from swarm_agents.model import EVERYONE, HUMAN, DeliveryState
from swarm_tui.dialogs.messages.deliveries import DeliveriesDialog
from swarm_tui.dialogs.messages.message_details import MessageDetailsDialog
from tests.support import scenes
from tests.support.app import dashboard, settled, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


def drop(db: Database, agent: str, state: DeliveryState, reason: str) -> None:
    with db.transaction() as tx:
        injections.drop_deliveries(
            tx, [each for each in injections.list_waiting(tx) if each.agent == agent], state, reason
        )


def states(db: Database, message: int) -> dict[str, str]:
    with db.reading() as tx:
        return {one.agent: one.state.value for one in deliveries.list_for_message(tx, message)}


async def test_it_says_of_each_message_and_pane_how_far_it_came(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    drop(db, "web", DeliveryState.FAILED, "gone")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("d")
        await shows(pilot, "Deliveries", "#3", "✗ failed", "· queued", "- skipped")
        await pilot.press("G")
        await shows(pilot, "#3 to web: failed, gone: the pane cannot be reached")


async def test_it_is_live_and_keeps_its_column_when_newer_messages_come(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("d")
        await shows(pilot, "▸#3")
        newest = messages.send(db, HUMAN, EVERYONE, "another")[0]
        await shows(pilot, f"#{newest}", "▸#3")
        reading.read_inbox(db, "web")
        await shows(pilot, "✓ read")


async def test_one_key_types_again_what_failed_of_the_message_and_nothing_else(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    drop(db, "web", DeliveryState.UNKNOWN, "not-reading")
    message = messages.send(db, HUMAN, EVERYONE, "another")[0]
    drop(db, "web", DeliveryState.FAILED, "gone")
    before = states(db, 3)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("d")
        await shows(pilot, f"▸#{message}", "✗ failed")
        await pilot.press("r")
        await until(pilot, lambda: states(db, message)["web"] == "queued", "it is queued again")

    assert states(db, 3) == before


async def test_what_did_not_fail_is_not_typed_again(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("d")
        await shows(pilot, "▸#3")
        await pilot.press("right")
        await shows(pilot, "▸#2")
        await pilot.press("r")
        await shows(pilot, "Nothing of this message failed.")


async def test_a_screen_that_is_read_only_types_nothing_again(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    drop(db, "web", DeliveryState.FAILED, "gone")

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await pilot.press("d")
        await shows(pilot, "✗ failed")
        await pilot.press("r")
        await shows(pilot, "read-only")

    assert states(db, 3)["web"] == "failed"


async def test_enter_opens_the_message_and_escape_leads_back(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("d")
        await shows(pilot, "▸#3")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, MessageDetailsDialog), "the message is open")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesDialog), "the matrix is back")
        await pilot.press("escape")
        await settled(pilot)
        assert "Deliveries" not in text(pilot)


async def test_before_the_first_message_it_says_so(db: Database, db_path: Path, clock: FakeClock) -> None:
    async with dashboard(db_path, clock) as pilot:
        await pilot.press("d")
        await shows(pilot, "no message has gone to anybody yet")
