"""Notes in a file which processes work on something, so that another one can tell whether they still do."""

from __future__ import annotations

import os

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def note_processes(file: Path, *pids: int) -> None:
    """Note these processes in place of those that were noted before."""
    file.write_text("\n".join(f"{pid} {_read_start(pid)}" for pid in pids), encoding="ascii")


def is_any_alive(file: Path) -> bool:
    """Whether a process that was noted lives, as a command may when the process that had started it was killed."""
    try:
        lines = file.read_text(encoding="ascii").split("\n")
    except OSError:
        return False
    return any(_lives(*line.partition(" ")[::2]) for line in lines)


def _lives(pid: str, start: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, PermissionError, ValueError):  # ended, or another user's process has the number now
        return False
    return _read_start(int(pid)) == start


def _read_start(pid: int) -> str:
    """When the process began, in the kernel's own unit, and "ended" where it did; "" where no file tells it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            found = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return "ended" if found[0] == "Z" else found[19]
