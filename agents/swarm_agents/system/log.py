"""The log beside the database: what went wrong and, with SWARM_DEBUG, what was done. Results never go here.

Loads `logging` only when there is a line to write: most verbs have none, and their time is counted.
"""

import contextlib
import fcntl
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from swarm_agents.text import one_line

if TYPE_CHECKING:
    from logging import Handler, Logger

LIMIT_BYTES = 1_000_000  # then it becomes `.1`, and the one before is gone
LINE_LIMIT = 4_000  # characters: a line is written in one go, so that processes do not mix theirs

_ERROR, _WARNING, _INFO, _DEBUG = 40, 30, 20, 10  # the numbers of `logging`


def path_of(database: Path) -> Path:
    return Path(f"{database}.log")


def debugging() -> bool:
    return os.environ.get("SWARM_DEBUG", "") not in ("", "0")


def error(database: Path, text: str) -> None:
    """Something failed that a person should know of. Never raises: who logs has trouble enough."""
    _write(database, _ERROR, text)


def warning(database: Path, text: str) -> None:
    _write(database, _WARNING, text)


def info(database: Path, text: str) -> None:
    _write(database, _INFO, text)


def debug(database: Path, text: str) -> None:
    """Only with SWARM_DEBUG; costs nothing without."""
    if debugging():
        _write(database, _DEBUG, text)


def to_stderr(database: Path) -> None:
    """With SWARM_DEBUG, every line also goes to standard error. For commands only: a dashboard draws there."""
    if debugging():
        import logging

        logger = _logger(database)
        if not any(type(handler) is logging.StreamHandler for handler in logger.handlers):
            _add(logger, logging.StreamHandler(sys.stderr))


def take_foreign(database: Path) -> None:
    """What other libraries log goes here as well, from their warnings on, and never onto the screen."""
    import logging

    root = logging.getLogger()
    if not root.handlers:
        _add(root, _file_handler(database))


def _write(database: Path, level: int, text: str) -> None:
    _logger(database).log(level, "%s", text)


def _logger(database: Path) -> "Logger":
    import logging

    logger = logging.getLogger(f"swarm {database}")
    if not logger.handlers:
        _add(logger, _file_handler(database))
        logger.setLevel(_DEBUG if debugging() else _INFO)
        logger.propagate = False
    return logger


def _add(logger: "Logger", handler: "Handler") -> None:
    import logging

    class Line(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"
            return one_line(f"{at} {record.levelname} {record.process} {record.getMessage()}", LINE_LIMIT)

    handler.setFormatter(Line())
    logger.addHandler(handler)


def _file_handler(database: Path) -> "Handler":
    import logging

    class File(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # A full disk, a folder that may not be written: the caller's own work goes on.
            with contextlib.suppress(OSError):
                append(path_of(database), self.format(record))

    return File()


def append(path: Path, line: str) -> None:
    """Add a line to a log that others write to at the same time; one process makes room when it is full."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(log, line.encode(errors="replace") + b"\n")
        if os.fstat(log).st_size >= LIMIT_BYTES:
            _turn_over(path, log)
    finally:
        os.close(log)


def _turn_over(path: Path, log: int) -> None:
    # The lock is on the file that is full: who comes second finds it moved already. Nobody waits for it, and a line
    # that another process adds meanwhile lands in the old file.
    with contextlib.suppress(OSError):
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(log).st_ino:
            os.rename(path, f"{path}.1")
