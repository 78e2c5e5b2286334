"""Drives the dashboard in a test: starts it on a real database, waits until it shows something, reads its screen."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from textual.pilot import Pilot

from swarm_agents.config.config import Config
from swarm_agents.db.clock import Clock
from swarm_agents.place import Place
from swarm_agents.views.snapshot import Snapshot
from swarm_agents.watch.live_config import LiveConfig
from swarm_tui.app import SwarmApp
from swarm_tui.settings import Settings

LIMIT_S = 10.0
_STEP_S = 0.02


@asynccontextmanager
async def dashboard(
    database: Path,
    clock: Clock,
    size: tuple[int, int] = (120, 40),
    read_only: bool = False,
    theme: str = "swarm-dark",
    toasts: bool = True,
) -> AsyncIterator[Pilot[None]]:
    """A running dashboard that has seen the database once. It types into no pane."""
    live_config = LiveConfig(Place(str(database), None), Config())
    settings = Settings(live_config, read_only=read_only, courier=False, theme=theme, clock=clock)
    app = SwarmApp(settings)
    async with app.run_test(size=size, notifications=toasts) as pilot:
        await until(pilot, lambda: not app.screen.has_class("-reading"), "the first view is shown")
        yield pilot


async def until(pilot: Pilot[None], holds: Callable[[], object], what: str) -> None:
    """Let the app work until it holds. Fails with what was waited for."""
    for _ in range(int(LIMIT_S / _STEP_S)):
        await pilot.pause()
        if holds():
            return
        await pilot.pause(_STEP_S)
    raise AssertionError(f"waited {LIMIT_S:g} s in vain until {what}; the screen:\n{text(pilot)}")


async def shows(pilot: Pilot[None], *words: str) -> None:
    """Wait until all of the words are on the screen."""
    await until(pilot, lambda: all(word in text(pilot) for word in words), f"the screen shows {words}")


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is under way."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def text(pilot: Pilot[None]) -> str:
    """The text of the screen, line by line, dialogs and toasts on top."""
    width, height = pilot.app.size
    console = Console(width=width, height=height, file=io.StringIO(), record=True, color_system=None)
    console.print(pilot.app.screen._compositor.render_update(full=True, screen_stack=pilot.app._background_screens))
    return console.export_text()


def seen(pilot: Pilot[None]) -> Snapshot:
    """The snapshot that is on the screen."""
    view = pilot.app._view  # type: ignore[attr-defined]
    assert isinstance(view, Snapshot), view
    return view
