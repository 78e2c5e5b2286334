"""Notifies other processes of this host that a transaction committed.

Each subscriber binds a datagram socket in one folder, and a commit sends a datagram to every socket there. It is a
hint: a subscriber reads the database when one arrives, and also after its own time-out, in case one was lost.
Watching the database's files instead would be worse: events of the files come too early or never, and a user may have
only 128 watchers, while more agents than that may wait in one swarm. `watch/` watches them as well, for programs that
send no notification.
"""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager

from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator
    from pathlib import Path

    from swarm_agents.system.waker import Waker

_BIND_TRIES = 100  # each lost to a subscriber that removed the folder at the same moment
_SOCKET_PATH_LIMIT = 100  # bytes; the system's limit is 107 on Linux and 103 on macOS


class ChangeNotifier:
    """Sends and receives the commit notifications of one database."""

    def __init__(self, database: str | os.PathLike[str]) -> None:
        self._beside = self._folder = f"{os.fspath(database)}-bell"
        if len(os.fsencode(self._beside)) > _SOCKET_PATH_LIMIT - len("/w-4194304-00000000"):
            import hashlib  # only a database deep in the file system needs another folder
            import tempfile  # likewise

            name = hashlib.sha256(os.fsencode(database)).hexdigest()[:16]
            self._folder = os.path.join(tempfile.gettempdir(), f"swarm-{os.getuid()}-{name}")

    @property
    def folder(self) -> Path:
        """Where the sockets are."""
        from pathlib import Path  # no verb asks for it

        return Path(self._folder)

    def notify(self) -> None:
        """Wake every subscriber. Never fails: a lost notification costs a subscriber its time-out."""
        with contextlib.suppress(OSError):
            names = [name for name in os.listdir(self._folder) if name.startswith("w-")]
            if names:
                self._send_to_all(names)

    @contextmanager
    def subscribe(self) -> Iterator[ChangeSubscription]:
        """Subscribe to commit notifications. Subscribe before reading the database, or one may be missed."""
        path = os.path.join(self._folder, f"w-{os.getpid()}-{os.urandom(4).hex()}")
        with contextlib.closing(_open_socket()) as receiver:
            self._bind(receiver, path)
            try:
                yield ChangeSubscription(receiver)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                self._remove_temporary_folder()

    def _send_to_all(self, names: list[str]) -> None:
        with contextlib.closing(_open_socket()) as sender:
            for name in names:
                _send(sender, os.path.join(self._folder, name))

    def _bind(self, receiver: socket, path: str) -> None:
        for _ in range(_BIND_TRIES):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another subscriber removed the folder in between
                return receiver.bind(path)
        raise FileNotFoundError(f"{self._folder} was removed {_BIND_TRIES} times while binding a socket in it")

    def _remove_temporary_folder(self) -> None:
        """Remove the folder with its last subscriber, unless it lies beside the database."""
        if self._folder != self._beside:
            with contextlib.suppress(OSError):
                os.rmdir(self._folder)


class ChangeSubscription:
    def __init__(self, receiver: socket) -> None:
        self._receiver = receiver

    def wait(self, limit_s: float, waker: Waker | None = None) -> bool:
        """Sleep until a commit, at most `limit_s`; whether there was one. Several since the last wait count as one.

        `waker` ends the sleep, too.
        """
        import select  # only a process that waits needs it

        receivers: list[socket | Waker] = [self._receiver] if waker is None else [self._receiver, waker]
        ready, _, _ = select.select(receivers, [], [], max(0.0, limit_s))
        if waker in ready and waker is not None:
            waker.clear()
        committed = self._receiver in ready
        with contextlib.suppress(BlockingIOError):
            while committed:
                self._receiver.recv(1)
        return committed


def _open_socket() -> socket:
    from _socket import AF_UNIX, SOCK_DGRAM, socket  # `socket` makes enums of all its constants first

    opened = socket(AF_UNIX, SOCK_DGRAM)
    opened.setblocking(False)
    return opened


def _send(sender: socket, address: str) -> None:
    try:
        sender.sendto(b"!", address)
    except ConnectionRefusedError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)  # its process was killed
    except (BlockingIOError, FileNotFoundError):
        pass  # its buffer is full, so it will wake anyway; or it has just left
