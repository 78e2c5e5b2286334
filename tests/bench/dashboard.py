"""How fast the dashboard is: first paint, from another process's commit or write to its row, keys, memory, idle cost.

Measured from outside, on what the program writes to a real terminal and what the system says it used. First paint and
idle cost stand beside those of a bare Textual app, in turn with it or at the same time.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import sqlite3
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import Evidence
from swarm_agents.db import database
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules, Moment
from tests.support.tmux import private_server

LIMIT_S = 60.0
BARE_APP = """
from textual.app import App
from textual.widgets import Static

class BareApp(App[None]):
    def compose(self):
        yield Static("a bare app is painted")

BareApp().run()
"""
MANY, MILLION = 100_000, 1_000_000
_PROCESS_CLOCK = 2  # in the number of a clock that clock_getcpuclockid makes of a process: finer than its ticks
_TICKS_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print a row for each figure, its budget beside it."""
    _print_first_paint()
    p50, p99 = _commit_to_row_ms()
    _row("commit in another process to painted row, p50 of 200", p50, "ms", "<= 100")
    _row("commit in another process to painted row, p99 of 200", p99, "ms", "<= 250")
    p50, p99 = _foreign_write_to_row_ms()
    _row("row of a program without notification to painted row, p50 of 100", p50, "ms", "<= 300")
    _row("row of a program without notification to painted row, p99 of 100", p99, "ms", "")
    cpu_ms, wall_ms, memory_mb = _at_a_million()
    _row("key to paint at 1,000,000 messages, CPU", cpu_ms, "ms", "<= 10")
    _row("key to paint at 1,000,000 messages, wall, median", wall_ms, "ms", "")
    _row("memory at 1,000,000 messages (RSS)", memory_mb, "MB", "<= 80")
    _print_idle()


def _print_first_paint() -> None:
    bare, ours = _first_paints()
    wall, cpu = (ours[i] / bare[i] for i in (0, 1))
    _row("first paint, median of 9", ours[0] * 1000, "ms", "<= 600")
    _row("a bare Textual app, in turn with it", bare[0] * 1000, "ms", "")
    _row("first paint beside a bare app", wall, "times", "<= 1.6")
    _row("processor time until then beside a bare app's", cpu, "times", "")


def _print_idle() -> None:
    bare, ours = _idle_percents(50)
    _row("idle, 50 panes, 100,000 messages, with its children", ours, "% of a core", "< 1")
    _row("a bare Textual app at the same time", bare, "% of a core", "")
    _row("idle beside a bare app", ours / bare, "times", "<= 2")
    _row("idle while a lease counts down by the second", _idle_percents(50, red=True)[1], "% of a core", "")
    _row("the same without a courier", _idle_percents(50, "--no-courier", red=True)[1], "% of a core", "")


def _row(what: str, value: float, unit: str, budget: str) -> None:
    print(f"{what:<64} {value:9.2f} {unit:<12} {budget}")


