"""Puts a performance on: builds the stage, plays, judges, and sees to it that nothing of it stays behind."""

import contextlib
import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from swarm_agents.db.database import Database
from swarm_agents.demo import requirements, stage, watchdog, world
from swarm_agents.demo.records import Seen
from swarm_agents.demo.scenario import Director
from swarm_agents.demo.world import World
from swarm_agents.model import Rules
from swarm_agents.panes import private

_LONGEST_SOCKET_FOLDER = 80  # bytes; a socket's path is limited to 103 on macOS
_WITHOUT_END = float("inf")

Tell = Callable[[str], None]
_Handler = Callable[[int, FrameType | None], None] | int


@dataclass(frozen=True)
class Wishes:
    """What the human asked for. `seconds` None: until the human leaves. `attached`: show it in this terminal."""

    seconds: float | None
    attached: bool
    keep: bool


@dataclass(frozen=True)
class Performance:
    """`kept` is where it was left, if it was; `cleaned` is false when something could not be removed."""

    seen: Seen
    kept: Path | None
    cleaned: bool


def run(wishes: Wishes, tell: Tell) -> Performance:
    """Play the demo to its end. Whatever happens to this process, the stage is cleared, unless it is to be kept.

    Raises `Unavailable` when tmux or git is missing.
    """
    requirements.check()
    until = time.monotonic() + (_WITHOUT_END if wishes.seconds is None else wishes.seconds)
    # A person has to be able to follow it; for a machine only the order of things matters.
    pace, rules = (2.5, Rules(lease_s=10, wait_s=60)) if wishes.attached else (1.0, Rules(lease_s=4, wait_s=20))
    folder = _new_folder()
    with _cleared(folder, wishes.keep, tell) as cleaned, _ended_by_signals():
        made = world.make(folder, rules.lease_s, rules.wait_s)
        played = stage.set_up(made, pace)
        tell(f"it plays in {folder}; see it with: {attach_line(made)}")
        with Database(made.database) as db, _attached(made, wishes.attached) as gone:
            over = (lambda: gone() or played.dashboard_ended() is not None) if wishes.attached else (lambda: False)
            silent = (lambda _: None) if wishes.attached else tell
            seen = Director(made, played, db, rules, pace, wishes.attached, silent, over).play(until)
    return Performance(seen, folder if wishes.keep else None, cleaned[0])


def attach_line(made: World) -> str:
    return f"tmux -S {shlex.quote(made.socket)} attach"


def _new_folder() -> Path:
    """A name that nobody uses. The folder is made when the watchdog is there to remove it."""
    name = f"swarm-demo-{secrets.token_hex(4)}"
    folder = Path(tempfile.gettempdir()) / name
    return folder if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER else Path("/tmp") / name


@contextmanager
def _cleared(folder: Path, keep: bool, tell: Tell) -> Iterator[list[bool]]:
    dog = watchdog.start(folder, World(folder).socket, keep)
    cleaned = [False]
    try:
        folder.mkdir(mode=0o700)
        yield cleaned
    finally:
        with _undisturbed():
            cleaned[0] = watchdog.finish(dog)
            if keep:
                tell(f"kept in {folder}; see it with: {attach_line(World(folder))}")
                quoted = shlex.quote(str(folder))
                tell(f"remove it with: tmux -S {quoted}/tmux kill-server; rm -rf {quoted}")
            elif not cleaned[0]:
                tell(f"not everything could be removed: {folder}")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A signal that would end us unseen leaves by the usual way, so that everything is cleared."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    with _handled((signal.SIGTERM, signal.SIGHUP), leave):
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: _Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, theirs in before.items():
            signal.signal(number, theirs)


@contextmanager
def _attached(made: World, wanted: bool) -> Iterator[Callable[[], bool]]:
    """Show the stage in this terminal, if wanted; whether the human has gone away from it."""
    if not wanted:
        yield lambda: False
        return
    client = private.attach_terminal(made.socket)
    try:
        yield lambda: client.poll() is not None
    finally:
        _detach(client)


def _detach(client: subprocess.Popen[bytes]) -> None:
    """The terminal is the human's again; tmux puts it back as it was when it is asked to end."""
    if client.poll() is None:
        client.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        client.wait(5)
