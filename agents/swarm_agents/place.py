"""Finds the swarm's database and the repository whose configuration applies."""

import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents.config.config import FILE, Config, load
from swarm_agents.errors import NoSwarm


class Place(NamedTuple):
    """`root` is the current working tree, None outside of one; `main_root` the repository's main working tree."""

    database: Path
    root: Path | None
    main_root: Path | None = None
    git_dir: Path | None = None
    """The git directory of this worktree; set only in a git hook."""

    def config(self) -> Config:
        """The swarm.toml of this working tree, else of the main working tree. Raises `BadConfig`."""
        own = self.root is not None and (self.root / FILE).exists()
        return load(self.root if own else self.main_root)


def find() -> Place:
    """`SWARM_DB`, else the common git directory, which all worktrees share. Raises `NoSwarm` outside a repository."""
    from swarm_agents.git.repository import find_repository  # loads subprocess, which a git hook does without

    repository = find_repository(Path.cwd())
    if repository is None:
        if chosen := _chosen():
            return Place(chosen, None)
        raise NoSwarm("Not in a git repository, and SWARM_DB is not set.", next="git init && swarm init")
    return _of(repository.common_dir, repository.root)


def of_hook(git_dir: Path) -> Place:
    """The same in a git hook, which git starts at the top of the working tree or in the git directory."""
    from swarm_agents.git import directory  # only a git hook reads git's files itself

    here, own = Path.cwd(), git_dir.resolve()
    within = own in (here, *here.parents)
    return _of(directory.common(own).resolve(), None if within else here)._replace(git_dir=own)


def _of(common_dir: Path, root: Path | None) -> Place:
    main_root = common_dir.parent if common_dir.name == ".git" else None
    return Place(_chosen() or common_dir / "swarm" / "swarm.db", root, main_root)


def _chosen() -> Path | None:
    chosen = os.environ.get("SWARM_DB")
    return Path(chosen).expanduser().absolute() if chosen else None
