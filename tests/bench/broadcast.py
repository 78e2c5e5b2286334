"""A broadcast to many panes: the courier beside libtmux `send_keys` in a loop, in one run on the same agents.

Ten panes to a window, agents that wait for work, a courier that has been running for some seconds: as it finds a swarm
when a build goes red. The courier's times are those in its rows: every line is typed, as the panes' markers say, and
every line was seen to leave its composer. The loop's ends when its last call has returned, which says nothing about
what arrived. `at work` is the same when every agent has just printed something, so that no earlier look still holds.
"""

import gc
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from swarm_agents.db import schema
from swarm_agents.panes import tmux as transport
from tests.support.noticed import Noticed
from tests.support.tmux import LIGHT_AGENT, Tmux, private_server, until

SIZES = (1, 10, 50, 200)
PANES_IN_WINDOW = 10
REST_S = 5.5  # the courier looks at its panes every 2 s, and at the clock every second: this is between two
MEANWHILE_S = 0.3  # in which this thread is out of the courier's way
TEXT = "the build is red, leave it alone, somebody repairs it"


class Times(NamedTuple):
    """In milliseconds from the moment in which the message was stored."""

    typed_ms: int
    submitted_ms: int


class Spent(NamedTuple):
    wall_ms: float
    cpu_ms: float
    processes: int


def main() -> None:
    print(
        f"{'panes':>5}  {'loop ms':>8} {'cpu':>6}  {'typed ms':>8} {'':>6} {'submitted':>9} {'':>6} "
        f"{'cpu':>6} {'':>6} {'tmux runs':>9}  {'at work':>8} {'':>6}  arrived"
    )
    for size in SIZES:
        with private_server() as server, tempfile.TemporaryDirectory() as folder:
            _one_size(server, Path(folder), size)


def _one_size(server: Tmux, folder: Path, size: int) -> None:
    schema.create(folder / "swarm.db")
    swarm = Noticed(server, folder / "swarm.db")
    records = _agents(swarm, server, size)
    loop = _spent(server, lambda: _send_keys_in_a_loop(server, swarm))
    until(lambda: all(record.read_bytes().endswith(b"\r") for record in records), "the loop's text was digested", 60)
    gc.freeze()  # what libtmux has left in memory is not the courier's to search
    with _courier(swarm):
        time.sleep(REST_S)
        still, spent = _broadcast(server, swarm)
        at_work, _ = _broadcast(server, swarm)
    arrived = sum(record.read_bytes().count(b"[swarm#") == 2 for record in records)
    print(
        f"{size:>5}  {loop.wall_ms:>8.0f} {loop.cpu_ms:>6.0f}  {still.typed_ms:>8} "
        f"{_times_less(loop.wall_ms, still.typed_ms)} "
        f"{still.submitted_ms:>9} {_times_less(loop.wall_ms, still.submitted_ms)} "
        f"{spent.cpu_ms:>6.0f} {_times_less(loop.cpu_ms, spent.cpu_ms)} {spent.processes:>9}  "
        f"{at_work.typed_ms:>8} {_times_less(loop.wall_ms, at_work.typed_ms)}  {arrived}/{size}"
    )
    swarm.db.close()


@contextmanager
def _courier(swarm: Noticed) -> Iterator[None]:
    stop = threading.Event()
    courier = threading.Thread(target=swarm.courier.run, args=[stop])
    courier.start()
    try:
        yield
    finally:
        stop.set()
        courier.join()


def _broadcast(server: Tmux, swarm: Noticed) -> tuple[Times, Spent]:
    message = 0

    def delivered() -> None:
        nonlocal message
        message = swarm.say(TEXT)
        time.sleep(MEANWHILE_S)
        until(lambda: not swarm.open(), "every line has left its composer", 60, every_s=0.05)

    spent = _spent(server, delivered)
    return _times(swarm, message), spent


def _times_less(theirs: float, ours: float) -> str:
    return f"{f'{theirs / max(ours, 1):.1f}x':>6}"


def _agents(swarm: Noticed, server: Tmux, size: int) -> list[Path]:
    server.run("set-option", "-t", "base", "default-size", "200x90")
    records = [server.folder / f"agent-{n}" for n in range(size)]
    beside = None
    for n, record in enumerate(records):
        pane = server.pane(
            *(sys.executable, "-SEI", str(LIGHT_AGENT), str(record)),
            profile="claude-code",
            beside=beside if n % PANES_IN_WINDOW else None,
        )
        beside = pane
        swarm.join(f"agent-{n}", pane)
    until(lambda: all(record.exists() for record in records), "all agents are up", 120)
    return records


def _panes(swarm: Noticed) -> list[str]:
    with swarm.db.reading() as tx:
        return [row["pane_id"] for row in tx.execute("select pane_id from agents order by name")]


def _send_keys_in_a_loop(server: Tmux, swarm: Noticed) -> None:
    import libtmux

    panes = {pane.pane_id: pane for pane in libtmux.Server(socket_path=server.socket).panes}
    for pane_id in _panes(swarm):
        panes[pane_id].send_keys(TEXT, literal=True)


def _times(swarm: Noticed, message: int) -> Times:
    """Milliseconds from the send until the last line was typed, and until it was seen to leave its composer."""
    with swarm.db.reading() as tx:
        row = tx.one(
            "select max(typed_at) - min(queued_at) as typed, max(submitted_at) - min(queued_at) as submitted "
            "from deliveries where message_id = :message",
            message=message,
        )
    return Times(row["typed"] or 0, row["submitted"] or 0) if row else Times(0, 0)


def _spent(server: Tmux, work: Callable[[], None]) -> Spent:
    """Wall time, CPU of this process, its children and the tmux server, and how many tmux processes were started."""
    runs = 0
    real = transport._start

    def counted(*arguments: object, **options: object) -> object:
        nonlocal runs
        runs += 1
        return real(*arguments, **options)  # type: ignore[arg-type]

    setattr(transport, "_start", counted)  # noqa: B010 - counts what the real one does
    try:
        before_cpu, before = _cpu_ms(server), time.monotonic()
        work()
        return Spent((time.monotonic() - before) * 1000, _cpu_ms(server) - before_cpu, runs)
    finally:
        setattr(transport, "_start", real)  # noqa: B010


def _cpu_ms(server: Tmux) -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own = sum(each.ru_utime + each.ru_stime for each in used)
    fields = Path(f"/proc/{server.server_pid()}/stat").read_bytes().rpartition(b")")[2].split()
    return (own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")) * 1000
