"""How long an election takes: 2, 8 and 32 processes report a broken build at once, until each has its answer."""

import os
import shutil
import statistics
import tempfile
from collections import Counter
from pathlib import Path

from swarm_agents import roster
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.model import BuildRules
from tests.support.model import Act
from tests.support.processes import Answer, Worker, at_once, workers

HERDS = (2, 8, 32)
ROUNDS = 100
BUDGET_P99_MS = 1000.0  # with 32 processes
HEAD_START_MS = 20.0  # enough for 32 processes to have read their order before they start


def main() -> None:
    print(f"{ROUNDS} rounds each, every report until its answer, load {os.getloadavg()[0]:.1f}")
    print(f"{'processes':<12}{'p50 ms':>9}{'p99 ms':>9}{'worst':>9}{'winners a round':>18}{'errors':>8}")
    with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
        for herd in HERDS:
            _print(herd, _elections(Path(folder) / f"{herd}", herd))


def _elections(folder: Path, herd: int) -> list[list[Answer]]:
    path = folder / "swarm.db"
    database.create(path)
    names = [f"agent-{number}" for number in range(herd)]
    with Database(path) as db:
        for name in names:
            roster.join(db, name, "agent", None)
    with workers(path, herd) as started:
        rounds = [_election(started, names) for _ in range(ROUNDS)]
    shutil.rmtree(folder)
    return rounds


def _election(herd: list[Worker], names: list[str]) -> list[Answer]:
    rules = BuildRules()
    reports = [(worker, Act("report", name)) for worker, name in zip(herd, names, strict=True)]
    answers = at_once(reports, rules, HEAD_START_MS)
    for worker, name, answer in zip(herd, names, answers, strict=True):
        if answer.told == "yours new":
            worker.act(Act("fixed", name), rules)
    return answers


def _print(herd: int, rounds: list[list[Answer]]) -> None:
    took = [(answer.ended - answer.began) / 1e6 for answers in rounds for answer in answers]
    winners = Counter(sum(answer.told == "yours new" for answer in answers) for answers in rounds)
    errors = sum(bool(answer.error) for answers in rounds for answer in answers)
    p99 = statistics.quantiles(took, n=100)[-1]
    verdict = "   over budget" if p99 > BUDGET_P99_MS else ""
    elected = ", ".join(f"{number} in {times}" for number, times in sorted(winners.items()))
    print(f"{herd:<12}{statistics.median(took):>9.2f}{p99:>9.2f}{max(took):>9.2f}{elected:>18}{errors:>8}{verdict}")
