"""Saves what a working tree holds beyond its commit, before a command changes the tree, and restores it to the byte.

Until it is restored, the work is kept twice: as copies of the index and of each changed file in the git directory of
the worktree, and as a commit in the form of a stash under `SAVED_REF`, so that git keeps every blob of it. Files that
git does not track, or was told not to look at, are kept as links: git replaces those that it ignores without a
question, and in a sparse checkout any.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil

from swarm_agents.errors import CannotWrite, SwarmError, Unavailable
from swarm_agents.git.directory import SAVED_REF, SAVED_WORK
from swarm_agents.git.hidden_files import (
    HiddenFiles,
    keep_lost_files,
    link_hidden_files,
    list_lost_files,
    restore_hidden_files,
)
from swarm_agents.git.index import find_index, has_same_entries, install_index
from swarm_agents.git.on_work import IDENTITY, PATHS_FROM_STDIN, run_on_work, write_tree
from swarm_agents.git.operation import find_operation
from swarm_agents.git.raw_files import copy_file, is_blocked, list_folders, read_raw, restore_file
from swarm_agents.git.refs import read_branch, read_head
from swarm_agents.git.repository import worktree_git_dir
from swarm_agents.git.run import run_git, run_git_or_raise
from swarm_agents.system.noted_processes import note_processes
from swarm_agents.system.subprocesses import defer_signals
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEPT_REF = "refs/worktree/swarm-kept-"  # and the id: saved work that could not be restored, after its owner was told

_CARRIED = "index-carried"  # the index that the changes have on top of the commit that was brought in


class SavedWork(NamedTuple):
    """What was saved of a working tree at the commit `head` of `branch` (None: detached).

    `paths` are the changed files, `commit` holds them in the form of a stash; without changes it is None. `hidden` are
    the files that git does not track or does not look at. `aside`: the changes were taken out of the working tree.
    """

    folder: Path
    head: str
    branch: str | None
    commit: str | None
    paths: tuple[str, ...]
    hidden: HiddenFiles
    has_changed_submodule: bool
    aside: bool = False

    @property
    def users(self) -> Path:
        """The file that notes the processes which work while the changes are saved."""
        return self.folder / "users"


def save_work(root: Path) -> SavedWork:
    """Save everything, and change nothing. Raises `CannotWrite` or `Unavailable`, after which nothing is saved."""
    folder = worktree_git_dir(root) / SAVED_WORK
    head = read_head(root)
    if head is None:
        raise Unavailable("There is no commit yet.")
    shutil.rmtree(folder, ignore_errors=True)
    paths = _list_changed(root)
    try:
        (folder / "files").mkdir(parents=True, mode=0o700)
        (folder / "hidden").mkdir()
        shutil.copyfile(find_index(root), folder / "index")
        for number, path in enumerate(paths):
            copy_file(root / path, folder / "files" / str(number))
        hidden = link_hidden_files(root, folder / "hidden")
        commit = _make_stash(root, folder, head, paths) if paths else None
        saved = SavedWork(folder, head, read_branch(root), commit, paths, hidden, _has_changed_submodule(root))
        note_processes(saved.users, os.getpid())
        _write_state(saved)  # before the ref: a ref alone stands for changes that are no longer here
        if commit:
            run_git_or_raise(["update-ref", SAVED_REF, commit], root)
    except SwarmError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotWrite(f"Your changes could not be saved in {folder}: {error.strerror}.") from error
    return saved


def find_saved_work(root: Path) -> SavedWork | None:
    """The work that an interrupted command left saved; None without any.

    `paths` is empty when only the commit is left of it.
    """
    folder = worktree_git_dir(root) / SAVED_WORK
    try:
        state = json.loads((folder / "state").read_text(encoding="ascii"))
        state["paths"] = tuple(state["paths"])
        state["hidden"] = HiddenFiles(tuple(state["hidden"]), folder / "hidden")
        return SavedWork(folder, **state)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        pass  # there is none, or the process was killed while it saved, and had changed nothing
    if not (folder.parent / SAVED_REF).exists() and not (folder.parent / "reftable").exists():
        return None
    commit = run_git(["rev-parse", "--verify", "--quiet", SAVED_REF], root).stdout.strip()
    if not commit:
        return None
    hidden = HiddenFiles((), folder / "hidden")
    return SavedWork(folder, read_head(root) or "", read_branch(root), commit, (), hidden, False, aside=True)


def can_restore(root: Path, saved: SavedWork) -> bool:
    """Whether the index holds nothing that was staged since the changes were put aside."""
    restored = [saved.folder / name for name in ("index", _CARRIED) if (saved.folder / name).exists()]
    if not saved.paths or any(has_same_entries(root, index) for index in restored):
        return True
    return run_on_work(root, ["diff", "--cached", "--quiet", "HEAD"]).returncode == 0


def put_aside(root: Path, saved: SavedWork) -> SavedWork | None:
    """Take the saved changes out of the working tree and the index. None, and nothing is changed, where that would
    cost files that git does not track, or where the working tree has changed since it was saved.
    """
    if any(is_blocked(root, path) for path in saved.paths) or not _is_as_saved(root, saved):
        return None
    saved = saved._replace(aside=True)
    with defer_signals():
        _write_state(saved)
        done = run_on_work(root, ["restore", "--staged", "--worktree", "--source=HEAD", *PATHS_FROM_STDIN], saved.paths)
        if done.returncode != 0:
            _restore_files(root, saved, ())
            install_index(root, saved.folder / "index")
            return None
    return saved


def carry_over(root: Path, saved: SavedWork) -> tuple[str, ...]:
    """Restore the changes that were put aside, on top of the commit that is checked out now.

    A file that the commit did not change is restored to the byte, staged or not as before. Changes to one that it did
    change are merged. Returns the files in which that is impossible; then none is restored.
    """
    if not saved.paths:
        return _apply_commit(root, saved)
    head = read_head(root) or ""
    both = _list_changed_by_both(root, saved, head)
    edited = _list_edited(root, saved)
    with defer_signals():
        if edited:  # the edit stays, and so does what was there before
            _keep_commit(root, saved)
        if both and edited:
            return tuple(sorted(edited))
        if both:
            if run_on_work(root, ["stash", "apply", "--quiet", "--index", saved.commit or ""]).returncode != 0:
                _clear(root, saved)
                return both
            _restore_files(root, saved, set(both))
            run_on_work(
                root, ["add", "--intent-to-add", *PATHS_FROM_STDIN], list_intended(root, saved.folder / "index")
            )
            return ()
        index = saved.folder / _CARRIED
        shutil.copyfile(saved.folder / "index", index)
        carried = run_on_work(root, ["read-tree", "-i", "-m", saved.head, head], index=index)
        if carried.returncode != 0:
            return saved.paths
        _restore_files(root, saved, edited)
        install_index(root, index)
    return ()


def undo_changes(root: Path, saved: SavedWork) -> bool:
    """Make the working tree, the index and HEAD what they were when they were saved: True when they are.

    For after a command that failed, and only where no operation was in progress before it: one that is now is aborted.
    A file that was edited meanwhile is left as it is, and then the answer is False.
    """
    if _is_untouched(root, saved):
        return True
    with defer_signals():
        _write_state(saved._replace(aside=True))
        operation = find_operation(worktree_git_dir(root))
        if operation is not None:
            run_on_work(root, operation.abort.split()[1:])
        if read_branch(root) != saved.branch:
            where = ["--detach", saved.head] if saved.branch is None else [saved.branch.removeprefix("refs/heads/")]
            run_on_work(root, ["checkout", "--quiet", *where])
        if read_head(root) != saved.head:
            run_on_work(root, ["reset", "--quiet", "--keep", saved.head])
        if (read_branch(root), read_head(root)) != (saved.branch, saved.head):
            return False
        _restore_files(root, saved, {path for path in _list_edited(root, saved) if os.path.lexists(root / path)})
        restore_hidden_files(root, saved.hidden)
        if not has_same_entries(root, saved.folder / "index"):
            install_index(root, saved.folder / "index")
        missing = [path for path in _list_unstaged(root).difference(saved.paths) if not os.path.lexists(root / path)]
        if missing:
            run_on_work(root, ["checkout-index", "-z", "--stdin"], missing)
    return _is_untouched(root, saved)


def was_merged(root: Path, saved: SavedWork) -> bool:
    """Whether a saved file, or what was staged of it, is another one now: merged with what a command brought in."""
    if not saved.paths or saved.commit is None:
        return False
    now, before = (_list_entries(root, saved, index) for index in (None, saved.folder / "index"))
    return now != before or not _has_saved_files(root, saved)


def list_intended(root: Path, index: Path | None = None) -> tuple[str, ...]:
    """Files that are by intent only (`git add -N`) in the index, or in this copy of one."""
    listed = run_on_work(root, ["diff", "--name-only", "--diff-filter=A", "-z"], index=index).stdout
    return tuple(path for path in listed.split("\0") if path)


def keep_replaced_files(root: Path, saved: SavedWork) -> tuple[str | None, tuple[str, ...]]:
    """For after an interruption: restore hidden files that are gone, and keep those that git replaced in a commit.

    Returns that commit and the files in it; (None, ()) without any.
    """
    if saved.aside:
        restore_hidden_files(root, saved.hidden, replaced=False)
    return keep_lost_files(root, saved.hidden, KEPT_REF)


def discard(root: Path, saved: SavedWork, keep: bool = False) -> None:
    """Forget the saved work, as it is in the working tree again. With `keep`, a ref still has its commit."""
    with defer_signals():
        if keep:
            _keep_commit(root, saved)
        if saved.commit:
            run_git_or_raise(["update-ref", "-d", SAVED_REF], root)
        with contextlib.suppress(FileNotFoundError):
            (saved.folder / "state").unlink()
        shutil.rmtree(saved.folder, ignore_errors=True)


def _keep_commit(root: Path, saved: SavedWork) -> None:
    if saved.commit:
        run_git_or_raise(["update-ref", f"{KEPT_REF}{saved.commit[:10]}", saved.commit], root)


def _list_changed(root: Path) -> tuple[str, ...]:
    """Tracked files that differ between the commit, the index and the working tree."""
    compared = ["diff", "--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "-z"]
    found: dict[str, None] = {}
    for against in ([], ["--cached", "HEAD"], ["HEAD"]):
        listed = run_on_work(root, [*compared, *against])
        if listed.returncode != 0:
            raise Unavailable(f"'git diff' failed: {listed.stderr.strip()}")
        found |= dict.fromkeys(path for path in listed.stdout.split("\0") if path)
    return tuple(found)


def _list_unstaged(root: Path) -> set[str]:
    listed = run_on_work(root, ["diff", "--name-only", "--no-ext-diff", "--ignore-submodules=dirty", "-z"]).stdout
    return {path for path in listed.split("\0") if path}


def _list_edited(root: Path, saved: SavedWork) -> set[str]:
    """Saved files that were written again since: they differ from the index, or exist although git does not track them,
    and are not as they were saved.
    """
    differing = _list_unstaged(root)
    tracked = set(run_on_work(root, ["ls-files", "-z"]).stdout.split("\0"))
    return {
        path
        for number, path in enumerate(saved.paths)
        if path in differing or (path not in tracked and os.path.lexists(root / path))
        if read_raw(root / path) != read_raw(saved.folder / "files" / str(number))
    }


def _list_changed_by_both(root: Path, saved: SavedWork, head: str) -> tuple[str, ...]:
    """Saved files that the new commit changes too, or where it has a folder for a file or a file for a folder."""
    listed = run_on_work(root, ["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", saved.head, head]).stdout
    changed = {path for path in listed.split("\0") if path}
    taken = changed.union(*(list_folders(path) for path in changed))
    return tuple(sorted(path for path in saved.paths if path in taken or not changed.isdisjoint(list_folders(path))))


def _has_changed_submodule(root: Path) -> bool:
    """Whether anything is uncommitted in a submodule, or it stands at another commit than the one that is recorded."""
    listed = run_on_work(root, ["diff", "--raw", "--ignore-submodules=none", "HEAD"]).stdout.split("\n")
    return any("160000" in line.split()[:2] or line.startswith(":160000") for line in listed)


def _make_stash(root: Path, folder: Path, head: str, paths: Sequence[str]) -> str:
    """A commit in the form of a stash. `git stash create` itself refuses files added by intent."""
    index = folder / "index-stash"
    shutil.copyfile(folder / "index", index)
    staged = write_tree(root, index)
    added = run_on_work(root, ["update-index", "--add", "--remove", "-z", "--stdin"], paths, index)
    if added.returncode != 0:
        raise Unavailable(f"Your changes could not be saved: {added.stderr.strip()}")
    held = write_tree(root, index)
    index.unlink()
    note = "swarm: kept while the fix is brought in"
    beside = run_git_or_raise([*IDENTITY, "commit-tree", staged, "-p", head, "-m", note], root)
    return run_git_or_raise([*IDENTITY, "commit-tree", held, "-p", head, "-p", beside, "-m", note], root)


def _write_state(saved: SavedWork) -> None:
    state = saved._asdict()
    del state["folder"]
    state["hidden"] = saved.hidden.paths
    new = saved.folder / "state-new"
    new.write_text(json.dumps(state), encoding="ascii")
    new.replace(saved.folder / "state")


def _is_untouched(root: Path, saved: SavedWork) -> bool:
    """Whether HEAD, index and files are those that were saved, and no operation is in progress."""
    if (read_branch(root), read_head(root)) != (saved.branch, saved.head):
        return False
    in_progress = find_operation(worktree_git_dir(root))
    return in_progress is None and _is_as_saved(root, saved) and not list_lost_files(root, saved.hidden)


def _is_as_saved(root: Path, saved: SavedWork) -> bool:
    if not has_same_entries(root, saved.folder / "index") or set(_list_changed(root)) != set(saved.paths):
        return False
    return _has_saved_files(root, saved)


def _has_saved_files(root: Path, saved: SavedWork) -> bool:
    kept = [saved.folder / "files" / str(number) for number in range(len(saved.paths))]
    return all(read_raw(root / path) == read_raw(copy) for path, copy in zip(saved.paths, kept, strict=True))


def _list_entries(root: Path, saved: SavedWork, index: Path | None) -> set[str]:
    """The entries of the saved files in the index, or in a copy of it."""
    listed = run_on_work(root, ["ls-files", "--stage", "-z"], index=index).stdout.split("\0")
    return {entry for entry in listed if entry.partition("\t")[2] in saved.paths}


def _restore_files(root: Path, saved: SavedWork, leave: set[str] | tuple[()]) -> None:
    for number, path in enumerate(saved.paths):
        if path not in leave:
            restore_file(root, path, saved.folder / "files" / str(number), saved.folder / "restoring")


def _clear(root: Path, saved: SavedWork) -> None:
    """Take back what a `git stash apply` that conflicts did to the working tree, which was clean before."""
    run_on_work(root, ["restore", "--staged", "--worktree", "--source=HEAD", *PATHS_FROM_STDIN], saved.paths)


def _apply_commit(root: Path, saved: SavedWork) -> tuple[str, ...]:
    """Restore from the commit alone."""
    if not saved.commit:
        return ()
    with defer_signals():
        if run_on_work(root, ["stash", "apply", "--quiet", "--index", saved.commit]).returncode == 0:
            return ()
        listed = run_on_work(
            root, ["diff", "--name-only", "--no-renames", "-z", f"{saved.commit}^", saved.commit]
        ).stdout
        return tuple(path for path in listed.split("\0") if path)
