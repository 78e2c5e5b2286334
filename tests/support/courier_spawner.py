"""Starts couriers quickly, for tests that kill many: a small process that forks one for each line it reads.

    courier_spawner.py DATABASE     then a line "reckless" or "honest" on standard input; it answers with a process id

A reckless courier believes that it holds the lease, like one that was frozen while another took over.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from swarm_agents.courier.courier import Courier
from swarm_agents.db.database import Database


class RecklessCourier(Courier):
    def _leads(self, db: Database) -> bool:
        return True


class CourierSpawner:
    """Runs that process for a test."""

    def __init__(self, database: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.courier_spawner", str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._pids: list[int] = []

    def start(self, kind: str = "reckless") -> int:
        """Start one; its process id."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{kind}\n")
        self._process.stdin.flush()
        self._pids.append(int(self._process.stdout.readline()))
        return self._pids[-1]

    def close(self) -> None:
        for pid in self._pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=20)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    kinds = {"reckless": RecklessCourier, "honest": Courier}
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            type_for_good(kinds[line.strip()](Path(sys.argv[1])), Path(sys.argv[1]))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def type_for_good(courier: Courier, database: Path) -> None:
    """Run rounds, one after each commit, until killed."""
    with Database(database) as db, db.subscribe() as commits:
        while True:
            done = courier.run_round()
            commits.wait(0.2 if done and done.moving else 1.0)


if __name__ == "__main__":
    main()
