"""What needs the human: that each kind of it stands in the attention line, and what `enter` on it opens."""

from pathlib import Path

import pytest

from swarm_agents import events
from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import Evidence
from swarm_agents.db.database import Database
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import COMMAND, DASHBOARD, Announcement
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.messages import acknowledgements
from tests.support import scenes
from tests.support.app import dashboard, settled, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_a_painted_escalation_is_told_by_the_dashboard(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.escalated(db, clock)
    assert _channel(db, DASHBOARD).state == "waiting"

    async with dashboard(db_path, clock) as pilot:
        await until(pilot, lambda: _channel(db, DASHBOARD).state == "shown", "the channel is told")


async def test_a_read_only_dashboard_tells_nobody(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.escalated(db, clock)

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await shows(pilot, "escalation 1")
        await settled(pilot)

    assert _channel(db, DASHBOARD).state == "waiting"


async def test_a_channel_that_failed_stands_there_with_its_reason(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.escalated(db, clock)
    _fail(db, COMMAND, "exit status 3: no such room")

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "escalation 1 was not told by command, tried again (exit status 3: no such room)")
        await pilot.press("n", "n", "enter")
        await shows(pilot, "Escalation 1: what shall be done?")


async def test_an_answered_escalation_takes_its_failed_channel_with_it(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.escalated(db, clock)
    _fail(db, COMMAND, "exit status 3")

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "Needs you 2")
        human_acts.resolve(db, 1, Resolution.RETRY, scenes.RULES)
        await until(pilot, lambda: "Needs you" not in text(pilot), "nothing needs the human any more")


async def test_a_commit_that_went_round_the_gate_stands_there_with_who_did_it(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)
    with db.transaction() as tx:
        events.record(tx, "human", "went_round", "4f5e6d7c8b on main", 1)

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "human: 4f5e6d7c8b on main landed while the build was red")
        await pilot.press("n", "enter")
        await shows(pilot, "Incident 1", "Went round the gate")


async def test_a_commit_without_the_hook_stands_there_while_the_build_is_green_and_opens_no_incident(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    with db.transaction() as tx:
        events.record(tx, "api", "went_round", "4f5e6d7c8b on main")

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "Needs you 1", "went round", "api: 4f5e6d7c8b on main landed without the hook")
        assert "while the build was red" not in text(pilot)
        await pilot.press("n", "enter")
        await until(pilot, lambda: len(pilot.app._notifications) == 1, "it says where to look")


async def test_a_commit_that_went_round_is_forgotten_a_day_after_its_incident_is_over(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)
    with db.transaction() as tx:
        events.record(tx, "human", "went_round", "4f5e6d7c8b on main", 1)
    clock.forward(25 * 3600)

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await shows(pilot, "went round")
        build.mark_fixed(db, "billing", Evidence("'make check' passed", clock()))
        await until(pilot, lambda: "went round" not in text(pilot), "it is forgotten")


@pytest.mark.parametrize("key", ["enter", "r"])
async def test_a_message_that_nobody_acknowledged_stands_there_and_asks(
    db: Database, db_path: Path, clock: FakeClock, key: str
) -> None:
    message = scenes.unacknowledged(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "not acknowledged", f"api and auth have not acknowledged message {message} of web")
        await until(pilot, lambda: _channel(db, DASHBOARD).state == "shown", "the channel is told")
        await pilot.press("n", key)
        await shows(pilot, "Escalation 1", "May I drop the old column?", "api: said to it 4 times")


async def test_it_is_said_again_or_excused_from_there_and_starts_on_cancel(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.unacknowledged(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "Needs you")
        await pilot.press("r", "enter")
        await until(pilot, lambda: "Escalation 1" not in text(pilot), "it was cancelled")
        assert _answers(db) == [None]
        await pilot.press("r", "y")
        await until(pilot, lambda: "Needs you" not in text(pilot), "it was answered")
        clock.forward(300)
        acknowledgements.process_due(db)
        await shows(pilot, "Needs you")
        await pilot.press("r", "j")
        pilot.app.screen.query_one("Input").focus()
        await pilot.press(*"gone", "enter", "enter")
        await until(pilot, lambda: "Needs you" not in text(pilot), "it was answered again")

    assert _answers(db) == ["say-again", "excuse"]


async def test_an_acknowledgement_while_the_dialog_is_open_is_said_there(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    message = scenes.unacknowledged(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "not acknowledged")
        await pilot.press("r")
        await shows(pilot, "Escalation 1")
        for agent in ("api", "auth"):
            acknowledgements.acknowledge(db, agent, message)
        await shows(pilot, "It was acknowledged or answered meanwhile.")


async def test_the_key_answers_the_selected_question(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.unacknowledged(db, clock)
    build.report(db, "billing", scenes.RED, scenes.RULES)
    build.escalate(db, "billing", "which rounding is the law here?")

    async with dashboard(db_path, clock) as pilot:
        await shows(pilot, "Needs you 2")
        await pilot.press("r")
        await shows(pilot, "Escalation 2: what shall be done?")
        await pilot.press("escape", "n", "n", "r")
        await shows(pilot, "Escalation 1: message")


def _answers(db: Database) -> list[str | None]:
    with db.reading() as tx:
        return [one.resolution for one in reversed(escalations.list_latest(tx, 10))]


def _channel(db: Database, channel: str) -> Announcement:
    with db.reading() as tx:
        return next(one for one in announcements.list_channels(tx, 1) if one.channel == channel)


def _fail(db: Database, channel: str, why: str) -> None:
    with db.transaction() as tx:
        claimed = announcements.claim_next(tx, "teller", (channel,), 10)
        assert claimed is not None
        announcements.record_failure(tx, claimed, why)
