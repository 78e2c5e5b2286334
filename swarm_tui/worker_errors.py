"""Shows what went wrong in a worker: it is reported to the screen that started it, and otherwise stays unseen."""

from typing import Any

from textual.app import App
from textual.worker import Worker, WorkerState

from swarm_agents.errors import SwarmError
from swarm_agents.text import one_line

SHOWN_S = 15.0  # long enough to read what to do about it


def show_error(app: App[Any], event: Worker.StateChanged) -> None:
    error = event.worker.error
    if event.state is not WorkerState.ERROR or error is None:
        return
    text = error.message if isinstance(error, SwarmError) else f"A bug in swarm-tui: {one_line(repr(error), 300)}"
    app.notify(text, severity="error", timeout=SHOWN_S, markup=False)
