"""A paste of several lines into each field: bodies keep the lines, other fields join them, and nothing is cut."""

from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from swarm_agents import events
from swarm_agents.db.database import Database
from swarm_agents.messages import messages, reading
from swarm_agents.model import MessageType
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.widgets.body_field import BodyField
from swarm_tui.widgets.line_field import LineField
from swarm_tui.widgets.message_log import MessageLog
from tests.support import scenes
from tests.support.app import dashboard, settled, shows, until
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)])


@SIZES
@pytest.mark.parametrize("keys", [["b"], ["tab", "tab", "j", "m"]], ids=["broadcast", "message"])
async def test_a_message_keeps_the_lines_that_are_pasted(
    db: Database, db_path: Path, clock: FakeClock, size: tuple[int, int], keys: list[str]
) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(pilot.app.focused, BodyField), "the field has the focus")
        await paste(pilot, "first line\r\n  second line\nlast y n q")
        await shows(pilot, "first line", "second line", "last y n q")
        await pilot.press("enter", "enter")
        await shows(pilot, "0 of ")

    assert last_body(db) == "first line\n  second line\nlast y n q"


async def test_an_answer_keeps_the_lines_that_are_pasted(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    messages.send(db, "web", "api", "Half up or half even?", MessageType.QUESTION)

    async with dashboard(db_path, clock, (80, 24)) as pilot:
        await pilot.press("enter")
        await shows(pilot, "Half up or half even?", "0 of 1 read")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.focused, BodyField), "the field has the focus")
        await paste(pilot, "even\nalways")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: last_body(db) == "even\nalways", "the answer is stored whole")


async def test_a_message_of_several_lines_can_be_typed(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("b", "o", "n", "e", "ctrl+j", "t", "w", "o", "enter", "enter")
        await shows(pilot, "0 of ")

    assert last_body(db) == "one\ntwo"


async def test_a_reason_has_all_that_is_pasted_on_one_line(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock, (80, 24)) as pilot:
        await pilot.press("F")
        pilot.app.screen.query_one(LineField).focus()
        await paste(pilot, "hung for\nan hour\r\n\tin the tests\n")
        await shows(pilot, "hung for an hour in the tests")
        await pilot.press("enter", "enter")
        await settled(pilot)
        await until(pilot, lambda: "hung for an hour in the tests" in last_details(db), "the reason is stored whole")


async def test_the_filter_and_the_palette_have_all_that_is_pasted(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(pilot.app.focused, LineField), "the filter has the focus")
        await paste(pilot, "from:web\nhello\n")
        assert pilot.app.screen.query_one("#filter", LineField).value == "from:web hello"
        await until(pilot, lambda: pilot.app.screen.query_one(MessageLog).words == "from:web hello", "it filters")
        await pilot.press("escape", "ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input), "the palette has the focus")
        await paste(pilot, "Make this\nbuild")
        assert isinstance(pilot.app.focused, Input) and pilot.app.focused.value == "Make this build"


async def test_what_was_copied_on_the_screen_is_joined_too(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock) as pilot:
        pilot.app.copy_to_clipboard("one\ntwo")
        await pilot.press("F")
        pilot.app.screen.query_one(LineField).focus()
        await pilot.press("ctrl+v")
        assert pilot.app.screen.query_one(LineField).value == "one two"


@pytest.mark.parametrize(("key", "field"), [("b", BodyField), ("F", LineField)])
async def test_a_text_over_the_limit_is_refused_in_words_and_stays(
    db: Database, db_path: Path, clock: FakeClock, key: str, field: type[BodyField | LineField]
) -> None:
    scenes.fixing(db, clock)
    before = last_body(db)

    async with dashboard(db_path, clock, (80, 24)) as pilot:
        await pilot.press(key)
        pilot.app.screen.query_one(field).focus()
        await paste(pilot, "x" * 10_241)
        await pilot.press("enter", "enter")
        await shows(pilot, "The text has 10241 bytes; 10240 are the limit")
        assert isinstance(pilot.app.screen, CommandDialog)
        assert pilot.app.screen.query_one(field).value == "x" * 10_241

    assert last_body(db) == before


async def paste(pilot: Pilot[None], text: str) -> None:
    pilot.app.post_message(Paste(text))
    await settled(pilot)


def last_body(db: Database) -> str:
    with db.reading() as tx:
        return reading.read_log(tx, 1).messages[0].body


def last_details(db: Database) -> str:
    with db.reading() as tx:
        return "\n".join(one.detail for one in events.list_after(tx, 0, 10_000))
