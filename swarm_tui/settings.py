"""What the dashboard was started with."""

from dataclasses import dataclass, field
from pathlib import Path

from swarm_agents.config.config import Config
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_tui.themes import DEFAULT


@dataclass(frozen=True)
class Settings:
    """Immutable, so every thread may read it."""

    database: Path
    config: Config = field(default_factory=Config)
    read_only: bool = False
    courier: bool = True
    theme: str = DEFAULT
    clock: Clock = host_clock

    def open_database(self) -> Database:
        """A connection of the caller's own: one is never shared between threads. Close it by `with`."""
        return Database(self.database, self.clock)
