"""Copies, compares and restores files and links to the byte, with their modes and without git's filters."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path


def copy_file(source: Path, target: Path) -> None:
    """Copy a file or a link. Nothing for what is missing, and for a folder: a submodule is never touched."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if source.is_symlink() or not source.is_dir():
            shutil.copy2(source, target, follow_symlinks=False)


def read_raw(path: Path) -> tuple[int, bytes] | None:
    """The mode and content of a file or link; None for a folder, and for what is missing."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return mode, os.fsencode(os.readlink(path))
        return None if stat.S_ISDIR(mode) else (mode, path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_same_file(there: Path, kept: Path) -> bool:
    """Whether the file is the one that was kept, or has its content."""
    try:
        if os.path.samestat(there.lstat(), kept.lstat()):
            return True
        return read_raw(there) == read_raw(kept)
    except OSError:
        return False


def restore_file(root: Path, path: str, kept: Path, half: Path) -> None:
    """Make the file what was kept of it, which may be nothing. `half` is where it is copied to before its rename."""
    there = root / path
    wanted = read_raw(kept)
    if wanted == read_raw(there):
        return
    if wanted is None:
        there.unlink()
        return
    there.parent.mkdir(parents=True, exist_ok=True)
    half.unlink(missing_ok=True)
    shutil.copy2(kept, half, follow_symlinks=False)
    try:
        half.replace(there)
    except OSError as error:
        if error.errno != errno.EXDEV:  # the git directory is on another file system
            raise
        there.unlink(missing_ok=True)
        shutil.copy2(kept, there, follow_symlinks=False)


def is_blocked(root: Path, path: str) -> bool:
    """Whether an untracked file or folder lies where a tracked file was, so that restoring that one would delete it."""
    there = root / path
    if there.is_dir() and not there.is_symlink():
        return not (there / ".git").exists()
    parents = [root / parent for parent in Path(path).parents if parent.name]
    return any(os.path.lexists(parent) and (parent.is_symlink() or not parent.is_dir()) for parent in parents)


def list_folders(path: str) -> list[str]:
    """The folders in which this path lies, the nearest first."""
    found = []
    while path := path.rpartition("/")[0]:
        found.append(path)
    return found
