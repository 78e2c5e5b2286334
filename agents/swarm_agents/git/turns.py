"""Keeps apart what may not happen at once in a working tree: syncs, which put changes aside, and commits of them."""

from __future__ import annotations

import os

from swarm_agents.git.directory import find_git_dir
from swarm_agents.git.repository import worktree_git_dir
from swarm_agents.system import file_lock
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

LIMIT_S = 600  # for a check that takes long, and for a sync that loads much
_FILE = "swarm-turn"  # in the git directory of the worktree. The lock ends with its process, so none is left behind


def hold_for_sync(root: Path) -> AbstractContextManager[bool]:
    """Keep syncs and commits of other agents out of this working tree. Yields False when one does not end."""
    return _hold(root, shared=False)


def hold_for_commit(root: Path) -> AbstractContextManager[bool]:
    """Keep syncs of other agents out of this working tree. Yields False when one does not end."""
    return _hold(root, shared=True)


def _hold(root: Path, shared: bool) -> AbstractContextManager[bool]:
    git_dir = find_git_dir(os.fspath(root)) or worktree_git_dir(root)
    return file_lock.held(os.path.join(git_dir, _FILE), LIMIT_S, shared)
