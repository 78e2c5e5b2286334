"""How long a verb of `swarm` takes beyond bare Python: whole processes, side by side, the rows of one round in turn."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.repo import Repo, environment, make_repo

ROUNDS = 60
WARM_UP_ROUNDS = 3
BUDGET_MS = 60.0  # beyond bare Python

BARE = [sys.executable, "-c", "pass"]
SWARM = [str(Path(sys.executable).parent / "swarm")]


def main() -> None:
    with _swarms() as (calm, red):
        numbers = count()
        rows = {
            "bare Python": lambda: _run(calm, BARE),
            "swarm status": lambda: _run(calm, [*SWARM, "status"]),
            "swarm build status": lambda: _run(calm, [*SWARM, "build", "status"]),
            "swarm build report (in line)": lambda: _run(
                red, [*SWARM, "--as", "bob", "build", "report", "--summary", "red"]
            ),
            "swarm build renew (the fixer)": lambda: _run(red, [*SWARM, "--as", "alice", "build", "renew"]),
            "swarm msg send": lambda: _run(calm, [*SWARM, "msg", "send", "bob", f"number {next(numbers)}"]),
            "swarm inbox": lambda: _run(calm, [*SWARM, "--as", "bob", "inbox"]),
        }
        taken: dict[str, list[float]] = {name: [] for name in rows}
        for round_ in range(ROUNDS + WARM_UP_ROUNDS):
            for name, run in rows.items():
                ms = run()
                if round_ >= WARM_UP_ROUNDS:
                    taken[name].append(ms)
    _print(taken)


@contextmanager
def _swarms() -> Iterator[tuple[Repo, Repo]]:
    """A repository whose build passes, and one that alice repairs."""
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        calm = make_repo(Path(folder) / "calm", agents=["alice", "bob"])
        red = make_repo(Path(folder) / "red", agents=["alice", "bob"])
        red.swarm("--as", "alice", "build", "report", "--summary", "red")
        yield calm, red


def _run(repo: Repo, command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=repo.path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def _print(taken: dict[str, list[float]]) -> None:
    bare = statistics.median(taken["bare Python"])
    print(
        f"whole processes, {ROUNDS} rounds in turn, load {os.getloadavg()[0]:.1f}; budget {BUDGET_MS:.0f} ms beyond bare Python"
    )
    print(f"{'':<32}{'median ms':>10}{'p90 ms':>9}{'beyond':>9}")
    for name, row in taken.items():
        median, p90 = statistics.median(row), statistics.quantiles(row, n=10)[-1]
        verdict = "" if name == "bare Python" or median - bare <= BUDGET_MS else "   over budget"
        print(f"{name:<32}{median:>10.1f}{p90:>9.1f}{median - bare:>9.1f}{verdict}")
