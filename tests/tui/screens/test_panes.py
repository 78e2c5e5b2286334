"""Screen 2: what each agent's pane shows, on real tmux servers."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_tui.screens.overview import OverviewScreen
from swarm_tui.screens.panes import PanesScreen
from swarm_tui.widgets.pane_preview import painted
from tests.support.app import dashboard, shows, text, until
from tests.support.clock import FakeClock
from tests.support.tmux import Tmux, private_server
from tests.support.until import until as wait_until

pytestmark = pytest.mark.anyio


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    with private_server() as server:
        yield server


async def test_it_shows_every_pane_and_the_screen_of_the_selected_one(
    db: Database, db_path: Path, clock: FakeClock, tmux: Tmux
) -> None:
    ann, bob = tmux.agent("ann"), tmux.agent("bob")
    roster.join(db, "ann", "agent", ann.pane)
    roster.join(db, "bob", "agent", bob.pane)
    roster.join(db, "cleo", "agent", None)
    os.kill(bob.pane.pane_pid, signal.SIGUSR1)
    wait_until(lambda: bob.shows("1. Yes"), "bob's dialog is open")

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("2")
        await shows(pilot, "Panes 2, 1 asks you", "● ann", "ready", "‼ bob", "asks you", "no pane", "Preview of ann")
        await pilot.press("j")
        await shows(pilot, "Preview of bob", "1. Yes")


async def test_what_a_pane_shows_is_followed(db: Database, db_path: Path, clock: FakeClock, tmux: Tmux) -> None:
    ann = tmux.agent("ann")
    roster.join(db, "ann", "agent", ann.pane)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("2")
        await shows(pilot, "ready")
        ann.keys("-l", "half a thought")
        await shows(pilot, "draft", "half a thought")
        tmux.run("kill-pane", "-t", ann.pane.pane_id)
        await shows(pilot, "Panes 1, 1 gone", "there is nothing to be seen")


async def test_a_frozen_server_is_no_answer_and_not_no_panes(
    db: Database, db_path: Path, clock: FakeClock, tmux: Tmux
) -> None:
    ann = tmux.agent("ann")
    roster.join(db, "ann", "agent", ann.pane)
    server = tmux.server_pid()

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("2")
        await shows(pilot, "ready")
        os.kill(server, signal.SIGSTOP)
        try:
            await shows(pilot, "? ann", "no answer")
        finally:
            os.kill(server, signal.SIGCONT)
        await shows(pilot, "● ann", "ready")


@pytest.mark.parametrize("key", ["1", "escape"])
async def test_one_goes_back_to_the_overview(db: Database, db_path: Path, clock: FakeClock, key: str) -> None:
    roster.join(db, "ann", "agent", None)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: isinstance(pilot.app.screen, PanesScreen), "screen 2 is there")
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen), "the overview is back")


async def test_a_message_goes_to_the_selected_agent(db: Database, db_path: Path, clock: FakeClock) -> None:
    roster.join(db, "ann", "agent", None)
    roster.join(db, "bob", "agent", None)

    async with dashboard(db_path, clock) as pilot:
        await pilot.press("2")
        await shows(pilot, "Panes 0", "bob")
        await pilot.press("j", "m")
        await shows(pilot, "bob", "inbox only: it has no tmux pane")
        assert "ann  " not in text(pilot).partition("Who gets it")[2]


@pytest.mark.parametrize(
    "row",
    [
        "\x1b]8;;http://evil\x07link\x1b]8;;\x07",
        "\x1b[2J\x1b[Hover",
        "a\x1b[1;31mred\x9b2Jb",
        "\x1b]0;title\x07x",
        "bell\x07",
        "[red]markup[/red]",
        "\u202eright to left",
        "\x1b[38;5;999mx\x1b[",
    ],
)
async def test_no_row_of_a_pane_holds_anything_that_a_terminal_obeys(row: str) -> None:
    shown = painted((row, "next"))

    assert all(line.plain.isprintable() and "\x1b" not in line.plain for line in shown)
    assert not any(span.style for line in shown for span in line.spans if "link" in str(span.style))
    assert len(shown) == 2


def test_a_picture_with_a_colour_for_each_cell_holds_up_nothing() -> None:
    picture = tuple("".join(f"\x1b[38;2;{x};{y};7mX" for x in range(200)) for y in range(60))

    began = time.process_time()
    shown = painted(picture)
    took_s = time.process_time() - began

    assert [line.plain for line in shown] == ["X" * 200] * 60
    assert took_s < 0.05
