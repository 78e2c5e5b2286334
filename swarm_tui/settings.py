"""What the dashboard was started with."""

from dataclasses import dataclass, field
from pathlib import Path

from swarm_agents.config.config import Config
from swarm_tui.themes import DEFAULT


@dataclass(frozen=True)
class Settings:
    database: Path
    config: Config = field(default_factory=Config)
    read_only: bool = False
    courier: bool = True
    theme: str = DEFAULT
