"""What each file was before we changed it and after: for taking our entries out to the last byte, and as a backup.

For a project they are in the working tree's git directory, for a user in the folder of state; only the user can read
them.
"""

from __future__ import annotations

import contextlib
import json
import os
from urllib.parse import quote

from swarm_agents.host_setup import places

_FOLDERS = "folders.json"


class Records:
    """The records of the files below `base`, in a folder that is made when the first one is written."""

    def __init__(self, folder: str, base: str) -> None:
        self.folder = folder
        self.base = os.path.realpath(base)

    def find_before(self, path: str, current: bytes) -> tuple[bool, bytes | None]:
        """Whether the file is just as we left it; and what it was when we came, None if there was none."""
        return places.read(self._name(path, "after")) == current, self.read_before(path)

    def read_before(self, path: str) -> bytes | None:
        return places.read(self._name(path, "before"))

    def did_make(self, path: str) -> bool:
        """Whether we have made that file."""
        return os.path.exists(self._name(path, "after")) and not os.path.exists(self._name(path, "before"))

    def keep_backup(self, path: str, content: bytes) -> None:
        self._write(self._name(path, "backup"), content)

    def note_change(self, path: str, before: bytes | None, after: bytes) -> None:
        if before is None:
            _remove(self._name(path, "before"))
        else:
            self._write(self._name(path, "before"), before)
        self._write(self._name(path, "after"), after)

    def forget(self, path: str) -> None:
        for kind in ("before", "after"):
            _remove(self._name(path, kind))

    def note_folders(self, made: list[str]) -> None:
        if made:
            self._write(self._folders, json.dumps([*self._read_folders(), *made]).encode())

    def remove_empty_folders(self) -> None:
        """Remove the folders that we made and that are empty now."""
        left = []
        for folder in sorted(self._read_folders(), key=len, reverse=True):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                continue
            except OSError:  # there is something in it
                left.append(folder)
        if left:
            self._write(self._folders, json.dumps(left).encode())
        else:
            _remove(self._folders)

    @property
    def _folders(self) -> str:
        return os.path.join(self.folder, _FOLDERS)

    def _read_folders(self) -> list[str]:
        try:
            found: list[str] = json.loads(places.read(self._folders) or b"[]")
        except ValueError:  # half written: then the folders stay
            return []
        return found

    def _name(self, path: str, kind: str) -> str:
        name = quote(os.path.relpath(path, self.base), safe="")  # relative: a repository may be moved
        if len(name) > 200:  # a name in a folder may have 255 bytes
            import hashlib  # only for long paths

            name = name[-150:] + hashlib.sha256(path.encode(errors="surrogateescape")).hexdigest()[:40]
        return os.path.join(self.folder, f"{name}.{kind}")

    def _write(self, path: str, content: bytes) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        places.write(path, content, 0o600)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
