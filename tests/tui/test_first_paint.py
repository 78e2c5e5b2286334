"""The first paint: it has the swarm and its colours, and waits for nothing that it does without."""

import subprocess
import sys
from pathlib import Path

import pytest
from textual.app import App
from textual.color import Color

from swarm_agents.db.database import Database
from swarm_agents.views.snapshot_feed import SnapshotFeed
from swarm_tui.themes import LIGHT
from tests.support import scenes
from tests.support.app import dashboard, text
from tests.support.clock import FakeClock

# What opens a dialog or another screen, talks to tmux, or sets up a database loads it then.
LATER = (
    "swarm_tui.background",
    "swarm_tui.dialogs",
    "swarm_tui.palette",
    "swarm_tui.screens.panes",
    "swarm_tui.screens.work",
    "swarm_agents.courier",
    "swarm_agents.hosts",
    "swarm_agents.panes",
    "swarm_agents.watch.loop",
    "libtmux",
    "sqlite_utils",
)
PAINT_AND_TELL = """
import asyncio, sys
from pathlib import Path
from swarm_agents.config.config import Config
from swarm_agents.place import Place
from swarm_agents.views.snapshot_feed import SnapshotFeed
from swarm_agents.watch.live_config import LiveConfig
from swarm_tui.app import SwarmApp
from swarm_tui.settings import Settings

async def main():
    SnapshotFeed.start = lambda feed: None  # its first view starts the background loop
    async with SwarmApp(Settings(LiveConfig(Place(sys.argv[1], None), Config()))).run_test():
        print(*sys.modules)

asyncio.run(main())
"""


@pytest.mark.anyio
async def test_the_first_paint_has_the_swarm(
    db: Database, db_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.fixing(db, clock)
    monkeypatch.setattr(SnapshotFeed, "start", lambda feed: None)

    async with dashboard(db_path, clock) as pilot:
        assert "repairs it" in text(pilot)


@pytest.mark.anyio
async def test_the_first_paint_has_the_colours_of_its_theme(
    db: Database, db_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "refresh_css", lambda app, animate=True: None)

    async with dashboard(db_path, clock, theme=LIGHT.name) as pilot:
        assert pilot.app.screen.styles.background == Color.parse(LIGHT.background or "")


def test_the_first_paint_loads_only_what_it_shows(db: Database, db_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PAINT_AND_TELL, str(db_path)], capture_output=True, text=True, timeout=60
    )

    assert told.returncode == 0, told.stderr
    loaded = told.stdout.split()
    assert [name for name in loaded if name.startswith(LATER)] == []
    assert "swarm_tui.screens.overview" in loaded
