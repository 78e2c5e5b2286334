"""The log file beside the database: errors, warnings and, with SWARM_DEBUG, what was done. Results never go here.

`logging` is slow to load, so that only a line to write loads it: most verbs write none.
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

LIMIT_BYTES = 1_000_000  # then the file becomes `.1`, and the `.1` before is removed
LINE_LIMIT = 4_000  # characters: a line is one write, so that lines of several processes do not mix

_ERROR, _WARNING, _INFO, _DEBUG = 40, 30, 20, 10  # the numbers of `logging`


def log_path(database: str | os.PathLike[str]) -> Path:
    return Path(f"{database}.log")


def is_debugging() -> bool:
    """Whether SWARM_DEBUG is set."""
    return os.environ.get("SWARM_DEBUG", "") not in ("", "0")


def error(database: str | os.PathLike[str], text: str) -> None:
    """Log a failure that a person should know of. Like the others here, raises nothing."""
    _write(database, _ERROR, text)


def warning(database: str | os.PathLike[str], text: str) -> None:
    _write(database, _WARNING, text)


def info(database: str | os.PathLike[str], text: str) -> None:
    _write(database, _INFO, text)


def debug(database: str | os.PathLike[str], text: str) -> None:
    """Log what was done, with SWARM_DEBUG only; costs nothing without."""
    if is_debugging():
        _write(database, _DEBUG, text)


def copy_to_stderr(database: str | os.PathLike[str]) -> None:
    """With SWARM_DEBUG, write every line to standard error too. Not for the dashboard, which draws there."""
    if is_debugging():
        import logging  # 4 ms, and most verbs log nothing

        logger = _logger(database)
        if not any(type(handler) is logging.StreamHandler for handler in logger.handlers):
            _add(logger, logging.StreamHandler(sys.stderr))


def capture_libraries(database: str | os.PathLike[str]) -> None:
    """Write what libraries log, from warnings on, into this log, so that it does not reach the screen."""
    import logging  # 4 ms, and most verbs log nothing

    root = logging.getLogger()
    if not root.handlers:
        _add(root, _file_handler(database))


def _write(database: str | os.PathLike[str], level: int, text: str) -> None:
    _logger(database).log(level, "%s", text)


def _logger(database: str | os.PathLike[str]) -> "Logger":
    import logging  # 4 ms, and most verbs log nothing

    logger = logging.getLogger(f"swarm {database}")
    if not logger.handlers:
        _add(logger, _file_handler(database))
        logger.setLevel(_DEBUG if is_debugging() else _INFO)
        logger.propagate = False
    return logger


def _add(logger: "Logger", handler: "Handler") -> None:
    import logging  # 4 ms, and most verbs log nothing

    class LineFormatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"
            return one_line(f"{at} {record.levelname} {record.process} {record.getMessage()}", LINE_LIMIT)

    handler.setFormatter(LineFormatter())
    logger.addHandler(handler)


def _file_handler(database: str | os.PathLike[str]) -> "Handler":
    import logging  # 4 ms, and most verbs log nothing

    class LogFileHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # The disk is full, or the folder may not be written: the caller's own work goes on.
            with contextlib.suppress(OSError):
                append_line(log_path(database), self.format(record))

    return LogFileHandler()


def append_line(path: Path, line: str) -> None:
    """Add a line to a log that other processes write to at the same time; one of them rotates it when it is full."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(log, line.encode(errors="replace") + b"\n")
        if os.fstat(log).st_size >= LIMIT_BYTES:
            _rotate(path, log)
    finally:
        os.close(log)


def _rotate(path: Path, log: int) -> None:
    # The lock is on the full file: the second process finds that it was renamed already. No process waits for the lock,
    # and a line that is added meanwhile lands in the old file.
    with contextlib.suppress(OSError):
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.stat(path).st_ino == os.fstat(log).st_ino:
            os.rename(path, f"{path}.1")
