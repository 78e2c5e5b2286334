"""What `swarm commit` costs over `git commit` when nothing is wrong, and what a verdict costs once a tree is known."""

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.repo import Repo, environment, make_repo

ROUNDS = 40
WARM_UP_ROUNDS = 3
BUDGET_MS = 80.0  # over plain git
SWARM = str(Path(sys.executable).parent / "swarm")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        repo = make_repo(Path(folder) / "repo", agents=["alice"])
        _nothing_wrong(repo)
        _verdict(make_repo(Path(folder) / "checked", agents=["alice"]))


def _nothing_wrong(repo: Repo) -> None:
    numbers = itertools.count()
    taken: dict[str, list[float]] = {"git commit": [], "swarm commit": []}
    for round_ in range(ROUNDS + WARM_UP_ROUNDS):
        for name, command in (("git commit", ["git"]), ("swarm commit", [SWARM, "--as", "alice"])):
            repo.stage("file.txt", f"{next(numbers)}\n")
            one = _timed(repo, [*command, "commit", "-q", "-m", "x"])
            if round_ >= WARM_UP_ROUNDS:
                taken[name].append(one)
    over = statistics.median(taken["swarm commit"]) - statistics.median(taken["git commit"])
    print(f"whole processes, {ROUNDS} rounds in turn, one hook of sh; budget {BUDGET_MS:.0f} ms over git")
    for name, row in taken.items():
        print(f"{name:<34}{statistics.median(row):>8.1f} ms median{max(row):>9.1f} ms worst")
    print(f"{'over git':<34}{over:>8.1f} ms{'   over budget' if over > BUDGET_MS else ''}")


def _verdict(repo: Repo) -> None:
    """A refused commit whose trees were checked before: what remains is looking it up."""
    repo.configure(check="sleep 0.5; test ! -e broken")
    repo.stage("broken")
    command = [SWARM, "--as", "alice", "commit", "-q", "-m", "x"]
    first = _timed(repo, command)
    again = [_timed(repo, command) for _ in range(10)]
    print(f"{'verdict, two runs of 0.5 s':<34}{first:>8.1f} ms")
    print(f"{'verdict, known trees':<34}{statistics.median(again):>8.1f} ms median{max(again):>9.1f} ms worst")


def _timed(repo: Repo, command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=repo.path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000
