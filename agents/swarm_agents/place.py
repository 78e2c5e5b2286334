"""Where the swarm is: its database, and the repository whose configuration holds."""

import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents import git
from swarm_agents.config import FILE, Config, load
from swarm_agents.errors import NoSwarm


class Place(NamedTuple):
    """`root` is the working tree we are in, or None outside of one."""

    database: Path
    root: Path | None

    def config(self) -> Config:
        """The working tree's swarm.toml, else that of the repository's main working tree. Raises `BadConfig`."""
        if self.root and not (self.root / FILE).exists():
            return load(git.main_worktree(self.root))
        return load(self.root)


def find() -> Place:
    """`SWARM_DB`, else the common git directory, which all worktrees share. Raises `NoSwarm` outside a repository."""
    repository = git.repository(Path.cwd())
    chosen = os.environ.get("SWARM_DB")
    if chosen:
        return Place(Path(chosen).expanduser().absolute(), repository.root if repository else None)
    if repository is None:
        raise NoSwarm("Not in a git repository, and SWARM_DB is not set.", next="git init && swarm init")
    return Place(repository.common_dir / "swarm" / "swarm.db", repository.root)
