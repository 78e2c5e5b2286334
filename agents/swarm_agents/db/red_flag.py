"""The red flag: a file beside the database. While it is not there, the build is passing; while it is, ask.

It lets a git hook see in a shell's test, without starting Python, that nothing stands in a commit's way. It never
promises too much: it goes up before the transaction that turns the build red has ended, and comes down only under the
write lock, where a passing build cannot turn. A process killed in between leaves it up, which costs a question.
"""

import contextlib
import os
from pathlib import Path


class RedFlag:
    """The flag of one database."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}-red")

    def is_up(self) -> bool:
        return self.path.exists()

    def hoist(self) -> None:
        """Put it up, for good: also when the power goes the moment after. Inside the write transaction that is red."""
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def lower(self) -> None:
        """Take it down. Only inside a write transaction that has read that the build is passing."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
