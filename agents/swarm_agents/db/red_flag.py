"""The red flag: a file beside the database that exists whenever the build is red.

It lets a git hook test in the shell, without starting Python, that nothing stops a commit. While the file is absent the
build is passing. While it exists the build may be red, and the hook asks the database: the file is created before the
transaction that turns the build red commits, and removed only in a transaction that has read that the build is passing.
A process killed in between leaves the file, which costs one question.
"""

from __future__ import annotations

import contextlib
import os


class RedFlag:
    """The flag of one database."""

    def __init__(self, database: str) -> None:
        self.path = f"{database}-red"

    def exists(self) -> bool:
        return os.path.exists(self.path)

    def create(self) -> None:
        """Create it, so that it also survives a power loss. Call it inside the write transaction that turns red."""
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        folder = os.open(os.path.dirname(self.path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Remove it. Call it only inside a write transaction that has read that the build is passing."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
