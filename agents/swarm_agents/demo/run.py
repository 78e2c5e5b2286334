"""Runs the demo: creates its repository and tmux server, runs the scenario, and removes everything at the end."""

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
from swarm_agents.demo import repository, requirements, server, watchdog
from swarm_agents.demo.records import DemoRecord
from swarm_agents.demo.repository import DemoRepository
from swarm_agents.demo.scenario import Scenario
from swarm_agents.model import BuildRules
from swarm_agents.panes import private

_LONGEST_SOCKET_FOLDER = 80  # bytes; a socket's path is limited to 103 on macOS
_WITHOUT_END = float("inf")

Report = Callable[[str], None]
_Handler = Callable[[int, FrameType | None], None] | int


@dataclass(frozen=True)
class DemoOptions:
    """Options of `swarm demo`. `seconds` None: until the human leaves. `attached`: show it in this terminal."""

    seconds: float | None
    attached: bool
    keep: bool


@dataclass(frozen=True)
class DemoResult:
    """`kept`: the folder, if it was kept. `cleaned`: False when something could not be removed."""

    record: DemoRecord
    kept: Path | None
    cleaned: bool


def run_demo(options: DemoOptions, report: Report) -> DemoResult:
    """Run the demo to its end. Whatever happens to this process, all of it is removed, unless it is to be kept.

    Raises `Unavailable` when tmux or git is missing.
    """
    requirements.check()
    until = time.monotonic() + (_WITHOUT_END if options.seconds is None else options.seconds)
    # A person must be able to follow it; headless, only the order of events matters.
    pace, rules = (
        (2.5, BuildRules(lease_s=10, wait_s=60)) if options.attached else (1.0, BuildRules(lease_s=4, wait_s=20))
    )
    folder = _new_folder()
    with _removed_at_end(folder, options.keep, report) as cleaned, _signals_as_exit():
        paths = repository.create(folder, rules.lease_s, rules.wait_s)
        started = server.start(paths, pace)
        report(f"the demo runs in {folder}; see it with: {make_attach_command(paths)}")
        with Database(paths.database) as db, _attached(paths, options.attached) as gone:
            has_left = (
                (lambda: gone() or started.find_dashboard_end() is not None) if options.attached else (lambda: False)
            )
            progress = (lambda _: None) if options.attached else report
            record = Scenario(paths, started, db, rules, pace, options.attached, progress, has_left).run(until)
    return DemoResult(record, folder if options.keep else None, cleaned[0])


def make_attach_command(paths: DemoRepository) -> str:
    return f"tmux -S {shlex.quote(paths.socket)} attach"


def _new_folder() -> Path:
    """An unused path. The folder is made once the watchdog runs, which removes it."""
    name = f"swarm-demo-{secrets.token_hex(4)}"
    folder = Path(tempfile.gettempdir()) / name
    return folder if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER else Path("/tmp") / name


@contextmanager
def _removed_at_end(folder: Path, keep: bool, report: Report) -> Iterator[list[bool]]:
    dog = watchdog.start(folder, DemoRepository(folder).socket, keep)
    cleaned = [False]
    try:
        folder.mkdir(mode=0o700)
        yield cleaned
    finally:
        with _signals_ignored():
            cleaned[0] = watchdog.finish(dog)
            if keep:
                report(f"kept in {folder}; see it with: {make_attach_command(DemoRepository(folder))}")
                quoted = shlex.quote(str(folder))
                report(f"remove it with: tmux -S {quoted}/tmux kill-server; rm -rf {quoted}")
            elif not cleaned[0]:
                report(f"not everything could be removed: {folder}")


@contextmanager
def _signals_as_exit() -> Iterator[None]:
    """Turn signals that would kill this process into `SystemExit`, so that everything is removed."""

    def exit_by_signal(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    with _signals_handled((signal.SIGTERM, signal.SIGHUP), exit_by_signal):
        yield


@contextmanager
def _signals_ignored() -> Iterator[None]:
    with _signals_handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN):
        yield


@contextmanager
def _signals_handled(numbers: tuple[signal.Signals, ...], handler: _Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@contextmanager
def _attached(paths: DemoRepository, wanted: bool) -> Iterator[Callable[[], bool]]:
    """Attach this terminal to the demo, if wanted. Yields a function: whether the human has detached."""
    if not wanted:
        yield lambda: False
        return
    client = private.attach_terminal(paths.socket)
    try:
        yield lambda: client.poll() is not None
    finally:
        _detach(client)


def _detach(client: subprocess.Popen[bytes]) -> None:
    """End the tmux client with SIGTERM, so that it restores the terminal."""
    if client.poll() is None:
        client.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        client.wait(5)
