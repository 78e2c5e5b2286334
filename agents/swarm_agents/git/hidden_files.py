"""Keeps files that git does not track, or was told not to look at, while a command of the user's works on the tree.

Git replaces those that it ignores without a question, and in a sparse checkout any. A link costs nothing until then.
"""

from __future__ import annotations

import os

from swarm_agents.git.on_work import IDENTITY, LIMIT_S, run_on_work, write_tree
from swarm_agents.git.raw_files import copy_file, is_same_file, list_folders, restore_file
from swarm_agents.git.run import run_git, run_git_or_raise
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_MOST_FILES = 20_000  # links; more files than that are dependencies or builds, which can be made again


class HiddenFiles(NamedTuple):
    """The paths, and the folder that has a link to each of them by its number."""

    paths: tuple[str, ...]
    folder: Path


def link_hidden_files(root: Path, folder: Path) -> HiddenFiles:
    """Link each of them into the folder; copy it where it cannot be linked."""
    untracked = run_on_work(root, ["ls-files", "--others", "-z"]).stdout.split("\0")
    flagged = [
        line[2:] for line in run_on_work(root, ["ls-files", "-v", "-z"]).stdout.split("\0") if line[:1] in set("hSs")
    ]
    hidden = [path for path in (*flagged, *untracked) if path and os.path.lexists(root / path)][:_MOST_FILES]
    for number, path in enumerate(hidden):
        target = folder / str(number)
        try:
            os.link(root / path, target, follow_symlinks=False)
        except OSError:  # another file system, or one without links
            copy_file(root / path, target)
    return HiddenFiles(tuple(hidden), folder)


def list_lost_files(root: Path, files: HiddenFiles) -> tuple[str, ...]:
    """Files that git did not track or did not look at, and that what is checked out now has replaced.

    A file may be replaced by a folder too, and a folder by a file.
    """
    gone = [
        path for number, path in enumerate(files.paths) if not is_same_file(root / path, files.folder / str(number))
    ]
    if not gone:
        return ()
    tracked = set(run_on_work(root, ["ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD"]).stdout.split("\0"))
    taken = tracked.union(*(list_folders(path) for path in tracked))
    return tuple(path for path in gone if path in taken or not tracked.isdisjoint(list_folders(path)))


def restore_hidden_files(root: Path, files: HiddenFiles, replaced: bool = True) -> None:
    """Restore files that are gone, or that git `replaced` by those of its commit."""
    lost = list_lost_files(root, files) if replaced else ()
    for number, path in enumerate(files.paths):
        kept = files.folder / str(number)
        if os.path.lexists(kept) and (path in lost or not os.path.lexists(root / path)):
            restore_file(root, path, kept, files.folder / "restoring")


def keep_lost_files(root: Path, files: HiddenFiles, ref: str) -> tuple[str | None, tuple[str, ...]]:
    """Keep those that git replaced in a commit, under a ref of this name and the commit's id.

    Returns that commit and the files in it; (None, ()) without any.
    """
    lost = list_lost_files(root, files)
    if not lost:
        return None, ()
    index = files.folder / "index-lost"
    index.unlink(missing_ok=True)
    for number, path in enumerate(files.paths):
        if path in lost:
            _add_raw(root, path, files.folder / str(number), index)
    note = "swarm: files that a sync replaced when it was interrupted"
    commit = run_git_or_raise([*IDENTITY, "commit-tree", write_tree(root, index), "-m", note], root)
    run_git_or_raise(["update-ref", f"{ref}{commit[:10]}", commit], root)
    return commit, lost


def _add_raw(root: Path, path: str, kept: Path, index: Path) -> None:
    """Add a file or link to this index as it is, without filters."""
    if kept.is_symlink():
        mode, content, command = "120000", os.readlink(kept), ["hash-object", "-w", "--stdin"]
    else:
        mode, content = "100755" if os.access(kept, os.X_OK) else "100644", None
        command = ["hash-object", "-w", "--no-filters", "--", str(kept)]
    blob = run_git(command, root, request=content, limit_s=LIMIT_S).stdout.strip()
    run_on_work(root, ["update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}"], index=index)
