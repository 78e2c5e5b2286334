"""Finds the operation of git that is in progress in a working tree: a merge, a rebase, a bisect and so on."""

from __future__ import annotations

import os

from swarm_agents.git.run import run_git
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Operation(NamedTuple):
    """`name` as in `git NAME`; `abort` and `go_on` are the commands that undo and continue it."""

    name: str
    abort: str
    go_on: str


_MERGE = Operation("merge", "git merge --abort", "git commit")
_BISECT = Operation("bisect", "git bisect reset", "git bisect good|bad|skip")


def _of_sequencer(name: str) -> Operation:
    return Operation(name, f"git {name} --abort", f"git {name} --continue")


# Files of a worktree's git directory, the one that tells most first: a rebase leaves CHERRY_PICK_HEAD at a conflict.
_SIGNS = (
    ("rebase-merge", _of_sequencer("rebase")),
    ("rebase-apply/applying", _of_sequencer("am")),
    ("rebase-apply", _of_sequencer("rebase")),
    ("MERGE_HEAD", _MERGE),
    ("CHERRY_PICK_HEAD", _of_sequencer("cherry-pick")),
    ("REVERT_HEAD", _of_sequencer("revert")),
    ("BISECT_LOG", _BISECT),
)


def find_operation(git_dir: Path) -> Operation | None:
    """The operation in progress in the worktree with this git directory; None without one."""
    for sign, operation in _SIGNS:
        if (git_dir / sign).exists():
            return operation
    return _find_sequence(git_dir) or _find_in_ref_table(git_dir)


def _find_sequence(git_dir: Path) -> Operation | None:
    """A cherry-pick or revert of several commits, between two of them."""
    try:
        todo = (git_dir / "sequencer" / "todo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return _of_sequencer("revert" if todo.startswith("revert") else "cherry-pick")


def _find_in_ref_table(git_dir: Path) -> Operation | None:
    """With refs in a table, CHERRY_PICK_HEAD and REVERT_HEAD are no files."""
    if not (git_dir / "reftable").exists():
        return None
    for ref, name in (("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert")):
        if run_git(["--git-dir", os.fspath(git_dir), "rev-parse", "--verify", "--quiet", ref], git_dir).stdout.strip():
            return _of_sequencer(name)
    return None