class ScreenProcess:
    """A program in a terminal of its own; what it writes is read as bytes."""

    def __init__(self, *command: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            for name in [name for name in os.environ if name.startswith(("TMUX", "SWARM_"))]:
                del os.environ[name]
            os.environ["TERM"] = "xterm-256color"
            os.execv(sys.executable, [sys.executable, *command])
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def wait_for(self, words: bytes) -> None:
        """Read until the words were written."""
        seen = b""
        give_up_at = time.monotonic() + LIMIT_S
        while words not in seen:
            assert time.monotonic() < give_up_at, f"never painted {words!r}"
            seen = seen[-len(words) :] + self._read(0.5)

    def settle(self, quiet_s: float) -> None:
        """Read until nothing was written for so long."""
        while self._read(quiet_s):
            pass

    def press(self, key: bytes) -> None:
        os.write(self._terminal, key)

    def cpu_s(self) -> float:
        """Of the process and of the children it waited for."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        children = sum(int(field) for field in fields[13:15]) / _TICKS_S
        return time.clock_gettime(~self.pid << 3 | _PROCESS_CLOCK) + children

    def memory_mb(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_BYTES / 1e6

    def close(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        give_up_at = time.monotonic() + LIMIT_S
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            self._read(0.05)  # it writes while it leaves
            assert time.monotonic() < give_up_at, "the program did not leave"
        os.close(self._terminal)

    def _read(self, limit_s: float) -> bytes:
        if not select.select([self._terminal], [], [], limit_s)[0]:
            return b""
        try:
            return os.read(self._terminal, 1 << 16)
        except OSError:
            return b""


@contextmanager
def _run(*command: str) -> Iterator[ScreenProcess]:
    screen = ScreenProcess(*command)
    try:
        yield screen
    finally:
        screen.close()


def _screen(database: Path, *options: str) -> AbstractContextManager[ScreenProcess]:
    return _run("-m", "swarm_tui", "--db", str(database), *options)


@contextmanager
def _swarm(said: int = 0, clock: Clock = host_clock) -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="swb") as folder:
        path = Path(folder) / "swarm.db"
        database.create(path)
        with Database(path, clock) as db:
            for name in ("alice", "bob", "carol"):
                roster.join(db, name, "agent", None)
            _say(db, said)
            build.report(db, "alice", "tests failed", BuildRules())
            build.report(db, "bob", "tests failed", BuildRules())
            yield db


def _say(db: Database, count: int) -> None:
    with db.transaction() as tx:
        tx.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < :count) "
            "insert into messages (at, sender, recipient, type, body) "
            "select :now + i, 'alice', 'bob', 'INFO', 'message ' || i || ' " + "x" * 120 + "' from n where i <= :count",
            count=count,
            now=tx.now - 10**9,
        )


def _first_paints(rounds: int = 9) -> tuple[tuple[float, float], tuple[float, float]]:
    """The bare app's and the dashboard's medians: seconds, and seconds of processor time, until the first paint."""
    taken: list[tuple[list[float], list[float]]] = [([], []), ([], [])]
    with _swarm() as db:
        commands = [
            (["-c", BARE_APP], b"a bare app is painted"),
            (["-m", "swarm_tui", "--db", str(db.path)], b"alice repairs it"),
        ]
        for _ in range(rounds):
            for (wall, cpu), (command, words) in zip(taken, commands, strict=True):
                began = time.monotonic()
                with _run(*command) as screen:
                    screen.wait_for(words)
                    wall.append(time.monotonic() - began)
                    cpu.append(screen.cpu_s())
    bare, ours = ((statistics.median(wall), statistics.median(cpu)) for wall, cpu in taken)
    return bare, ours


def _commit_to_row_ms(samples: int = 200) -> tuple[float, float]:
    taken = []
    with _swarm() as db, _screen(db.path) as screen:
        screen.wait_for(b"alice repairs it")
        screen.settle(0.4)
        for number in range(samples):
            time.sleep(0.05 + number % 7 / 100)  # not in step with its own clock
            screen.settle(0)
            messages.send(db, "human", "alice", f"mark-{number:04} ")
            began = time.monotonic()
            screen.wait_for(f"mark-{number:04}".encode())
            taken.append((time.monotonic() - began) * 1000)
    taken.sort()
    return taken[samples // 2], taken[samples * 99 // 100]


def _foreign_write_to_row_ms(samples: int = 100) -> tuple[float, float]:
    """As a `sqlite3` shell writes that stays open, with the settings that SQLite has by itself."""
    taken = []
    insert = "insert into messages (at, sender, recipient, type, body) values (?, 'human', 'alice', 'INFO', ?)"
    with _swarm() as db, _screen(db.path) as screen, contextlib.closing(sqlite3.connect(db.path)) as shell:
        screen.wait_for(b"alice repairs it")
        _settle_for((screen,), 3)
        for number in range(samples):
            time.sleep(0.05 + number % 7 / 100)  # not in step with the steps of the watch
            screen.settle(0)
            with shell:
                shell.execute(insert, (db.now(), f"mark-{number:04} "))
            began = time.monotonic()
            screen.wait_for(f"mark-{number:04}".encode())
            taken.append((time.monotonic() - began) * 1000)
    taken.sort()
    return taken[samples // 2], taken[samples * 99 // 100]


def _at_a_million(keys: int = 200) -> tuple[float, float, float]:
    with _swarm(MILLION) as db, _screen(db.path) as screen:
        screen.wait_for(b"alice repairs it")
        screen.press(b"g")
        screen.wait_for(b"message 1 ")
        screen.press(b"G")
        screen.wait_for(b"The build is red")
        screen.settle(0.4)
        taken, before = [], screen.cpu_s()
        for _ in range(keys):
            began = time.monotonic()
            screen.press(b"k")
            screen.wait_for(b"message ")
            taken.append((time.monotonic() - began) * 1000)
        return (screen.cpu_s() - before) * 1000 / keys, statistics.median(taken), screen.memory_mb()


def _idle_percents(panes: int, *options: str, red: bool = False, seconds: float = 20) -> tuple[float, float]:
    """What a bare app and the dashboard use at the same time while nothing happens, in percent of a core."""
    with private_server() as server, _swarm(MANY, _hour_ago) as db:
        if not red:
            build.mark_fixed(db, "alice", Evidence("the check passed", db.moment()))
        for number in range(panes):
            roster.join(db, f"agent-{number}", "agent", server.pane("cat"))
        with _run("-c", BARE_APP) as bare, _screen(db.path, *options) as ours:
            bare.wait_for(b"a bare app is painted")
            ours.wait_for(b"alice")
            screens = (bare, ours)
            _settle_for(screens, 15)  # until the loop has found that nothing happens
            before = [screen.cpu_s() for screen in screens]
            _settle_for(screens, seconds)
            used = [screen.cpu_s() - had for screen, had in zip(screens, before, strict=True)]
            return used[0] / seconds * 100, used[1] / seconds * 100


def _hour_ago() -> Moment:
    """What is new is drawn more often; in an idle swarm nothing is."""
    now = host_clock()
    return now._replace(wall_ms=now.wall_ms - 3_600_000)


def _settle_for(screens: tuple[ScreenProcess, ...], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for screen in screens:
            screen.settle(0.2)


if __name__ == "__main__":
    main()
