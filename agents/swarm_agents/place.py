"""Finds the swarm: its database and the files beside it, and the repository whose configuration applies."""

import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents.config.config import FILE, Config, list_files, load
from swarm_agents.errors import NoSwarm


class Place(NamedTuple):
    """`root` is the current working tree, None outside of one; `main_root` the repository's main working tree."""

    database: Path
    root: Path | None
    main_root: Path | None = None
    git_dir: Path | None = None
    """The git directory of this worktree, when the caller is a hook that has named it."""
    common_dir: Path | None = None
    """The git directory that all worktrees share; None outside of a repository."""

    @property
    def commit_notes(self) -> Path:
        """A folder for what git and its hooks note about commits under way; a folder in it for each."""
        return self._beside_database("-commits")

    @property
    def judged_trees(self) -> Path:
        """A folder with an empty file for each tree that the pre-commit hook let by, see docs/decisions/0007.

        The hooks themselves make the name from the database's, as in gate/scripts.py.
        """
        return self._beside_database("-judged")

    def config(self) -> Config:
        """The swarm.toml of this working tree, else of the main working tree. Raises `BadConfig`."""
        own = self.root is not None and (self.root / FILE).exists()
        return load(self.root if own else self.main_root)

    def config_files(self) -> tuple[Path, ...]:
        """Every file whose change may be a change of `config`, whether it exists or not."""
        roots = dict.fromkeys(root for root in (self.root, self.main_root) if root is not None)
        return tuple(path for root in roots for path in list_files(root))

    def _beside_database(self, suffix: str) -> Path:
        return Path(f"{self.database}{suffix}")


def find() -> Place:
    """From `SWARM_DB`, else in the git directory that all worktrees share. Raises `NoSwarm` outside a repository."""
    from swarm_agents.git import repository  # loads subprocess, which a hook of the gate must not wait for

    found = repository.find_repository(Path.cwd())
    if found is None:
        if chosen := _chosen():
            return Place(chosen, None)
        raise NoSwarm("Not in a git repository, and SWARM_DB is not set.", next="git init && swarm init")
    return _place_in(found.common_dir, found.root)


def find_for_hook(git_dir: Path) -> Place:
    """The same without starting git, for a hook, which git runs at the top of the working tree or in `git_dir`."""
    from swarm_agents.git import directory  # only hooks need it

    here, own = Path.cwd(), git_dir.resolve()
    within = own in (here, *here.parents)
    return _place_in(directory.find_common_dir(own).resolve(), None if within else here)._replace(git_dir=own)


def _place_in(common_dir: Path, root: Path | None) -> Place:
    main_root = common_dir.parent if common_dir.name == ".git" else None
    return Place(_chosen() or common_dir / "swarm" / "swarm.db", root, main_root, common_dir=common_dir)


def _chosen() -> Path | None:
    chosen = os.environ.get("SWARM_DB")
    return Path(chosen).expanduser().absolute() if chosen else None
