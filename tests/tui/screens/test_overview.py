"""What the overview shows of a swarm, and that it shows it live."""

import os
from pathlib import Path

import pytest
from textual.widgets import Input

from swarm_agents import heartbeat, roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import Evidence
from swarm_agents.db.database import Database
from swarm_agents.messages import messages, reading
from swarm_agents.model import BuildRules, PaneAddress
from swarm_tui.widgets.agent_list import AgentList
from swarm_tui.widgets.build_banner import BuildBanner
from swarm_tui.widgets.message_log import MessageLog
from tests.support import scenes
from tests.support.app import dashboard, settled, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_the_banner_says_who_repairs_which_attempt_and_how_long(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        shown = str(pilot.app.screen.query_one(BuildBanner).content)

    assert "FIXING" in shown
    assert "billing repairs it" in shown
    assert "attempt 2 of 3" in shown
    assert "lease 14:34 left" in shown


async def test_the_banner_names_what_fails_and_who_broke_it_on_eighty_columns(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock, ("4f5e6d7c8b9a0f1e2d3c4b5a69788796a5b4c3d2", "Uma Carter"))

    async with dashboard(db_path, clock, (80, 24)) as pilot:
        await shows(
            pilot, "tests/test_invoice.py::test_rounding (AssertionError), +2 more", "suspect 4f5e6d7c8b by Uma"
        )


async def test_a_lease_counts_down_without_a_commit(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        clock.forward(60)
        await shows(pilot, "lease 13:34 left")


async def test_a_clock_that_jumps_changes_no_lease(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        clock.jump(3600)
        await shows(pilot, "09:10", "lease 14:34 left")


async def test_waiters_stand_in_the_order_of_their_tickets(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        shown = text(pilot)

    assert shown.index("1. web") < shown.index("2. search") < shown.index("3. api")


async def test_every_agent_is_shown_with_the_age_of_what_is_known(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    heartbeat.record(db, "auth")

    async with dashboard(db_path, clock) as pilot:
        clock.forward(125)
        await until(
            pilot, lambda: _line(text(pilot), "● auth").split()[2:4] == ["active", "2m"], "auth is 2 minutes old"
        )


async def test_an_agent_falls_silent_by_the_clock_alone(db: Database, db_path: Path, clock: FakeClock) -> None:
    roster.join(db, "auth", "agent", None)

    async with dashboard(db_path, clock) as pilot:
        assert "active" in _line(text(pilot), "auth")
        clock.forward(301)
        await until(pilot, lambda: "silent" in _line(text(pilot), "auth"), "auth is silent")


async def test_an_agent_whose_pane_was_replaced_is_called_so_with_source_and_age(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    pane = PaneAddress("/tmp/t", "1:1", "%7", os.getpid())
    roster.join(db, "auth", "agent", pane)

    async with dashboard(db_path, clock) as pilot:
        assert "active" in _line(text(pilot), "auth")
        roster.record_pane_looks(db, {"auth": (pane, "replaced")})
        await until(pilot, lambda: "≠ auth" in text(pilot), "the dashboard has read it")
        clock.forward(125)
        await until(pilot, lambda: "tmux: 2m" in _line(text(pilot), "auth"), "the age grows")
        assert "replaced" in _line(text(pilot), "auth") and "active" not in _line(text(pilot), "auth")


async def test_what_another_process_commits_is_shown(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        build.report(db, "web", "lint failed", BuildRules())
        await shows(pilot, "FIXING", "lint failed", "web repairs it")


async def test_a_turn_of_the_build_is_told_by_a_toast_from_its_event(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        assert not pilot.app._notifications
        build.mark_fixed(db, "billing", Evidence("'make check' passed", clock()))
        await shows(pilot, "Green again, repaired by billing")


async def test_an_escalation_stands_in_the_attention_line(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.escalated(db, clock)

    async with dashboard(db_path, clock) as pilot:
        assert "Needs you 1" in text(pilot)
        assert "which rounding is the law here?" in text(pilot)


async def test_an_agent_that_was_not_reached_stands_in_the_attention_line_until_it_reads(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    message, _ = messages.send(db, "web", "api", "hello")
    with db.transaction() as tx:
        tx.execute("update deliveries set state = 'failed', reason = 'gone' where message_id = :id", id=message)

    async with dashboard(db_path, clock) as pilot:
        assert "api: a notice failed (gone)" in text(pilot)
        reading.read_inbox(db, "api")
        await until(pilot, lambda: "Needs you" not in text(pilot), "nothing needs the human any more")


async def test_the_log_follows_until_one_goes_up_and_follows_again_with_g(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        await pilot.press("k")
        messages.send(db, "web", "api", "something new")
        await until(pilot, lambda: log.count() == 4, "the message is there")
        assert (log.following, log.cursor) == (False, 1)
        assert "1 new" in str(log.border_subtitle)

        await pilot.press("G")
        assert (log.following, log.cursor) == (True, 3)


async def test_the_cursor_stays_on_its_agent_when_others_come(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        agents = pilot.app.screen.query_one(AgentList)
        agents.focus()
        await pilot.press("j", "j")
        assert agents.chosen and agents.chosen.name == "billing"

        roster.join(db, "aaa", "agent", None)
        await until(pilot, lambda: agents.count() == 7, "the new agent is there")
        assert agents.chosen.name == "billing"


async def test_words_in_the_filter_leave_only_messages_that_have_them(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        await pilot.press("slash", *"ROUNDING")
        await until(pilot, lambda: log.count() == 1, "one message is left")
        assert "Invoice rounding is done." in text(pilot)

        messages.send(db, "web", "api", "rounding again")
        messages.send(db, "web", "api", "something else")
        await until(pilot, lambda: log.count() == 2, "a new match is added")

        await pilot.press("escape")
        assert log.count() == 5


@pytest.mark.parametrize(
    ("typed", "left"), [("type:question", 1), ("from:API", 1), ("from:web type:ANSWER", 0), ("thread:x", 0)]
)
async def test_the_filter_knows_type_sender_and_thread(
    db: Database, db_path: Path, clock: FakeClock, typed: str, left: int
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        await pilot.press("slash")
        pilot.app.screen.query_one("#filter", Input).value = typed
        await until(pilot, lambda: log.words == typed, "the filter is set")
        await settled(pilot)
        assert log.count() == left


async def test_a_percent_sign_in_the_filter_is_a_percent_sign(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    messages.send(db, "web", "api", "done to 50%")

    async with dashboard(db_path, clock) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        await pilot.press("slash", "percent_sign")
        await until(pilot, lambda: log.count() == 1, "one message is left")


async def test_a_log_of_a_million_ids_asks_only_for_what_is_seen(db: Database, db_path: Path, clock: FakeClock) -> None:
    _say(db, 1, "the first")
    _say(db, 999_999, "before the last")
    _say(db, 1_000_000, "the last")

    async with dashboard(db_path, clock) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        assert log.count() == 1_000_000
        assert "the last" in text(pilot)
        await pilot.press("g")
        await shows(pilot, "the first", "(this message was removed)")
        assert len(log._rows) < 1_000


async def test_every_row_of_a_long_log_comes_into_sight(db: Database, db_path: Path, clock: FakeClock) -> None:
    with db.transaction() as tx:
        for number in range(1, 601):
            messages.post(tx, "swarm", "all", f"line {number}.")

    async with dashboard(db_path, clock, (80, 24)) as pilot:
        step = pilot.app.screen.query_one(MessageLog).scrollable_content_region.height - 1
        await pilot.press("g")
        await shows(pilot, "line 1.")
        for line in range(1 + step, 600, step):
            await pilot.press("pagedown")
            await shows(pilot, f"line {line}.")


def _say(db: Database, message: int, body: str) -> None:
    with db.transaction() as tx:
        tx.execute(
            "insert into messages (id, at, sender, recipient, type, body) "
            "values (:id, :at, 'web', 'api', 'INFO', :body)",
            id=message,
            at=tx.now,
            body=body,
        )


def _line(shown: str, word: str) -> str:
    return next((line for line in shown.splitlines() if word in line), "")
