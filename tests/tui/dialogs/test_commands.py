"""What a human can do on the overview: each key, each dialog, against a real database."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import FenceRejected
from swarm_agents.db.database import Database
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.messages import messages, reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.model import HUMAN, BuildRules, BuildStatus, MessageType
from swarm_agents.views import message_pages
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.dialogs.messages.broadcast import BroadcastDialog
from swarm_tui.dialogs.messages.message_details import MessageDetailsDialog
from swarm_tui.screens.overview import OverviewScreen
from swarm_tui.widgets.message_log import MessageLog
from tests.support import scenes
from tests.support.app import dashboard, seen, settled, shows, text, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_force_release_takes_the_role_away_and_voids_the_fence(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)
    fence = build.current(db).fence

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("F", "y")
        await shows(pilot, "BROKEN", "The role was taken away")

    assert build.current(db).status is BuildStatus.BROKEN
    assert isinstance(build.renew(db, "billing", fence), FenceRejected)


async def test_a_dialog_starts_on_cancel(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("F", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, OverviewScreen)

    assert build.current(db).fixer == "billing"


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_a_cancelled_dialog_changes_nothing(db: Database, db_path: Path, clock: FakeClock, key: str) -> None:
    scenes.fixing(db, clock)
    before = build.current(db)

    async with dashboard(db_path, clock) as pilot:
        for act in ("F", "A", "E"):
            await pilot.press(act, key)
            await pilot.app.workers.wait_for_complete()
            assert isinstance(pilot.app.screen, OverviewScreen)

    assert build.current(db) == before


async def test_the_dialog_names_who_is_affected_and_what_happens(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("F")
        await shows(pilot, "billing repairs attempt 2 of 3", "billing is told to stop", "web is first in line")


async def test_a_reason_is_typed_in_its_field_and_reaches_the_event(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("F", "shift+tab", "shift+tab")
        await pilot.press("tab", "tab")
        pilot.app.screen.query_one("Input").focus()
        await pilot.press(*"yny", "enter", "enter")
        await shows(pilot, "BROKEN", "billing: yny")


async def test_an_order_for_a_state_that_moved_is_refused_with_the_new_state(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("F")
        build.hand_over(db, "billing", "web", BuildRules())
        await shows(pilot, "The build moved meanwhile", "web repairs it")
        await pilot.press("y")
        await shows(pilot, "Nothing was changed", "web repairs it")

    assert build.current(db).fixer == "web"


@pytest.mark.parametrize("act", ["E", "A"])
async def test_every_act_on_the_build_keeps_the_fence_of_its_dialog(
    db: Database, db_path: Path, clock: FakeClock, act: str
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press(act)
        build.hand_over(db, "billing", "search", BuildRules())
        await pilot.press("y")
        await shows(pilot, "Nothing was changed")

    assert build.current(db).fixer == "search"


async def test_escalate_stops_the_agents_and_asks_the_human(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("E", "y")
        await shows(pilot, "ESCALATED", "Needs you 1")

    assert build.current(db).status is BuildStatus.ESCALATED


async def test_assign_gives_the_build_to_the_chosen_agent(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("A")
        await shows(pilot, "Give the build to an agent?")
        while "▸ auth" not in text(pilot):
            await pilot.press("j")
        await pilot.press("y")
        await shows(pilot, "auth repairs it")

    assert build.current(db).fixer == "auth"


@pytest.mark.parametrize(
    ("steps", "status", "fixer"),
    [
        (0, BuildStatus.BROKEN, None),
        (1, BuildStatus.FIXING, HUMAN),
        (2, BuildStatus.PASSING, None),
        (3, BuildStatus.FIXING, "api"),
    ],
    ids=["retry", "take over", "declare passing", "assign"],
)
async def test_each_answer_to_an_escalation_does_what_it_says(
    db: Database, db_path: Path, clock: FakeClock, steps: int, status: BuildStatus, fixer: str | None
) -> None:
    scenes.escalated(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("r", *["j"] * steps, "y")
        await until(pilot, lambda: build.current(db).status is status, f"the build is {status}")

    assert build.current(db).fixer == fixer
    with db.reading() as tx:
        assert escalations.list_open(tx) == []


async def test_who_takes_over_can_declare_it_fixed(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.escalated(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("T", "y")
        await shows(pilot, "You repair it")
        await pilot.press("D", "y")
        await shows(pilot, "PASSING")


async def test_an_escalation_that_was_answered_meanwhile_is_not_answered_twice(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.escalated(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("r", "j", "j")
        human_acts.resolve(db, 1, Resolution.RETRY, BuildRules())
        await pilot.press("y")
        await shows(pilot, "was resolved already: retry")

    assert build.current(db).status is BuildStatus.BROKEN


async def test_a_broadcast_shows_who_will_get_it_and_who_will_not_before_it_is_sent(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    with db.transaction() as tx:
        tx.execute("update agents set left_at = :now where name = 'auth'", now=tx.now)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b")
        await shows(pilot, "5 agents get it", "inbox only: it has no tmux pane", "not sent: it left")

    with db.reading() as tx:
        assert message_rows.find_last_id(tx) == 3


async def test_a_dashboard_that_types_nothing_looks_at_the_panes_all_the_same(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b")

        await shows(pilot, "6 agents get it: 6 by inbox only", "inbox only: no more pane %1")


async def test_a_broadcast_counts_only_panes_that_are_ready_as_ready(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b")
        await settled(pilot)
        obstacles = {"api": None, "auth": "dialog", "billing": None, "search": "draft", "web": "shell"}
        pilot.app.screen.post_message(BroadcastDialog.PanesSeen(obstacles))

        await shows(pilot, "2 in a ready pane, 2 in a pane that waits, 2 by")


async def test_a_broadcast_says_why_nobody_knows_how_the_panes_are(
    db: Database, db_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.passing(db, clock)
    monkeypatch.setenv("PATH", "")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b")

        await shows(pilot, "5 in a pane once it is ready, 1 by inbox", "tmux is not installed")


async def test_after_a_broadcast_every_pane_has_a_row_that_lives(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b", *"stop", "enter", "enter")
        await shows(pilot, "0 of 6 read", "queued", "skipped", "no-tmux")
        reading.read_inbox(db, "search")
        await shows(pilot, "1 of 6 read")


async def test_a_snapshot_that_nobody_asked_about_the_message_empties_no_list(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("enter")
        await shows(pilot, "0 of 5 read")
        older = replace(seen(pilot), watched_message=None, watched=())
        pilot.app.screen.show(older)  # type: ignore[attr-defined]
        await pilot.pause()
        assert "0 of 5 read" in text(pilot)


async def test_nothing_is_sent_without_a_text(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b", "enter", "enter")
        await shows(pilot, "There is nothing to send yet.")
        assert isinstance(pilot.app.screen, CommandDialog)


async def test_a_message_goes_to_the_selected_agent_only(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("tab", "tab", "j", "m", *"hello", "enter", "enter")
        await shows(pilot, "0 of 1 read")

    with db.reading() as tx:
        sent = reading.read_log(tx, 1).messages[0]
    assert (sent.sender, sent.recipient, sent.body) == (HUMAN, "auth", "hello")


async def test_enter_on_a_message_shows_all_of_it(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    messages.send(db, "web", "api", "first line\nsecond line " + "word " * 100 + "the end")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("enter")
        await shows(pilot, "Message 4", "second line", "the end")


async def test_what_was_not_reached_can_be_typed_again(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    with db.transaction() as tx:
        tx.execute("update deliveries set state = 'failed', reason = 'gone' where message_id = 1")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("n", "enter")
        await shows(pilot, "failed", "gone:")
        await pilot.press("r")
        await shows(pilot, "queued")


async def test_n_goes_to_what_needs_the_human_and_enter_answers_it(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.escalated(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("n", "enter")
        await shows(pilot, "what shall be done?")


@pytest.mark.parametrize("key", ["b", "m", "F", "A", "E"])
async def test_a_read_only_screen_refuses_every_act_and_says_so(
    db: Database, db_path: Path, clock: FakeClock, key: str
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await pilot.press(key)
        await shows(pilot, "READ-ONLY", "This screen is read-only")
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_a_read_only_screen_ends_no_lease(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)
    clock.forward(2000)

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await shows(pilot, "lease ran out")
        await until(pilot, lambda: pilot.app._background is not None, "its background thread runs")  # type: ignore[attr-defined]

    assert build.current(db).fixer == "billing"


async def test_the_dashboard_ends_a_lease_that_ran_out(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        clock.forward(2000)
        await shows(pilot, "BROKEN")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("F", "There is no fixer"),
        ("E", "The build is passing"),
        ("r", "No escalation waits"),
        ("n", "Nothing needs you"),
    ],
)
async def test_what_makes_no_sense_now_says_why(
    db: Database, db_path: Path, clock: FakeClock, key: str, words: str
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press(key)
        await shows(pilot, words)


async def test_a_jump_to_an_agent_without_a_pane_says_so(db: Database, db_path: Path, clock: FakeClock) -> None:
    roster.join(db, "solo", "agent", None)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("o")
        await shows(pilot, "solo has no tmux pane")


async def test_a_jump_to_a_server_that_is_gone_says_so(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("o")
        await shows(pilot, "No tmux server is running")


async def test_q_leaves_only_from_the_root(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("F", "q")
        assert pilot.app.is_running and isinstance(pilot.app.screen, CommandDialog)
        await pilot.press("escape", "q")
        await until(pilot, lambda: pilot.app._exit, "the app leaves")


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_the_help_names_every_action_of_the_registry(
    db: Database, db_path: Path, clock: FakeClock, key: str
) -> None:
    async with dashboard(db_path, clock) as pilot:
        await pilot.press(key)
        await shows(pilot, "Take the role from the fixer", "Answer an escalation", "All keys")


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_finds_an_action_by_its_name(db: Database, db_path: Path, clock: FakeClock, key: str) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press(key, *"escalate")
        await shows(pilot, "Escalate (E)")
        await pilot.press("down", "enter")
        await shows(pilot, "Make this build your question?")


async def test_a_key_on_the_bottom_line_can_be_clicked(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.click("KeyBar", offset=(text(pilot).splitlines()[-1].index("force-release"), 0))
        await shows(pilot, "Take the role from the fixer?")


async def test_an_answer_goes_to_who_asked_in_the_thread_of_the_question(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    question, _ = messages.send(db, "web", "api", "Half up or half even?", MessageType.QUESTION)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("enter")
        await shows(pilot, "Half up or half even?", "0 of 1 read")
        await pilot.press("a", *"even", "enter", "enter")
        await shows(pilot, f"Message {question + 1}", f"in thread {question}")

    with db.reading() as tx:
        said = reading.read_log(tx, 1).messages[0]
    assert (said.sender, said.recipient, said.type, said.reply_to) == (HUMAN, "web", MessageType.ANSWER, question)


async def test_a_key_is_not_lost_while_the_message_is_read(
    db: Database, db_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.fixing(db, clock)
    may_read, read = threading.Event(), message_pages.read_message
    monkeypatch.setattr(message_pages, "read_message", lambda db, message: may_read.wait(20) and read(db, message))

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("k", "enter", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, MessageDetailsDialog), "the message is open")
        may_read.set()
        await shows(pilot, "Answer to message")


async def test_what_did_not_fail_is_not_typed_again(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("k", "enter", "r")
        await shows(pilot, "Nothing of this message failed.")


async def test_it_is_said_when_nobody_can_be_typed_to_again(db: Database, db_path: Path, clock: FakeClock) -> None:
    roster.join(db, "web", "agent", None)
    messages.send(db, HUMAN, "web", "hello")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("enter", "r")
        await shows(pilot, "Nothing was changed: no agent that")


async def test_a_read_only_screen_answers_nobody(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock, read_only=True) as pilot:
        await pilot.press("enter")
        await shows(pilot, "Message 3")
        await pilot.press("a")
        await shows(pilot, "This screen is read-only")


async def test_t_in_the_details_leaves_only_the_thread(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    question, _ = messages.send(db, "web", "api", "Half up or half even?", MessageType.QUESTION)
    messages.send(db, "docs", "all", "something else")
    messages.send(db, "api", "web", "Even.", MessageType.ANSWER, reply_to=question)

    async with dashboard(db_path, clock) as pilot:
        log = pilot.app.screen.query_one(MessageLog)
        await pilot.press("enter")
        await shows(pilot, f"in thread {question}")
        await pilot.press("t")
        await until(pilot, lambda: log.count() == 2, "only the thread is left")
        await shows(pilot, "Half up or half even?", "Even.")
        await pilot.press("escape")
        await until(pilot, lambda: log.count() == 6, "everything is there again")
