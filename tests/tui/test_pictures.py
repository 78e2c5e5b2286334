"""The screen as pictures: golden files in screenshots/, byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from swarm_agents.db.database import Database
from swarm_agents.errors import DatabaseUnreadable
from swarm_agents.messages import reading
from swarm_agents.views.snapshot import SnapshotFailure
from swarm_tui.app import ViewChanged
from swarm_tui.dialogs.messages.broadcast import BroadcastDialog
from tests.support import scenes
from tests.support.app import dashboard, settled, shows
from tests.support.clock import FakeClock
from tests.support.pictures import drawn

pytestmark = [
    pytest.mark.anyio,
    # Warned of only while pictures are written: they are named for the README, not after their tests.
    pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot name"),
]

LARGE, USUAL, SMALL = (120, 40), (80, 24), (60, 16)
Scene = Callable[[Database, FakeClock], object]

SCENES: dict[str, Scene] = {
    "passing": scenes.passing,
    "broken": scenes.broken,
    "fixing": scenes.fixing,
    "escalated": scenes.escalated,
}


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES)
async def test_each_state_of_the_build_looks_as_in_its_picture(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion, scene: str, size: tuple[int, int]
) -> None:
    SCENES[scene](db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"{scene}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("name", "key", "words", "scene"),
    [("tasks", "4", "Locks 2", scenes.shared_out), ("deliveries", "d", "▸#", scenes.delivered)],
    ids=["tasks and locks", "deliveries"],
)
async def test_what_a_key_leads_to_looks_as_in_its_picture(
    db: Database,
    db_path: Path,
    clock: FakeClock,
    picture: SnapshotAssertion,
    size: tuple[int, int],
    name: str,
    key: str,
    words: str,
    scene: Scene,
) -> None:
    scene(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await pilot.press(key)
        await shows(pilot, words)
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("theme", ["swarm-light", "swarm-contrast"])
async def test_each_theme_looks_as_in_its_picture(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion, theme: str
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock, LARGE, theme=theme) as pilot:
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"fixing-{theme}")


async def test_without_colour_every_state_is_still_told(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock, USUAL) as pilot:
        await settled(pilot)
        assert drawn(pilot.app) == picture(name="fixing-no-color")


@pytest.mark.parametrize(
    ("name", "key", "scene"),
    [
        ("force-release", "F", scenes.fixing),
        ("assign", "A", scenes.fixing),
        ("escalate", "E", scenes.fixing),
        ("resolve", "r", scenes.escalated),
        ("unacknowledged", "r", scenes.unacknowledged),
        ("incident", "i", scenes.known_culprit),
        ("help", "question_mark", scenes.fixing),
    ],
)
@pytest.mark.parametrize("size", [LARGE, USUAL], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_dialog_looks_as_in_its_picture(
    db: Database,
    db_path: Path,
    clock: FakeClock,
    picture: SnapshotAssertion,
    name: str,
    key: str,
    scene: Scene,
    size: tuple[int, int],
) -> None:
    scene(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await pilot.press(key)
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"dialog-{name}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [LARGE, USUAL], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_who_gets_a_broadcast_looks_as_in_its_picture(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion, size: tuple[int, int]
) -> None:
    scenes.fixing(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await pilot.press("b")
        await settled(pilot)
        pilot.app.screen.post_message(
            BroadcastDialog.PanesSeen(
                {"api": None, "auth": "dialog", "billing": None, "search": "draft", "web": "shell"}
            )
        )
        await shows(pilot, "2 in a pane that waits")
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"dialog-broadcast-{size[0]}x{size[1]}")


async def test_what_became_of_a_broadcast_looks_as_in_its_picture(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion
) -> None:
    scenes.fixing(db, clock)
    async with dashboard(db_path, clock, LARGE) as pilot:
        await pilot.press("b", *"pause", "enter", "enter")
        await shows(pilot, "What became of it: 0 of 6 read")

        clock.forward(3)
        reading.read_inbox(db, "web")
        reading.read_inbox(db, "billing")
        await shows(pilot, "2 of 6 read")
        await settled(pilot)

        assert drawn(pilot.app) == picture(name="broadcast-result-120x40")


@pytest.mark.parametrize("size", [LARGE, USUAL], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_database_that_cannot_be_read_looks_as_in_its_picture(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion, size: tuple[int, int]
) -> None:
    scenes.fixing(db, clock)
    gone = DatabaseUnreadable(
        "The database was replaced or removed while it was open: /home/me/shop/.git/swarm/swarm.db. "
        "Run the command again."
    )

    async with dashboard(db_path, clock, size) as pilot:
        clock.forward(4)
        pilot.app.post_message(ViewChanged(SnapshotFailure(gone, clock.wall_ms)))
        await shows(pilot, "UNKNOWN")
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"unreadable-{size[0]}x{size[1]}")
