"""A broadcast to many panes: the courier compared with libtmux `send_keys` in a loop, on the same agents.

Ten panes to a window, agents that wait for work, a courier that has been running for some seconds: as in a swarm
whose build goes red. The courier's times are those in its rows: every line is typed, as the panes' markers say, and
every line was seen to leave its composer. The loop's ends when its last call has returned, which says nothing about
what arrived. `at work` is the same when every agent has just printed something, so that no earlier snapshot is valid.
All are medians; `slowest` is the one round that took longest until all was typed.
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
from statistics import median
from typing import NamedTuple

from swarm_agents.config.config import Config
from swarm_agents.db import database
from swarm_agents.errors import BadConfig, SwarmError
from swarm_agents.panes import tmux as transport
from swarm_agents.place import Place
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.watch.loop import BackgroundLoop
from tests.support.courier_swarm import CourierSwarm
from tests.support.tmux import LIGHT_AGENT, Tmux, private_server
from tests.support.until import until

SIZES = (1, 10, 50, 200)
PANES_IN_WINDOW = 10
ROUNDS = 7
LOOPS = 3
REST_S = 4.5  # the courier reads its panes every 2 s, so at least once after all have come to rest
MEANWHILE_S = 0.3  # this thread sleeps, so that it does not slow the courier down
TEXT = "the build is red, leave it alone, another agent repairs it"


class DeliveryTimes(NamedTuple):
    """In milliseconds from the moment in which the message was stored."""

    typed_ms: int
    submitted_ms: int


class ResourceCost(NamedTuple):
    wall_ms: float
    cpu_ms: float
    processes: int


def main() -> None:
    columns = ["cpu", "typed ms", "slowest", "submitted", "cpu", "tmux runs", "at work", "slowest", "arrived"]
    print(f"{'panes':>5} {'loop ms':>8} " + " ".join(f"{column:>13}" for column in columns))
    for size in SIZES:
        with private_server() as server, tempfile.TemporaryDirectory() as folder:
            _one_size(server, Path(folder), size)


def _one_size(server: Tmux, folder: Path, size: int) -> None:
    database.create(folder / "swarm.db")
    swarm = CourierSwarm(server, folder / "swarm.db")
    records = _agents(swarm, server, size)
    loops = [_looped(server, swarm, records) for _ in range(LOOPS)]
    gc.freeze()  # the courier should not pay for the garbage of libtmux
    with _courier(swarm):
        rounds = [_round(server, swarm) for _ in range(ROUNDS)]
    swarm.db.close()
    arrived = sum(record.read_bytes().count(b"[swarm#") == 2 * ROUNDS for record in records)
    loop_ms, loop_cpu_ms = median(loop.wall_ms for loop in loops), median(loop.cpu_ms for loop in loops)
    typed_ms, at_work_ms = [still.typed_ms for still, _, _ in rounds], [at_work.typed_ms for _, _, at_work in rounds]
    columns = [
        f"{loop_cpu_ms:.0f}",
        _beside(loop_ms, median(typed_ms)),
        _beside(loop_ms, max(typed_ms)),
        _beside(loop_ms, median(still.submitted_ms for still, _, _ in rounds)),
        _beside(loop_cpu_ms, median(spent.cpu_ms for _, spent, _ in rounds)),
        f"{max(spent.processes for _, spent, _ in rounds)}",
        _beside(loop_ms, median(at_work_ms)),
        _beside(loop_ms, max(at_work_ms)),
        f"{arrived}/{size}",
    ]
    print(f"{size:>5} {loop_ms:>8.0f} " + " ".join(f"{column:>13}" for column in columns))


def _looped(server: Tmux, swarm: CourierSwarm, records: list[Path]) -> ResourceCost:
    lines = [record.read_bytes().count(b"\r") for record in records]
    spent = _measure_cost(server, lambda: _send_keys_in_a_loop(server, swarm))
    until(lambda: all(r.read_bytes().count(b"\r") > n for r, n in zip(records, lines, strict=True)), "digested", 60)
    return spent


def _round(server: Tmux, swarm: CourierSwarm) -> tuple[DeliveryTimes, ResourceCost, DeliveryTimes]:
    time.sleep(REST_S)
    still, spent = _broadcast(server, swarm)
    at_work, _ = _broadcast(server, swarm)
    return still, spent, at_work


@contextmanager
def _courier(swarm: CourierSwarm) -> Iterator[None]:
    loop = BackgroundLoop(LiveConfig(Place(str(swarm.database), None), Config()), _SilentListener())
    courier = threading.Thread(target=loop.run)
    courier.start()
    try:
        yield
    finally:
        loop.stop()
        courier.join()


class _SilentListener:
    """Fails the bench when the loop fails."""

    def on_failure(self, error: SwarmError) -> None:
        raise error

    def on_database_written(self) -> None:
        pass

    def on_config_read(self, error: BadConfig | None) -> None:
        pass


def _broadcast(server: Tmux, swarm: CourierSwarm) -> tuple[DeliveryTimes, ResourceCost]:
    message = 0

    def delivered() -> None:
        nonlocal message
        message = swarm.say(TEXT)
        time.sleep(MEANWHILE_S)
        until(lambda: not swarm.open(), "every line has left its composer", 60, look_every_s=0.05)

    spent = _measure_cost(server, delivered)
    return _times(swarm, message), spent


def _beside(theirs: float, ours: float) -> str:
    return f"{ours:.0f} {theirs / max(ours, 1):5.1f}x"


def _agents(swarm: CourierSwarm, server: Tmux, size: int) -> list[Path]:
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


def _panes(swarm: CourierSwarm) -> list[str]:
    with swarm.db.reading() as tx:
        return [row["pane_id"] for row in tx.execute("select pane_id from agents order by name")]


def _send_keys_in_a_loop(server: Tmux, swarm: CourierSwarm) -> None:
    import libtmux  # only the loop needs it

    panes = {pane.pane_id: pane for pane in libtmux.Server(socket_path=server.socket).panes}
    for pane_id in _panes(swarm):
        panes[pane_id].send_keys(TEXT, literal=True)


def _times(swarm: CourierSwarm, message: int) -> DeliveryTimes:
    """Milliseconds from the send until the last line was typed, and until it was seen to leave its composer."""
    with swarm.db.reading() as tx:
        row = tx.one(
            "select max(typed_at) - min(queued_at) as typed, max(submitted_at) - min(queued_at) as submitted "
            "from deliveries where message_id = :message",
            message=message,
        )
    return DeliveryTimes(row["typed"] or 0, row["submitted"] or 0) if row else DeliveryTimes(0, 0)


def _measure_cost(server: Tmux, work: Callable[[], None]) -> ResourceCost:
    """Wall time, CPU of this process, its children and the tmux server, and how many tmux processes were started."""
    runs, pid = 0, server.server_pid()  # which is asked by a tmux process, too
    real = transport._start

    def counted(*arguments: object, **options: object) -> object:
        nonlocal runs
        runs += 1
        return real(*arguments, **options)  # type: ignore[arg-type]

    setattr(transport, "_start", counted)  # noqa: B010 - counts what the real one does
    try:
        before_cpu, before = _cpu_ms(pid), time.monotonic()
        work()
        return ResourceCost((time.monotonic() - before) * 1000, _cpu_ms(pid) - before_cpu, runs)
    finally:
        setattr(transport, "_start", real)  # noqa: B010


def _cpu_ms(server_pid: int) -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own = sum(each.ru_utime + each.ru_stime for each in used)
    fields = Path(f"/proc/{server_pid}/stat").read_bytes().rpartition(b")")[2].split()
    return (own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")) * 1000
