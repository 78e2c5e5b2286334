"""What the hot verbs of `swarm` cost, as a multiple of bare Python: whole processes, all in turn in each round."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.support.repo import Repo, environment, make_repo

ROUNDS = 60
WARM_UP_ROUNDS = 3
BUDGET = 3.0  # times bare Python

BARE = [sys.executable, "-c", "pass"]
SWARM = [str(Path(sys.executable).parent / "swarm")]


class ProcessCost(NamedTuple):
    wall_ms: float
    cpu_ms: float


def main() -> None:
    with _swarms() as (calm, red):
        numbers = count()
        commands: dict[str, Callable[[], tuple[Repo, list[str]]]] = {
            "bare Python": lambda: (calm, BARE),
            "swarm status": lambda: (calm, [*SWARM, "status"]),
            "swarm build status": lambda: (calm, [*SWARM, "build", "status"]),
            "swarm build report, in line": lambda: (
                red,
                [*SWARM, "--as", "bob", "build", "report", "--summary", "red"],
            ),
            "swarm build renew": lambda: (red, [*SWARM, "--as", "alice", "build", "renew"]),
            "swarm build wait, its start": lambda: (red, [*SWARM, "--as", "bob", "build", "wait", "--timeout", "0"]),
            "swarm msg send": lambda: (calm, [*SWARM, "msg", "send", "bob", f"number {next(numbers)}"]),
            "swarm inbox": lambda: (calm, [*SWARM, "--as", "bob", "inbox"]),
            "swarm gate, for the hook": lambda: (
                red,
                [*SWARM, "--as", "bob", "gate", "pre-commit", "--git-dir", str(red.path / ".git")],
            ),
        }
        taken: dict[str, list[ProcessCost]] = {name: [] for name in commands}
        for round_ in range(ROUNDS + WARM_UP_ROUNDS):
            for name, command in commands.items():
                one = _run(*command())
                if round_ >= WARM_UP_ROUNDS:
                    taken[name].append(one)
    _print(taken)


@contextmanager
def _swarms() -> Iterator[tuple[Repo, Repo]]:
    """A repository whose build passes, and one that alice repairs."""
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        calm = make_repo(Path(folder) / "calm", agents=["alice", "bob"])
        red = make_repo(Path(folder) / "red", agents=["alice", "bob"])
        red.swarm("--as", "alice", "build", "report", "--summary", "red")
        yield calm, red


def _run(repo: Repo, command: list[str]) -> ProcessCost:
    cpu_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, cwd=repo.path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall_ms = (time.perf_counter() - began) * 1000
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = cpu.ru_utime + cpu.ru_stime - cpu_before.ru_utime - cpu_before.ru_stime
    return ProcessCost(wall_ms, cpu_s * 1000)


def _print(taken: dict[str, list[ProcessCost]]) -> None:
    bare_ms = statistics.median(one.wall_ms for one in taken["bare Python"])
    bare_cpu_ms = statistics.median(one.cpu_ms for one in taken["bare Python"])
    print(
        f"whole processes, {ROUNDS} rounds in turn, load {os.getloadavg()[0]:.1f}; budget {BUDGET:g} times bare Python"
    )
    print(f"{'':<30}{'median ms':>10}{'p90 ms':>9}{'times':>8}{'CPU ms':>9}{'times':>8}")
    for name, row in taken.items():
        wall = [one.wall_ms for one in row]
        median, p90 = statistics.median(wall), statistics.quantiles(wall, n=10)[-1]
        cpu = statistics.median(one.cpu_ms for one in row)
        verdict = "   over budget" if median > BUDGET * bare_ms else ""
        print(
            f"{name:<30}{median:>10.1f}{p90:>9.1f}{median / bare_ms:>8.2f}{cpu:>9.1f}{cpu / bare_cpu_ms:>8.2f}{verdict}"
        )


if __name__ == "__main__":
    main()
