"""Pictures of what a human does about messages, tasks and locks: golden files in screenshots/, byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from swarm_agents.db.database import Database
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


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_all_that_can_need_a_human_looks_as_in_its_picture(
    db: Database, db_path: Path, clock: FakeClock, picture: SnapshotAssertion, size: tuple[int, int]
) -> None:
    scenes.all_that_needs_a_human(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        await shows(pilot, "Needs you 5")
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"attention-{size[0]}x{size[1]}")


@pytest.mark.parametrize(
    ("name", "keys", "scene", "words"),
    [
        ("reassign-task", ["4", "j", "A"], scenes.shared_out, "Give the task"),
        ("release-task", ["4", "j", "R"], scenes.shared_out, "Open the task again?"),
        ("force-release-lock", ["4", "F"], scenes.shared_out, "Take the lock"),
        ("task", ["4", "j", "enter"], scenes.shared_out, "What happened"),
        ("lock", ["4", "tab", "j", "enter"], scenes.shared_out, "What happened"),
        ("message", ["k", "enter"], scenes.fixing, "of 1 read"),
        ("answer", ["k", "enter", "a"], scenes.fixing, "Answer to message"),
    ],
)
@pytest.mark.parametrize("size", [LARGE, USUAL], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_dialog_looks_as_in_its_picture(
    db: Database,
    db_path: Path,
    clock: FakeClock,
    picture: SnapshotAssertion,
    name: str,
    keys: list[str],
    scene: Scene,
    words: str,
    size: tuple[int, int],
) -> None:
    scene(db, clock)

    async with dashboard(db_path, clock, size) as pilot:
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
            if key in ("4", "enter"):
                await shows(pilot, "Locks 2" if key == "4" else "closes")
        await shows(pilot, words)
        await settled(pilot)
        assert drawn(pilot.app) == picture(name=f"dialog-{name}-{size[0]}x{size[1]}")
