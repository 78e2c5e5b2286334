"""Finds the swarm: its database and the files beside it, and the repository whose configuration applies."""

from __future__ import annotations

import os

from swarm_agents.errors import NoSwarm, Unavailable
from swarm_agents.git import directory
from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents.config import config
    from swarm_agents.config.config import Config
else:
    config = load_late("swarm_agents.config.config")


class Place(NamedTuple):
    """`root` is the current working tree, None outside of one; `main_root` the repository's main working tree.

    All are absolute, and text: `pathlib` takes longer than most verbs.
    """

    database: str
    root: str | None
    main_root: str | None = None
    git_dir: str | None = None
    """The git directory of this worktree, when the caller is a hook that has named it."""
    common_dir: str | None = None
    """The git directory that all worktrees share; None outside of a repository."""

    @property
    def commit_notes(self) -> str:
        """A folder for what git and its hooks note about commits under way; a folder in it for each."""
        return f"{self.database}-commits"

    @property
    def judged_trees(self) -> str:
        """A folder with an empty file for each tree that the pre-commit hook let by, see docs/decisions/0007.

        The hooks themselves make the name from the database's, as in gate/scripts.py.
        """
        return f"{self.database}-judged"

    def config(self) -> Config:
        """The swarm.toml of this working tree, else of the main working tree. Raises `BadConfig`."""
        return config.load_nearest(self.root, self.main_root)

    def config_files(self) -> tuple[str, ...]:
        """Every file whose change may be a change of `config`, whether it exists or not."""
        roots = dict.fromkeys(root for root in (self.root, self.main_root) if root is not None)
        return tuple(path for root in roots for path in config.list_files(root))


def find() -> Place:
    """From `SWARM_DB`, else in the git directory that all worktrees share. Raises `NoSwarm` outside a repository.

    Raises `Unavailable` where the working folder was removed and `SWARM_DB` does not say where the swarm is.
    """
    try:
        here = find_working_folder()
    except Unavailable:
        if chosen := _chosen():
            return Place(chosen, None)
        raise
    found = directory.find_worktree(here)
    if found is not None:
        return _place_in(found.common_dir, found.root)

    from pathlib import Path  # takes longer than most verbs, as `subprocess` does, which the next line loads

    from swarm_agents.git import repository  # only where the files leave a question

    asked = repository.find_repository(Path(here))
    if asked is None:
        if chosen := _chosen():
            return Place(chosen, None)
        raise NoSwarm("Not in a git repository, and SWARM_DB is not set.", next="git init && swarm init")
    return _place_in(str(asked.common_dir), None if asked.root is None else str(asked.root))


def find_for_hook(git_dir: str) -> Place:
    """The same without starting git, for a hook, which git runs at the top of the working tree or in `git_dir`."""
    here, own = find_working_folder(), os.path.realpath(git_dir)
    within = f"{here}/".startswith(f"{own}/")
    common_dir = os.path.realpath(directory.find_common_dir(own))
    return _place_in(common_dir, None if within else here)._replace(git_dir=own)


def find_working_folder() -> str:
    """The folder in which relative paths begin. Raises `Unavailable` when it was removed under this process."""
    try:
        return os.getcwd()
    except OSError:
        raise Unavailable(
            "The working folder was removed. Change to a folder of the repository, also where the same path exists "
            "again."
        ) from None


def make_absolute(path: str) -> str:
    """The path that a user typed, absolute. Raises `Unavailable` as `find_working_folder`."""
    path = os.path.expanduser(path)
    return os.path.normpath(path if os.path.isabs(path) else os.path.join(find_working_folder(), path))


def _place_in(common_dir: str, root: str | None) -> Place:
    main_root = os.path.dirname(common_dir) if os.path.basename(common_dir) == ".git" else None
    database = _chosen() or os.path.join(common_dir, "swarm", "swarm.db")
    return Place(database, root, main_root, common_dir=common_dir)


def _chosen() -> str | None:
    chosen = os.environ.get("SWARM_DB")
    return make_absolute(chosen) if chosen else None
