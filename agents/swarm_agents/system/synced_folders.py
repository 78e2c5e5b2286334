"""Tells which program keeps a folder in step with other machines: Dropbox, iCloud, OneDrive, Syncthing and the like."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

# What those programs leave in the folder that they synchronise. (`.dropbox` is also the name of settings at home.)
_MARKS = (
    (".stfolder", "Syncthing"),
    (".dropbox.cache", "Dropbox"),
    (".sync_*.db", "Nextcloud or ownCloud"),
    ("._sync_*.db", "Nextcloud or ownCloud"),
    (".owncloudsync.log", "ownCloud"),
    (".nextcloudsync.log", "Nextcloud"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
    (".tmp.drivedownload", "Google Drive"),
)
_NAMES = (
    ("Mobile Documents", "iCloud"),
    ("CloudStorage", "a cloud service"),
    ("Dropbox", "Dropbox"),
    ("OneDrive", "OneDrive"),
    ("Google Drive", "Google Drive"),
    ("GoogleDrive", "Google Drive"),
)


def find_program(folder: Path) -> str | None:
    """The program, by the marks that it leaves and by the names of folders; None where nothing tells of one."""
    for above in (folder, *folder.parents):
        for pattern, program in _MARKS:
            if _holds(above, pattern):
                return program
    for name, program in _NAMES:
        if any(part == name or part.startswith((f"{name} ", f"{name}-")) for part in folder.parts):
            return program
    return None


def _holds(folder: Path, pattern: str) -> bool:
    if "*" not in pattern:
        return os.path.lexists(folder / pattern)
    with contextlib.suppress(OSError):
        return next(folder.glob(pattern), None) is not None
    return False
