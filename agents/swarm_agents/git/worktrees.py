"""Writes the tree that a commit would have, and checks out any tree in a temporary working tree."""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from pathlib import Path

from swarm_agents.git.run import run_git, run_git_or_raise
from swarm_agents.system.owned_folders import lock_abandoned_folder, lock_folder
from swarm_agents.system.subprocesses import defer_signals
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER_PREFIX = "swarm-check-"  # of the temporary folders that hold a working tree


def write_tree_to_commit(
    root: Path, everything: bool = False, pathspec: Sequence[str] = (), with_index: bool = False
) -> str | None:
    """Write the tree that a commit would have, and return its id; None when git cannot. The index stays as it is.

    The tree holds what is staged; with `everything` all tracked changes too; with a `pathspec` only what that names, or
    that and the index `with_index`.
    """
    staged = run_git(["write-tree"], root).stdout.strip() or None
    if staged is None or (not everything and not pathspec):
        return staged
    import tempfile  # takes ten milliseconds, and only a verdict needs it

    with tempfile.TemporaryDirectory(prefix="swarm-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        run_git(["read-tree", staged if everything or with_index else "HEAD"], root, index)
        if everything:
            run_git(["add", "-u"], root, index)
        else:
            run_git(["add", *pathspec], Path.cwd(), index)  # the paths are written from where the caller stands
        return run_git(["write-tree"], root, index).stdout.strip() or None


@contextmanager
def temporary_index(root: Path, tree: str | None) -> Iterator[Path | None]:
    """An index that holds this tree, for the time of the block; None, which means the usual one, without a tree."""
    if tree is None:
        yield None
        return
    import tempfile  # see above

    with tempfile.TemporaryDirectory(prefix="swarm-index-") as folder:
        index = Path(folder) / "index"
        at_index = {"GIT_INDEX_FILE": str(index)}
        run_git(["read-tree", tree], root, at_index)
        run_git(["update-index", "-q", "--refresh"], root, at_index)
        yield index


@contextmanager
def temporary_worktree(root: Path, tree: str) -> Iterator[Path]:
    """A working tree with exactly this content, outside of every other one; removed at the end of the block."""
    import tempfile  # takes ten milliseconds, and only a verdict needs it

    identity = ["-c", "user.name=swarm", "-c", "user.email=swarm@localhost"]
    commit = run_git_or_raise([*identity, "commit-tree", tree, "-m", "swarm: a tree to check"], root)
    with (
        tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX, ignore_cleanup_errors=True) as folder,
        lock_folder(Path(folder)),
    ):
        _remove_abandoned_trees(root)
        where = Path(folder).resolve() / "tree"
        # The user's hooks do not run for this tree.
        add = ["-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--quiet", "--detach", str(where), commit]
        try:
            with defer_signals():
                run_git_or_raise(add, root)
            yield where
        finally:
            with defer_signals():
                run_git(["worktree", "remove", "--force", "--force", str(where)], root)
                run_git(["worktree", "prune"], root)


def _remove_abandoned_trees(root: Path) -> None:
    """Remove the working trees of processes that were killed."""
    import shutil  # like tempfile

    listed = run_git(["worktree", "list", "--porcelain", "-z"], root).stdout.split("\0")
    trees = [Path(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree ")]
    for tree in trees:
        if not tree.parent.name.startswith(_FOLDER_PREFIX):
            continue
        with contextlib.suppress(OSError):  # its folder is gone already
            if lock := lock_abandoned_folder(tree.parent):
                with lock:
                    run_git(["worktree", "remove", "--force", "--force", str(tree)], root)
                    shutil.rmtree(tree.parent, ignore_errors=True)
