"""The thread that works while the dashboard is open: runs the background loop, and posts what it tells."""

import threading
from collections.abc import Callable

from textual.message import Message

from swarm_agents.errors import BadConfig, SwarmError
from swarm_agents.watch.loop import BackgroundLoop
from swarm_tui.settings import Settings


class BackgroundFailed(Message):
    """The background loop had to stop its work; it tries again by itself."""

    def __init__(self, error: SwarmError) -> None:
        super().__init__()
        self.error = error


class ConfigRead(Message):
    """swarm.toml was read again. With an error, the configuration before it goes on."""

    def __init__(self, error: BadConfig | None) -> None:
        super().__init__()
        self.error = error


class BackgroundThread(threading.Thread):
    """A daemon thread: the program never waits for tmux.

    Its messages go to `post`; `look` is called when the database may have changed without a notification. Both are
    called from threads of the loop.
    """

    def __init__(self, settings: Settings, post: Callable[[Message], None], look: Callable[[], None]) -> None:
        super().__init__(name="background", daemon=True)
        self._post = post
        self._look = look
        self._loop = BackgroundLoop(
            settings.live_config, self, acts=not settings.read_only, types=settings.courier, clock=settings.clock
        )

    def mark_escalations_shown(self) -> None:
        """Every open escalation was painted on the screen of a human who may act."""
        self._loop.mark_escalations_shown()

    def stop(self) -> None:
        self._loop.stop()

    def run(self) -> None:
        self._loop.run()

    # What the loop tells, see `LoopListener`.

    def on_failure(self, error: SwarmError) -> None:
        self._post(BackgroundFailed(error))

    def on_database_written(self) -> None:
        self._look()

    def on_config_read(self, error: BadConfig | None) -> None:
        self._post(ConfigRead(error))
