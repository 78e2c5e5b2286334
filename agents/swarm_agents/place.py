"""Where the swarm is: its database, and the repository whose configuration holds."""

import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents import git
from swarm_agents.config import FILE, Config, load
from swarm_agents.errors import NoSwarm


class Place(NamedTuple):
    """`root` is the working tree we are in, or None outside of one; `main_root` the one the repository began with."""

    database: Path
    root: Path | None
    main_root: Path | None = None

    def config(self) -> Config:
        """The working tree's swarm.toml, else that of the repository's main working tree. Raises `BadConfig`."""
        own = self.root is not None and (self.root / FILE).exists()
        return load(self.root if own else self.main_root)


def find() -> Place:
    """`SWARM_DB`, else the common git directory, which all worktrees share. Raises `NoSwarm` outside a repository."""
    repository = git.repository(Path.cwd())
    chosen = os.environ.get("SWARM_DB")
    if repository is None:
        if chosen:
            return Place(Path(chosen).expanduser().absolute(), None)
        raise NoSwarm("Not in a git repository, and SWARM_DB is not set.", next="git init && swarm init")
    database = Path(chosen).expanduser().absolute() if chosen else repository.common_dir / "swarm" / "swarm.db"
    main_root = repository.common_dir.parent if repository.common_dir.name == ".git" else None
    return Place(database, repository.root, main_root)
