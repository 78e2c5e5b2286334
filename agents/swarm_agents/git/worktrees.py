"""Throwaway working trees: the tree that a commit would have, and a clean checkout of any tree."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from swarm_agents.git.run import run_git, run_git_or_raise
from swarm_agents.system.subprocesses import undisturbed

_CHECK_FOLDER = "swarm-check-"  # how the folders of throwaway working trees begin
_OWNER = "owner"  # a file in them, locked by the process that uses the tree


def write_tree_to_commit(
    root: Path, everything: bool = False, pathspec: Sequence[str] = (), with_index: bool = False
) -> str | None:
    """The tree that a commit would have: of what is staged, with `everything` of all tracked changes too, with a
    `pathspec` of what that names alone, or `with_index`. None when git cannot say. The caller's index is not touched.
    """
    staged = run_git(["write-tree"], root).stdout.strip() or None
    if staged is None or (not everything and not pathspec):
        return staged
    if "--pathspec-from-file=-" in pathspec:
        return None  # git has read that to its end
    import tempfile  # costs every other verb ten milliseconds

    with tempfile.TemporaryDirectory(prefix="swarm-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        run_git(["read-tree", staged if everything or with_index else "HEAD"], root, index)
        if everything:
            run_git(["add", "-u"], root, index)
        else:
            run_git(["add", *pathspec], Path.cwd(), index)  # the paths are written from where the caller stands
        return run_git(["write-tree"], root, index).stdout.strip() or None


@contextmanager
def temporary_worktree(root: Path, tree: str) -> Iterator[Path]:
    """A throwaway working tree with exactly this content, outside of every other one; gone afterwards."""
    import tempfile  # only a verdict needs one

    identity = ["-c", "user.name=swarm", "-c", "user.email=swarm@localhost"]
    commit = run_git_or_raise([*identity, "commit-tree", tree, "-m", "swarm: a tree to check"], root)
    with tempfile.TemporaryDirectory(prefix=_CHECK_FOLDER, ignore_cleanup_errors=True) as folder, _owned(folder):
        _remove_abandoned_trees(root)
        where = Path(folder).resolve() / "tree"
        # No hook of the user's runs for a tree that is none of theirs.
        add = ["-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--quiet", "--detach", str(where), commit]
        try:
            with undisturbed():
                run_git_or_raise(add, root)
            yield where
        finally:
            with undisturbed():
                run_git(["worktree", "remove", "--force", "--force", str(where)], root)
                run_git(["worktree", "prune"], root)


@contextmanager
def _owned(folder: str) -> Iterator[None]:
    """Lock the folder as long as this process lives."""
    with open(Path(folder) / _OWNER, "w", encoding="ascii") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        yield


def _remove_abandoned_trees(root: Path) -> None:
    """Those that a killed process could not remove."""
    import shutil

    listed = run_git(["worktree", "list", "--porcelain", "-z"], root).stdout.split("\0")
    trees = [Path(line.removeprefix("worktree ")) for line in listed if line.startswith("worktree ")]
    for tree in trees:
        if not tree.parent.name.startswith(_CHECK_FOLDER):
            continue
        with contextlib.suppress(OSError), open(tree.parent / _OWNER, "r+", encoding="ascii") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            run_git(["worktree", "remove", "--force", "--force", str(tree)], root)
            shutil.rmtree(tree.parent, ignore_errors=True)
