"""What a host hands to `swarm hook`, and whether it only says that a known session is alive.

After each event that was answered in full, a note beside the database says whose session it is and which events may be
passed over for some seconds: see docs/decisions/0017. Loads next to nothing.
"""

from __future__ import annotations

import os
import select
import stat
import time

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

FRESH_FOR_S = 10.0
LIMIT_BYTES = 32 * 1024 * 1024  # more is read to its end, for the host's sake, and dropped
_FIRST_BYTE_LIMIT_S = 3.0  # a host has written its event before it waits
_EVENT = b'"hook_event_name"'
_SESSION = b'"session_id"'
_SEPARATOR = b"\x1f"

_body: bytes | None = None


def read() -> bytes:
    """All of standard input, once. Empty where there is none: closed, a terminal, nothing written in time, or too long.

    Raises nothing.
    """
    global _body
    if _body is None:
        try:
            _body = _read_stdin()
        except (OSError, ValueError):
            _body = b""
    return _body


def says_only_alive(host: str) -> bool:
    """Whether nothing has to be done about this event. False in any doubt. Raises nothing."""
    try:
        body = read()
        event, session = _find_text(body, _EVENT), _find_text(body, _SESSION)
        path = _find_note(host, session)
        if not event or path is None or not 0 <= time.time() - os.stat(path).st_mtime < FRESH_FOR_S:
            return False
        with open(path, "rb") as file:
            quiet, telling = file.read(4096).split(b"\n")[:2]
        words = [word for word in telling.split(_SEPARATOR) if word]
        return event in quiet.split(_SEPARATOR) and not any(word in body for word in words)
    except (OSError, ValueError):
        return False


def write_note(database: str, host: str, session: str, quiet: Sequence[str], telling: Sequence[str]) -> None:
    """The session was answered in full just now. Raises `OSError`."""
    path = _make_note_path(database, host, session.encode())
    if path is None or not quiet:
        return
    if not os.path.isdir(os.path.dirname(path)):
        os.mkdir(os.path.dirname(path), 0o700)
    content = b"\n".join(_SEPARATOR.join(word.encode() for word in words) for words in (quiet, telling)) + b"\n"
    note = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(note, content)
    finally:
        os.close(note)


def remove_note(database: str, host: str, session: str) -> None:
    """The session's next event is answered in full. Raises `OSError`."""
    path = _make_note_path(database, host, session.encode())
    if path is not None and os.path.exists(path):
        os.unlink(path)


def remove_old_notes(database: str, older_than_s: float) -> None:
    """Remove the notes of sessions that ended without a word. Raises `OSError`."""
    folder = f"{database}-hooks"
    if os.path.isdir(folder):
        for entry in os.scandir(folder):
            if time.time() - entry.stat().st_mtime > older_than_s:
                os.unlink(entry.path)


def _read_stdin() -> bytes:
    mode = os.fstat(0).st_mode
    if stat.S_ISCHR(mode):  # a terminal, or /dev/null
        return b""
    if not select.select([0], [], [], _FIRST_BYTE_LIMIT_S)[0]:
        return b""
    parts: list[bytes] = []
    size = 0
    while part := os.read(0, 1 << 20):
        size += len(part)
        if size <= LIMIT_BYTES:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts)


def _find_text(body: bytes, key: bytes) -> bytes:
    """The text under this key, if the key stands there once. Within a text of JSON, backslashes would stand before its
    quotes.
    """
    _, found, after = body.partition(key)
    if not found or key in after:
        return b""
    after = after.lstrip()[1:].lstrip()
    text = after[1:200].partition(b'"')
    return text[0] if after[:1] == b'"' and text[1] and b"\\" not in text[0] else b""


def _find_note(host: str, session: bytes) -> str | None:
    database = os.environ.get("SWARM_DB") or _find_database(os.getcwd())
    return _make_note_path(database, host, session) if database else None


def _find_database(where: str) -> str | None:
    """Where the swarm of this folder keeps its database, as far as plain files tell."""
    while not os.path.lexists(git_dir := os.path.join(where, ".git")):
        above = os.path.dirname(where)
        if above == where:
            return None
        where = above
    if os.path.isfile(git_dir):  # a linked worktree
        with open(git_dir, encoding="utf-8") as file:
            git_dir = os.path.join(where, file.read().removeprefix("gitdir: ").rstrip("\n"))
        with open(os.path.join(git_dir, "commondir"), encoding="utf-8") as file:
            git_dir = os.path.join(git_dir, file.read().rstrip("\n"))
    return os.path.join(git_dir, "swarm", "swarm.db")


def _make_note_path(database: str, host: str, session: bytes) -> str | None:
    name = session.replace(b"-", b"x").replace(b"_", b"x")
    if not session or len(session) > 100 or not name.isalnum() or not host.isalnum():
        return None
    return f"{database}-hooks/{host}-{session.decode()}"
