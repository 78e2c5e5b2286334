"""Stages the hunks that the user picks for one commit, and takes them back when the commit does not land."""

from __future__ import annotations

import shutil
from pathlib import Path

from swarm_agents.git.index import find_index, has_same_entries, install_index
from swarm_agents.system.subprocesses import run_on_terminal
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEFORE, _PICKED = "index-before", "index-picked"  # copies of the index, in the folder of the commit's notes


def pick_hunks(root: Path, notes: Path, arguments: Sequence[str]) -> None:
    """Let the user pick, with these arguments of `git add`. The index as it was is kept in `notes`."""
    index = find_index(root)
    if index.exists():
        shutil.copyfile(index, notes / _BEFORE)
    run_on_terminal(["git", "add", *arguments], Path.cwd())
    if index.exists():
        shutil.copyfile(index, notes / _PICKED)


def withdraw_hunks(root: Path, notes: Path) -> None:
    """Make the index what it was before, unless something else was staged since."""
    if (notes / _BEFORE).exists() and has_same_entries(root, notes / _PICKED):
        install_index(root, notes / _BEFORE)
