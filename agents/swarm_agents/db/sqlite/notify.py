"""Tells other processes of this host that something was committed.

A datagram for each process that listens. It is a hint: whoever is woken looks into the database, and whoever missed
it looks anyway a little later. Watching files instead would be worse: events of the database's own files come too early
or never, and there are 128 watchers for a user, while a swarm may wait with more.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import socket

# What needs a module of its own imports it late: a verb that only reads must start in the time of bare Python.

_BIND_TRIES = 100  # each lost to another process that left at the very same moment
_SOCKET_PATH_LIMIT = 100  # bytes; the system's limit is 107 on Linux and 103 on macOS


class Bell:
    """The bell of one database."""

    def __init__(self, database: Path) -> None:
        self._beside = self.folder = Path(f"{database}-bell")
        if len(os.fsencode(self._beside)) > _SOCKET_PATH_LIMIT - len("/w-4194304-00000000"):
            import hashlib
            import tempfile

            name = hashlib.sha256(os.fsencode(database)).hexdigest()[:16]
            self.folder = Path(tempfile.gettempdir()) / f"swarm-{os.getuid()}-{name}"

    def ring(self) -> None:
        """Wake everybody who listens. Never fails: a lost ring costs them their poll interval."""
        with contextlib.suppress(OSError):
            listeners = [name for name in os.listdir(self.folder) if name.startswith("w-")]
            if listeners:
                self._poke_all(listeners)

    @contextmanager
    def listener(self) -> Iterator["Listener"]:
        """A place in the circle of those who are woken. Enter it before you look, or a wake-up can be lost."""
        import socket

        path = self.folder / f"w-{os.getpid()}-{os.urandom(4).hex()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.setblocking(False)
            self._bind(receiver, path)
            try:
                yield Listener(receiver)
            finally:
                path.unlink(missing_ok=True)
                self._tidy_up()

    def _poke_all(self, listeners: list[str]) -> None:
        import socket

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for name in listeners:
                _poke(sender, self.folder / name)

    def _bind(self, receiver: "socket", path: Path) -> None:
        for _ in range(_BIND_TRIES):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # tidied up by another one in between
                return receiver.bind(os.fspath(path))
        raise FileNotFoundError(f"{self.folder} is taken away again and again")

    def _tidy_up(self) -> None:
        """The last listener takes a folder in the system's temporary one away with it."""
        if self.folder != self._beside:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


class Listener:
    def __init__(self, receiver: "socket") -> None:
        self._receiver = receiver

    def wait(self, limit_s: float) -> bool:
        """Sleep until the bell rings, or for `limit_s`; whether it rang. Rings in between are folded into one."""
        import select

        ready, _, _ = select.select([self._receiver], [], [], max(0.0, limit_s))
        with contextlib.suppress(BlockingIOError):
            while ready:
                self._receiver.recv(1)
        return bool(ready)


def _poke(sender: "socket", address: Path) -> None:
    try:
        sender.sendto(b"!", os.fspath(address))
    except ConnectionRefusedError:
        address.unlink(missing_ok=True)  # its process was killed
    except (BlockingIOError, FileNotFoundError):
        pass  # full: already pending; missing: just left
