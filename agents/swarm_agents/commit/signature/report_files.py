"""Which reports of tests lie in a tree, and which of them a run wrote. Apart from what reads them: commits load it."""

from __future__ import annotations

import os

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    Stamps = dict[Path, tuple[int, int, int]]

_MOST_FILES = 2_000  # Surefire and Gradle write one for each class


def stamp_reports(root: Path, path: str | None) -> Stamps:
    """The reports that lie there, each with what changes when it is written. Without a path there are none."""
    if path is None:
        return {}
    files = sorted(root.glob(path))[:_MOST_FILES] if "*" in path else [root / path]
    return {file: stamp for file in files if (stamp := _stamp(file))}


def list_written(root: Path, path: str, before: Stamps) -> list[Path]:
    """The reports that were written since `before`; what lay there is of an earlier run."""
    return [file for file, stamp in stamp_reports(root, path).items() if before.get(file) != stamp]


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
