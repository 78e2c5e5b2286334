"""Notifies other processes of this host that a transaction committed.

Each subscriber binds a datagram socket in one folder, and a commit sends a datagram to every socket there. It is a
hint: a subscriber reads the database when one arrives, and also after its own time-out, in case one was lost.
Watching the database's files instead would be worse: events of the files come too early or never, and a user may have
only 128 watchers, while more agents than that may wait in one swarm. `watch/` watches them as well, for programs that
send no notification.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import socket

    from swarm_agents.system.waker import Waker

_BIND_TRIES = 100  # each lost to a subscriber that removed the folder at the same moment
_SOCKET_PATH_LIMIT = 100  # bytes; the system's limit is 107 on Linux and 103 on macOS


class CommitNotifier:
    """Sends and receives the commit notifications of one database."""

    def __init__(self, database: Path) -> None:
        self._beside = self.folder = Path(f"{database}-bell")
        if len(os.fsencode(self._beside)) > _SOCKET_PATH_LIMIT - len("/w-4194304-00000000"):
            import hashlib  # only a database deep in the file system needs another folder
            import tempfile  # likewise

            name = hashlib.sha256(os.fsencode(database)).hexdigest()[:16]
            self.folder = Path(tempfile.gettempdir()) / f"swarm-{os.getuid()}-{name}"

    def notify(self) -> None:
        """Wake every subscriber. Never fails: a lost notification costs a subscriber its time-out."""
        with contextlib.suppress(OSError):
            names = [name for name in os.listdir(self.folder) if name.startswith("w-")]
            if names:
                self._send_to_all(names)

    @contextmanager
    def subscribe(self) -> Iterator["CommitSubscription"]:
        """Subscribe to commit notifications. Subscribe before reading the database, or one may be missed."""
        import socket  # a verb that does not wait does without it

        path = self.folder / f"w-{os.getpid()}-{os.urandom(4).hex()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.setblocking(False)
            self._bind(receiver, path)
            try:
                yield CommitSubscription(receiver)
            finally:
                path.unlink(missing_ok=True)
                self._remove_temporary_folder()

    def _send_to_all(self, names: list[str]) -> None:
        import socket  # a commit without subscribers does without it

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for name in names:
                _send(sender, self.folder / name)

    def _bind(self, receiver: "socket", path: Path) -> None:
        for _ in range(_BIND_TRIES):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another subscriber removed the folder in between
                return receiver.bind(os.fspath(path))
        raise FileNotFoundError(f"{self.folder} was removed {_BIND_TRIES} times while binding a socket in it")

    def _remove_temporary_folder(self) -> None:
        """Remove the folder with its last subscriber, unless it lies beside the database."""
        if self.folder != self._beside:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


class CommitSubscription:
    def __init__(self, receiver: "socket") -> None:
        self._receiver = receiver

    def wait(self, limit_s: float, waker: "Waker | None" = None) -> bool:
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


def _send(sender: "socket", address: Path) -> None:
    try:
        sender.sendto(b"!", os.fspath(address))
    except ConnectionRefusedError:
        address.unlink(missing_ok=True)  # its process was killed
    except (BlockingIOError, FileNotFoundError):
        pass  # its buffer is full, so it will wake anyway; or it has just left
