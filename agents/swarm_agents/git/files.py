"""Lists the files that differ between the working tree, the index and the commit that is checked out."""

from __future__ import annotations

import os
from pathlib import Path

from swarm_agents.git.refs import read_head
from swarm_agents.git.run import Folder, run_git, run_git_or_raise
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


def list_only_here(root: Path) -> list[str]:
    """What lies in the working tree and in no commit: files, and folders with a slash, untracked or ignored."""
    status = run_git(["status", "--porcelain", "-z", "--untracked-files=normal", "--ignored=traditional"], root)
    return [line[3:] for line in status.stdout.split("\0") if line.startswith(("?? ", "!! "))]


def list_changed(root: Path) -> list[str]:
    """Tracked files that differ from the commit that is checked out, staged or not."""
    against = ["HEAD"] if read_head(root) else ["--cached"]
    return [name for name in run_git(["diff", "--name-only", "-z", *against], root).stdout.split("\0") if name]


def list_unmerged(root: Path) -> list[str]:
    """Files with an unresolved conflict."""
    listed = run_git(["ls-files", "--unmerged", "-z"], root).stdout.split("\0")  # runs no filter, which may be slow
    return list(dict.fromkeys(line.partition("\t")[2] for line in listed if line))


class TrackedFile(NamedTuple):
    """A tracked file that differs: `staged` from HEAD, `unstaged` from what is staged, which has the id `blob`.

    `mode` is its mode in the working tree and, for a submodule, how that differs.
    """

    staged: bool
    unstaged: bool
    blob: str
    mode: str


class WorkingTree(NamedTuple):
    """The commit that is checked out (None before the first one), and the tracked files that differ, by path."""

    head: str | None
    changes: dict[str, TrackedFile]

    @property
    def staged(self) -> list[str]:
        return [name for name, file in self.changes.items() if file.staged]

    @property
    def unstaged(self) -> list[str]:
        return [name for name, file in self.changes.items() if file.unstaged]


def read_working_tree(root: Folder, pathspec: Sequence[str] = ()) -> WorkingTree:
    """The working tree as it is now, by one git process; with a pathspec only the files that it names.

    The pathspec is read from `root`. Git compares contents: a file that was only written again, or whose line ends git
    converts, does not differ.
    """
    options = ["--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames"]
    status = run_git(["status", *options, *(("--", *pathspec) if pathspec else ())], root)
    head: str | None = None
    changes: dict[str, TrackedFile] = {}
    for line in status.stdout.split("\0"):
        if line.startswith("# branch.oid ") and not line.endswith("(initial)"):
            head = line.removeprefix("# branch.oid ")
        elif line.startswith("1 "):
            _, differs, submodule, _, _, mode, _, blob, name = line.split(" ", 8)
            changes[name] = TrackedFile(differs[0] != ".", differs[1] != ".", blob, f"{mode} {submodule}")
    return WorkingTree(head, changes)


def is_same_content(root: Path, path: str, before: bytes, after: bytes) -> bool:
    """Whether git would store the same for both contents of this file: filters and line ends are applied."""
    return _hash_as(root, path, before) == _hash_as(root, path, after)


def list_differing(root: Path, tree: str) -> set[str]:
    """The files in which this tree differs from the commit that is checked out; all of them before the first one."""
    command = ["diff-tree", "-r", "--name-only", "--no-renames", "-z", "HEAD", tree]
    if read_head(root) is None:
        command = ["ls-tree", "-r", "--name-only", "--full-tree", "-z", tree]
    return {name for name in run_git_or_raise(command, root).split("\0") if name}


def list_changed_in(pathspec: Sequence[str]) -> tuple[str, ...]:
    """Tracked files with changes, staged or not, that this pathspec names. It is read from the current folder."""
    return tuple(read_working_tree(os.getcwd(), pathspec).changes)


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


def _hash_as(root: Path, path: str, content: bytes) -> str:
    text = content.decode("utf-8", errors="surrogateescape")
    return run_git(["hash-object", "--stdin", f"--path={path}"], root, request=text).stdout.strip()
