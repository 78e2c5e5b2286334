"""Lists the files that differ between the working tree, the index and the commit that is checked out."""

from __future__ import annotations

import os
from pathlib import Path

from swarm_agents.git.refs import read_head
from swarm_agents.git.run import Folder, run_git
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


def list_unstaged(root: Path) -> list[str]:
    """Tracked files of the working tree that differ from what is staged."""
    return [name for name in run_git(["diff", "--name-only", "-z"], root).stdout.split("\0") if name]


def list_untracked(root: Path) -> list[str]:
    """Files that git neither tracks nor ignores."""
    listed = run_git(["ls-files", "--others", "--exclude-standard", "-z"], root).stdout
    return [name for name in listed.split("\0") if name]


def list_changed(root: Path) -> list[str]:
    """Tracked files that differ from the commit that is checked out, staged or not."""
    against = ["HEAD"] if read_head(root) else ["--cached"]
    return [name for name in run_git(["diff", "--name-only", "-z", *against], root).stdout.split("\0") if name]


def list_unmerged(root: Path) -> list[str]:
    """Files with an unresolved conflict."""
    names = run_git(["diff", "--name-only", "--diff-filter=U", "-z"], root).stdout.split("\0")
    return [name for name in names if name]


class WorkingTree(NamedTuple):
    """The commit that is checked out (None before the first one), the files with staged and with unstaged changes."""

    head: str | None
    staged: tuple[str, ...]
    unstaged: tuple[str, ...]


def read_working_tree(root: Folder, pathspec: Sequence[str] = ()) -> WorkingTree:
    """The working tree as it is now, by one git process; with a pathspec only the files that it names.

    The pathspec is read from `root`.
    """
    options = ["--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames"]
    status = run_git(["status", *options, *(("--", *pathspec) if pathspec else ())], root)
    head: str | None = None
    staged: list[str] = []
    unstaged: list[str] = []
    for line in status.stdout.split("\0"):
        if line.startswith("# branch.oid ") and not line.endswith("(initial)"):
            head = line.removeprefix("# branch.oid ")
        elif line.startswith("1 "):
            name = line.split(" ", 8)[8]
            staged += [name] if line[2] != "." else []
            unstaged += [name] if line[3] != "." else []
    return WorkingTree(head, tuple(staged), tuple(unstaged))


def list_changed_in(pathspec: Sequence[str]) -> tuple[str, ...]:
    """Tracked files with changes, staged or not, that this pathspec names. It is read from the current folder."""
    found = read_working_tree(os.getcwd(), pathspec)
    return (*found.staged, *found.unstaged)


def unquote_path(written: str) -> str:
    """A path as git writes it in lists: in double quotes, with escapes, where it holds unusual bytes."""
    if len(written) < 2 or written[0] != '"' or written[-1] != '"':
        return written
    return os.fsdecode(written[1:-1].encode(errors="surrogateescape").decode("unicode_escape").encode("latin-1"))


def fingerprint_unstaged(root: Path, paths: list[str]) -> str:
    """A hash of what these files (without paths: all tracked ones) differ in from the index."""
    import hashlib  # takes a millisecond, and only a verdict on a dirty tree needs it

    changes = run_git(["diff", "--no-ext-diff", "--no-color", "--binary", "--", *paths], root).stdout
    return hashlib.sha256(changes.encode(errors="surrogateescape")).hexdigest()
