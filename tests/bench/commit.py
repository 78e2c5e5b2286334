"""What `swarm commit` costs over `git commit` when nothing is wrong, and what a verdict costs once a tree is known."""

import itertools
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.verbs import BARE, SWARM
from tests.support.repo import Repo, environment, make_repo

ROUNDS = 40
WARM_UP_ROUNDS = 3
BUDGET = 4.0  # bare Pythons over plain git


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        repo = make_repo(Path(folder) / "repo", agents=["alice"])
        _nothing_wrong(repo)
        _verdict(make_repo(Path(folder) / "checked", agents=["alice"]))


def _nothing_wrong(repo: Repo) -> None:
    numbers = itertools.count()
    taken: dict[str, list[float]] = {"bare Python": [], "git commit": [], "swarm commit": []}
    for round_ in range(ROUNDS + WARM_UP_ROUNDS):
        bare = _timed(repo, BARE)
        if round_ >= WARM_UP_ROUNDS:
            taken["bare Python"].append(bare)
        for name, command in (("git commit", ["git"]), ("swarm commit", [*SWARM, "--as", "alice"])):
            repo.stage("file.txt", f"{next(numbers)}\n")
            one = _timed(repo, [*command, "commit", "-q", "-m", "x"])
            if round_ >= WARM_UP_ROUNDS:
                taken[name].append(one)
    medians = {name: statistics.median(row) for name, row in taken.items()}
    over = medians["swarm commit"] - medians["git commit"]
    times = over / medians["bare Python"]
    print(f"whole processes, {ROUNDS} rounds in turn, one hook of sh; budget {BUDGET:g} bare Pythons over git")
    for name, row in taken.items():
        print(f"{name:<34}{statistics.median(row):>8.1f} ms median{max(row):>9.1f} ms worst")
    print(f"{'over git':<34}{over:>8.1f} ms, {times:.2f} bare Pythons{'   over budget' if times > BUDGET else ''}")


def _verdict(repo: Repo) -> None:
    """A refused commit whose trees were checked before: what remains is looking it up."""
    repo.configure(check="sleep 0.5; test ! -e broken")
    repo.stage("broken")
    command = [*SWARM, "--as", "alice", "commit", "-q", "-m", "x"]
    first = _timed(repo, command)
    again = [_timed(repo, command) for _ in range(10)]
    print(f"{'verdict, two runs of 0.5 s':<34}{first:>8.1f} ms")
    print(f"{'verdict, known trees':<34}{statistics.median(again):>8.1f} ms median{max(again):>9.1f} ms worst")


def _timed(repo: Repo, command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=repo.path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000
