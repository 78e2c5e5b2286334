"""Tasks and locks: 2, 8 and 32 processes want the same one; how long until each has its answer, and a raw update."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from swarm_agents import roster
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.tasks import tasks
from tests.support.processes import Answer, Worker, workers

HERDS = (2, 8, 32)
ROUNDS = 60
HEAD_START_MS = 20.0  # enough for 32 processes to have read their order before they start
PATH = "src/a.py"
OTHERS = 200  # tasks and locks that are there as well

Prepare = Callable[[Database, int], dict[str, str | int]]
"""Prepares a round; the values for the order that every worker gets."""


def main() -> None:
    print(f"{ROUNDS} rounds each, in turn, every call until its answer; {OTHERS} other tasks and locks are there")
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'processes':<11}{'what':<28}{'p50 ms':>9}{'p99 ms':>9}{'worst':>9}{'one winner in':>15}{'errors':>8}")
    for herd in HERDS:
        with tempfile.TemporaryDirectory(prefix="swarm-bench-") as folder:
            _measure(Path(folder) / "swarm.db", herd)


def _measure(path: Path, herd: int) -> None:
    database.create(path)
    names = [f"agent-{number}" for number in range(herd)]
    rows: dict[str, tuple[str, Prepare, str]] = {
        "one conditional update, raw": ("raw_update", _raw, "Won"),
        "task claim": ("task_claim", _task, "TaskUpdated"),
        "lock acquire, a stale one": ("lock_acquire", _lock, "Acquired"),
    }
    took: dict[str, list[list[Answer]]] = {what: [] for what in rows}
    with Database(path) as db, workers(path, herd) as crew:
        _fill(db, names)
        for round_ in range(ROUNDS):
            for what, (order, prepare, _) in rows.items():
                took[what].append(_at_once(crew, names, order, prepare(db, round_)))
    for what, (_, _, won) in rows.items():
        _print(herd, what, won, took[what])
    shutil.rmtree(path.parent, ignore_errors=True)


def _fill(db: Database, names: list[str]) -> None:
    for name in [*names, "dead"]:
        roster.join(db, name, "agent", None)
    for number in range(OTHERS):
        tasks.add(db, "other work", "human", f"other-{number}")
    locks.acquire(db, "dead", [LockName(f"other/{number}.py") for number in range(OTHERS)], 86_400)


def _raw(db: Database, round_: int) -> dict[str, str | int]:
    return {"row": round_}


def _task(db: Database, round_: int) -> dict[str, str | int]:
    return {"task": tasks.add(db, "work", "human", f"r{round_}").id}


def _lock(db: Database, round_: int) -> dict[str, str | int]:
    locks.force_release(db, [PATH])
    locks.acquire(db, "dead", [LockName(PATH)], ttl_s=0)
    return {"path": PATH}


def _at_once(crew: list[Worker], names: list[str], order: str, values: dict[str, str | int]) -> list[Answer]:
    at_ns = time.monotonic_ns() + int(HEAD_START_MS * 1e6)
    for worker, name in zip(crew, names, strict=True):
        worker.send(order, agent=name, at_ns=at_ns, **values)
    return [worker.receive() for worker in crew]


def _print(herd: int, what: str, won: str, rounds: list[list[Answer]]) -> None:
    took = [(answer.ended - answer.began) / 1e6 for answers in rounds for answer in answers]
    fair = sum(sum(answer.told.startswith(won) for answer in answers) == 1 for answers in rounds)
    errors = sum(bool(answer.error) for answers in rounds for answer in answers)
    p99 = statistics.quantiles(took, n=100)[-1]
    winners = f"{fair} of {len(rounds)}"
    print(f"{herd:<11}{what:<28}{statistics.median(took):>9.2f}{p99:>9.2f}{max(took):>9.2f}{winners:>15}{errors:>8}")
