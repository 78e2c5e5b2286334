"""What the dashboard was started with."""

from dataclasses import dataclass
from pathlib import Path

from swarm_agents.config.config import Config
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.place import Place
from swarm_agents.watch.live_config import LiveConfig
from swarm_tui.themes import DEFAULT


@dataclass(frozen=True)
class Settings:
    """Every thread may read it: it is immutable, but for the configuration, which follows swarm.toml."""

    live_config: LiveConfig
    read_only: bool = False
    courier: bool = True
    theme: str = DEFAULT
    clock: Clock = host_clock

    @property
    def place(self) -> Place:
        return self.live_config.place

    @property
    def database(self) -> Path:
        return Path(self.place.database)

    @property
    def config(self) -> Config:
        """The configuration that is in effect."""
        return self.live_config.current

    def open_database(self) -> Database:
        """A connection of the caller's own: one is never shared between threads. Close it by `with`."""
        return Database(self.database, self.clock)
