"""Listing panes and their screens: one snapshot compared with libtmux's `server.panes` and `capture_pane` for each."""

import statistics
import time
from collections.abc import Callable

from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from tests.support.tmux import Tmux, private_server

SIZES = (10, 50, 200, 500)
ROUNDS = 5


def main() -> None:
    print(f"{'panes':>5}  {'server.panes':>12} {'snap':>7}   {'+ capture_pane each':>20} {'with screens':>18}   ms")
    with private_server() as server:
        made = 1
        for size in SIZES:
            for _ in range(size - made):
                server.run("new-window", "-d", "cat")
            made = size
            _row(server, size)


def _row(server: Tmux, size: int) -> None:
    import libtmux  # only this bench needs it

    theirs = libtmux.Server(socket_path=server.socket)
    listed = _median_ms(lambda: list(theirs.panes))
    looked = _median_ms(lambda: _look(server))
    captured = _median_ms(lambda: [pane.capture_pane(escape_sequences=True) for pane in theirs.panes], rounds=1)
    seen = _median_ms(lambda: _look(server, screens=True))
    print(f"{size:>5}  {listed:>12.1f} {looked:>7.1f}   {captured:>20.1f} {seen:>18.1f}")


def _look(server: Tmux, screens: bool = False) -> None:
    seen = take_snapshot(server.socket)
    assert isinstance(seen, ServerSnapshot)
    if screens:
        take_snapshot(server.socket, list(seen.panes))


def _median_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        before = time.monotonic()
        work()
        taken.append((time.monotonic() - before) * 1000)
    return statistics.median(taken)
