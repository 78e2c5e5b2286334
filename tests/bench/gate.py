"""What the gate costs a commit: the hooks compared with `true`, and `git commit` with and without them."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.repo import Repo, environment, make_repo

ROUNDS = 60
WARM_UP_ROUNDS = 3
BUDGET_MS = 50.0  # of the gate


def main() -> None:
    with _repositories() as (bare, green, never, red):
        hooks = ".git/hooks/"
        rows: dict[str, tuple[Repo, list[str], str | None]] = {
            "true": (green, ["true"], None),
            "gate, green": (green, [f"{hooks}pre-commit"], "bob"),
            "reference-transaction, green": (green, [f"{hooks}reference-transaction", "prepared"], "bob"),
            "bare Python": (red, [sys.executable, "-c", "pass"], None),
            "gate, red: bob is refused": (red, [f"{hooks}pre-commit"], "bob"),
            "gate, red: alice passes": (red, [f"{hooks}pre-commit"], "alice"),
            "git commit without a hook": (bare, _commit("x"), "bob"),
            "git commit, green": (green, _commit("x"), "bob"),
            "git commit --no-verify, green": (never, [*_commit("x"), "--no-verify"], "bob"),
            "git commit, red, by the fixer": (red, _commit("x"), "alice"),
            "git commit, red, refused": (red, _commit("x"), "bob"),
        }
        taken: dict[str, list[float]] = {name: [] for name in rows}
        for round_ in range(ROUNDS + WARM_UP_ROUNDS):
            for name, row in rows.items():
                ms = _run(*row)
                if round_ >= WARM_UP_ROUNDS:
                    taken[name].append(ms)
    _print(taken)


def _commit(message: str) -> list[str]:
    return ["git", "commit", "-q", "--allow-empty", "-m", message]


@contextmanager
def _repositories() -> Iterator[tuple[Repo, Repo, Repo, Repo]]:
    """Without any hook; with the gate and a green build (twice, the second for --no-verify); with a red build."""
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        made = [make_repo(Path(folder) / name, agents=["alice", "bob"]) for name in ("bare", "green", "never", "red")]
        for repo in made:
            (repo.path / ".git/hooks/pre-commit").unlink()
        bare, green, never, red = made
        for repo in (green, never, red):
            assert repo.swarm("setup", "git").exit == 0
        red.swarm("--as", "alice", "build", "report", "--summary", "red")
        yield bare, green, never, red


def _run(repo: Repo, command: list[str], agent: str | None) -> float:
    env = environment() | ({"SWARM_AGENT": agent} if agent else {})
    began = time.perf_counter()
    subprocess.run(
        command, cwd=repo.path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return (time.perf_counter() - began) * 1000


def _print(taken: dict[str, list[float]]) -> None:
    print(
        f"whole processes, {ROUNDS} rounds in turn, load {os.getloadavg()[0]:.1f}; the gate may take {BUDGET_MS:.0f} ms"
    )
    print(f"{'':<32}{'median ms':>10}{'p90 ms':>9}{'min ms':>9}")
    for name, row in taken.items():
        median, p90 = statistics.median(row), statistics.quantiles(row, n=10)[-1]
        print(f"{name:<32}{median:>10.1f}{p90:>9.1f}{min(row):>9.1f}")
    times = statistics.median(taken["gate, red: bob is refused"]) / statistics.median(taken["bare Python"])
    print(f"gate, red, with its shell and git: {times:.2f} times bare Python")
    for one, base in (
        ("gate, green", "true"),
        ("gate, red: bob is refused", "true"),
        ("git commit, green", "git commit without a hook"),
    ):
        beyond = statistics.median(taken[one]) - statistics.median(taken[base])
        print(f"{one}, beyond {base}: {beyond:.1f} ms{'   over budget' if beyond > BUDGET_MS else ''}")


if __name__ == "__main__":
    main()
