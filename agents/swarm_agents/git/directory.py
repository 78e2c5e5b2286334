"""Reads the files of a git directory without starting git: for hooks, which git waits for, for every verb, and to know
what to watch.

What these files leave open is left to git.
"""

from __future__ import annotations

import contextlib
import os

from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# The folder and the ref of saved_work.py, named here because each commit looks whether they are there. The ref is of
# the worktree alone: all worktrees share the stash.
SAVED_WORK = "swarm-saved"
SAVED_REF = "refs/worktree/swarm-saved"

# With one of these git looks for its repository elsewhere, or in another way.
_DIRECTS_GIT = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
)


class Worktree(NamedTuple):
    """A working tree that is checked out. `common_dir` is the git directory that all worktrees share. Absolute."""

    root: str
    common_dir: str


def find_worktree(where: str) -> Worktree | None:
    """The working tree around `where`, whose path holds no link. None where only git can tell: then ask git."""
    if any(name in os.environ for name in _DIRECTS_GIT):
        return None
    try:
        root = _find_root(where)
        return _read_worktree(root) if root else None
    except OSError:
        return None


def find_git_dir(root: str) -> str | None:
    """The git directory of the working tree at `root` alone. None where only git can tell: then ask git."""
    if any(name in os.environ for name in _DIRECTS_GIT):
        return None
    dot_git = os.path.join(root, ".git")
    try:
        return dot_git if os.path.isdir(dot_git) else _read_link(root, dot_git)
    except OSError:
        return None


def find_common_dir(git_dir: str) -> str:
    """The git directory that all worktrees share."""
    try:
        return os.path.join(git_dir, _read(git_dir, "commondir"))
    except FileNotFoundError:
        return git_dir


def read_branch(git_dir: str | os.PathLike[str]) -> str | None:
    """The full name of the branch that is checked out, also before its first commit; None on a detached HEAD.

    Raises `LookupError` where HEAD is no plain file that names a branch; then ask git.
    """
    head = os.path.join(git_dir, "HEAD")
    if os.path.islink(head):
        raise LookupError(f"{head} is a link")
    content = _read(head)
    name = content.removeprefix("ref:").strip()
    if name == content:
        return None
    if name == "refs/heads/.invalid":  # git's mark for refs that are in a table, not in files
        raise LookupError(f"{head} names no branch")
    return name


def list_tip_files(common_dir: str, branch: str | None) -> list[str]:
    """Files of which one changes whenever the tip of the branch does; None for the branch that is checked out.

    Some of them do not exist: refs lie in files of their own, packed together, or in a table.
    """
    names = ["HEAD", "packed-refs", "reftable/tables.list"]
    if branch is not None:
        names += [branch] if branch.startswith("refs/") else [f"refs/heads/{branch}", f"refs/remotes/{branch}"]
    else:
        with contextlib.suppress(LookupError, OSError):  # in a table of refs, which is watched as a whole
            names += [read_branch(common_dir) or "HEAD"]
    return [os.path.join(common_dir, name) for name in dict.fromkeys(names)]


def _find_root(where: str) -> str | None:
    """The nearest folder with a `.git`. None at the end of the file system, and within a git directory."""
    device = os.stat(where).st_dev
    while not os.path.lexists(os.path.join(where, ".git")):
        where, below = os.path.dirname(where), where
        if where == below or os.path.exists(os.path.join(below, "HEAD")) or os.stat(where).st_dev != device:
            return None
    return where


def _read_worktree(root: str) -> Worktree | None:
    dot_git = os.path.join(root, ".git")
    git_dir = dot_git if os.path.isdir(dot_git) else _read_link(root, dot_git)
    common_dir = os.path.realpath(find_common_dir(git_dir))
    # Git refuses to trust what belongs to another user, and looks further when a folder is no git directory.
    if any(os.lstat(path).st_uid != os.geteuid() for path in (root, dot_git, git_dir)):
        return None
    if os.path.islink(dot_git) or not _is_git_directory(git_dir, common_dir):
        return None
    if any(_moves_worktree(settings) for settings in _read_settings(git_dir, common_dir)):
        return None
    return Worktree(root, common_dir)


def _read_link(root: str, dot_git: str) -> str:
    """The git directory that the file `.git` of a linked worktree or a submodule names."""
    return os.path.realpath(os.path.join(root, _read(dot_git).removeprefix("gitdir: ")))


def _is_git_directory(git_dir: str, common_dir: str) -> bool:
    head = _read(git_dir, "HEAD")
    names_commit = head.startswith("ref: refs/") or head.isalnum()
    return names_commit and all(os.path.isdir(os.path.join(common_dir, name)) for name in ("objects", "refs"))


def _read_settings(git_dir: str, common_dir: str) -> Iterator[str]:
    yield _read(common_dir, "config")
    if os.path.exists(os.path.join(git_dir, "config.worktree")):
        yield _read(git_dir, "config.worktree")


def _moves_worktree(settings: str) -> bool:
    """Whether `core.worktree` may be set there, or `core.bare`."""
    for line in settings.lower().split("\n"):
        key, _, value = line.partition("=")
        word = key.rpartition("]")[2].strip()
        if word == "worktree" or (word == "bare" and value.strip() != "false"):
            return True
    return False


def _read(*parts: str) -> str:
    with open(os.path.join(*parts), encoding="utf-8", errors="surrogateescape") as file:
        return file.read().rstrip("\n")
