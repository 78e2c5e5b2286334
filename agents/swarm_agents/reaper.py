"""Ends leases that nobody will keep: those that ran out, and those of a fixer whose pane is certainly gone."""

from swarm_agents import build, locks, tasks
from swarm_agents.courier import Round
from swarm_agents.db.database import Database
from swarm_agents.model import Build

GRACE_S = 3.0  # a pane that is being respawned, or an agent that joins again from another one, is back by then


class Reaper:
    """Remembers since when the fixer's pane is missing. One for each process that makes rounds."""

    def __init__(self) -> None:
        self._missing: tuple[int, int] | None = None  # the fence of the lease, and the monotonic milliseconds

    def after(self, db: Database, done: Round) -> None:
        """Call it after every round of a courier, whether it leads or not."""
        build.reap(db)
        tasks.reap(db)
        locks.reap(db)
        with db.reading() as tx:
            now = build.state(tx)
        if now.fixer is not None and now.fixer in done.gone_agents:
            self._lose(db, now, now.fixer)
        elif now.fixer in done.living_agents:
            self._missing = None

    def _lose(self, db: Database, now: Build, fixer: str) -> None:
        mono_ms = db.moment().mono_ms
        if self._missing is None or self._missing[0] != now.fence:
            self._missing = (now.fence, mono_ms)
        elif mono_ms - self._missing[1] >= GRACE_S * 1000:
            build.lose_fixer(db, fixer, now.fence, "its tmux pane is gone")
            self._missing = None
