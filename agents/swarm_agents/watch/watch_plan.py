"""Which files a background loop watches, what a change of each of them means, and in which folders they lie."""

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from swarm_agents.config.config import Config
from swarm_agents.git import directory
from swarm_agents.place import Place

FileState = tuple[int, int, int] | None
FileStates = dict[str, FileState]
FolderIdentity = tuple[int, int] | None


class FileSubject(StrEnum):
    """What has to be looked at again when a file changed."""

    DATABASE = "database"
    CONFIG = "config"
    BRANCH = "branch"


ALL_SUBJECTS = frozenset(FileSubject)


class WatchPlan(NamedTuple):
    """`files` by path. Events come by folder, because a file that is replaced takes its watch along."""

    files: Mapping[str, FileSubject]
    folders: Mapping[Path, FolderIdentity]
    """The folders that exist now, and how each was identified; another one in its place needs another watch."""
    awaited: frozenset[str]
    """Folders of files that do not exist yet, and those above them: when one appears, the plan is another one."""

    def find_subjects(self, paths: Iterable[str]) -> frozenset[FileSubject]:
        """What these changes mean; empty for files that belong to others."""
        return frozenset(self.files[path] for path in paths if path in self.files)

    def is_outdated_by(self, paths: Iterable[str]) -> bool:
        """Whether one of these paths is a folder that is watched, or is waited for."""
        return any(path in self.awaited or Path(path) in self.folders for path in paths)

    def find_replaced_folder(self) -> Path | None:
        """A folder that was removed, or whose place another one took."""
        return next((folder for folder, was in self.folders.items() if _identify(folder) != was), None)

    def read_states(self) -> FileStates:
        return {path: read_state(path) for path in self.files}


def make_plan(place: Place, config: Config) -> WatchPlan:
    files = {
        **dict.fromkeys(_with_targets([place.database, f"{place.database}-wal"]), FileSubject.DATABASE),
        **dict.fromkeys(_with_targets(place.config_files()), FileSubject.CONFIG),
    }
    if place.common_dir is not None:
        tip_files = directory.list_tip_files(place.common_dir, config.branch)
        files |= dict.fromkeys(_with_targets(tip_files), FileSubject.BRANCH)
    folders: dict[Path, FolderIdentity] = {}
    awaited: set[str] = set()
    for path in files:
        folder = Path(path).parent
        while (identity := _identify(folder)) is None and folder != folder.parent:
            awaited.add(os.fspath(folder))
            folder = folder.parent
        folders[folder] = identity
    return WatchPlan(files, folders, frozenset(awaited))


def read_state(path: str) -> FileState:
    """Inode, size and time of change; None when there is no such file, or it cannot be seen."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _identify(folder: Path) -> FolderIdentity:
    """Device and inode; None when there is no such folder, or it cannot be seen."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _with_targets(paths: Iterable[str]) -> list[str]:
    """The paths, and what they lead to where one of them is a link: only there events come."""
    return [each for path in paths for each in dict.fromkeys([path, os.path.realpath(path)])]
