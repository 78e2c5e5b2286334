"""Where a file really is: links are followed inside the place that it belongs to, and refused where they lead out."""

from __future__ import annotations

import os
import stat

from swarm_agents.errors import CannotWrite, UsageError

_SIZE_LIMIT = 4_000_000  # bytes; settings are a few thousand


def find_target(path: str, base: str) -> str:
    """The path behind all links. Raises `UsageError` where that is outside of `base`, or no plain file."""
    real, inside = os.path.realpath(path), os.path.realpath(base)
    if real != inside and not real.startswith(inside.rstrip("/") + "/"):
        raise UsageError(
            f"{path} is a link that leads out of {base}, to {real}. Nothing was changed. Replace the link by a file, "
            "or make that change by hand: '--print' shows it."
        )
    try:
        mode = os.stat(real).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return real
    except OSError as error:
        raise CannotWrite(f"Cannot read {path}: {error.strerror}.") from None
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is no plain file. Nothing was changed.")
    return real


def read(path: str) -> bytes | None:
    """The content of the file; None where there is none. Raises `CannotWrite`, since it cannot be changed unread."""
    try:
        with open(path, "rb") as file:
            content = file.read(_SIZE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CannotWrite(f"Cannot read {path}: {error.strerror}.") from None
    if len(content) > _SIZE_LIMIT:
        raise UsageError(f"{path} is larger than {_SIZE_LIMIT // 1_000_000} MB. Nothing was changed.")
    return content


def write(path: str, content: bytes, mode: int | None = None) -> None:
    """Write the file at once, by renaming, with the mode that it had. Raises `OSError`; then the file is as it was."""
    new = f"{path}.swarm-{os.getpid()}"
    try:
        kept = mode if mode is not None else stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        kept = None
    try:
        with open(new, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if kept is not None:
                os.fchmod(file.fileno(), kept)
        os.replace(new, path)
    except BaseException:
        if os.path.exists(new):
            os.unlink(new)
        raise


def list_missing_folders(path: str) -> list[str]:
    """The folders above that path which are not there."""
    missing = []
    while not os.path.lexists(path := os.path.dirname(path)):
        missing.append(path)
    return missing
