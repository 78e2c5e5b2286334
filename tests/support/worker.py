"""A process with an open swarm database that does one act for each line of its input; see `processes.Worker`.

An error is sent as an answer too, so that a test can assert that there was none.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from swarm_agents.build import build
from swarm_agents.build import wait as waiting
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules, Moment
from swarm_agents.tasks import tasks
from tests.support.model import Act
from tests.support.mutants import MUTANTS
from tests.support.swarm import observe, perform, told


def main(path: Path, lock_timeout_s: float) -> None:
    with Database(path, lock_timeout_s=lock_timeout_s) as db:
        answer("ready")
        for line in sys.stdin:
            order = json.loads(line)
            began = time.monotonic_ns()
            try:
                ORDERS[order.pop("order")](db, **order)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it
                answer("error", began=began, error=f"{type(error).__name__}: {error}")


def answer(said: str, fence: int = 0, began: int = 0, error: str = "") -> None:
    ended = time.monotonic_ns()
    print(json.dumps({"told": said, "fence": fence, "began": began, "ended": ended, "error": error}), flush=True)  # noqa: T201


def act(db: Database, act: dict[str, Any], rules: dict[str, Any], at_ns: int) -> None:
    if act["began"]:
        act["began"] = Moment(*act["began"])
    _wait_until(at_ns)
    began = time.monotonic_ns()
    said, fence = perform(db, Act(**act), BuildRules(**rules))
    answer(said, fence, began)


def wait(db: Database, agent: str, rules: dict[str, Any]) -> None:
    """Wait for green as `swarm build wait` does."""
    began = time.monotonic_ns()
    outcome = waiting.wait(db, agent, BuildRules(**rules), tell=lambda *_: None)
    answer(told(outcome), outcome.build.fence, began)


def hold(db: Database, agent: str, for_s: float, every_s: float) -> None:
    """Renew the lease again and again, as `swarm build hold` does."""
    began = time.monotonic_ns()
    with db.subscribe() as commits:
        while time.monotonic_ns() < began + for_s * 1e9:
            outcome = build.renew(db, agent)
            commits.wait(every_s)
    answer(told(outcome), outcome.build.fence, began)


def lock(db: Database) -> None:
    """Hold the write lock until the next line; answers when it is held and when it is released."""
    with db.transaction():
        answer("holding")
        sys.stdin.readline()
    answer("released")


def skip_fair_turns(db: Database) -> None:
    """From now on this process takes the write lock without waiting for a fair turn."""
    database._TURN_LIMIT_S = 0.0
    answer("pushing")


def naive_claim(db: Database, agent: str, at_ns: int) -> None:
    """A wrong claim: read, decide, then write in a second transaction. The checker must notice it."""
    _wait_until(at_ns)
    began = time.monotonic_ns()
    with db.reading() as tx:
        seen = observe(tx)
    if seen.status == "fixing":
        answer("waiting", seen.fence, began)
        return
    with db.transaction() as tx:
        tx.execute(
            "update build_state set status = 'fixing', fixer_agent_id = :agent, fence = :fence, broken_since = 1, "
            "incident_id = :incident, lease_mono_ms = :far, lease_boot_id = 'b', lease_expires_at = 1 where id = 1",
            agent=agent,
            fence=seen.fence + 1,
            incident=seen.incident + 1,
            far=tx.moment.mono_ms + 900_000,
        )
    answer("yours new", seen.fence + 1, began)


def use_mutant(db: Database, what: str) -> None:
    """From now on this process runs a mutant of the build's statements."""
    mutant = next(mutant for mutant in MUTANTS if mutant.what == what)
    honest = Transaction.execute
    Transaction.execute = lambda tx, sql, **values: honest(tx, mutant(sql), **values)  # type: ignore[method-assign]
    answer("mutated")


def die_at(db: Database, statement: int) -> None:
    """Kill this process at that statement from now on; at the notification after the commit when it is 0."""

    def count_down(_: str) -> None:
        nonlocal statement
        statement -= 1
        if statement == 0:
            _die()

    if statement == 0:
        db.notifier.notify = _die  # type: ignore[method-assign]
    else:
        db._connection.set_trace_callback(count_down)
    answer("doomed")


def _wait_until(at_ns: int) -> None:
    """Sleep until just before, then spin: waking up takes longer than a race."""
    time.sleep(max(0, at_ns - time.monotonic_ns() - 1_000_000) / 1e9)
    while time.monotonic_ns() < at_ns:
        pass


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def send(db: Database, sender: str, recipient: str, body: str) -> None:
    began = time.monotonic_ns()
    number, _ = messages.send(db, sender, recipient, body, per_minute=10_000)
    answer("sent", number, began)


def task_add(db: Database, title: str) -> None:
    answer(tasks.add(db, title, "human").id)


def task_claim(db: Database, agent: str, task: str, at_ns: int) -> None:
    _wait_until(at_ns)
    began = time.monotonic_ns()
    outcome = tasks.claim(db, agent, task, 900)
    answer(f"{type(outcome).__name__} {outcome.task.claimant}", outcome.task.fence, began)


def lock_acquire(db: Database, agent: str, path: str, at_ns: int) -> None:
    _wait_until(at_ns)
    began = time.monotonic_ns()
    outcome = locks.acquire(db, agent, [LockName(path)], 900)
    if isinstance(outcome, locks.LocksAcquired):
        answer(f"Acquired {agent}", outcome.fence, began)
    else:
        lock = outcome.in_the_way[0][1]
        answer(f"HeldBy {lock.holder}", lock.fence, began)


def raw_update(db: Database, agent: str, row: int, at_ns: int) -> None:
    """The cheapest claim: one durable conditional update, without fair turns, events and messages."""
    connection = database.connect(db.path, 30)
    connection.execute("create table if not exists raw (id integer primary key, holder text)")
    _wait_until(at_ns)
    began = time.monotonic_ns()
    connection.execute("begin immediate")
    won = connection.execute(
        "insert into raw (id, holder) values (?, ?) on conflict (id) do update set holder = excluded.holder "
        "where holder is null returning id",
        (row, agent),
    ).fetchall()
    connection.execute("commit")
    answer("Won" if won else "Lost", began=began)
    connection.close()


ORDERS = {
    one.__name__: one
    for one in (
        act,
        wait,
        hold,
        lock,
        skip_fair_turns,
        naive_claim,
        use_mutant,
        die_at,
        send,
        task_add,
        task_claim,
        lock_acquire,
        raw_update,
    )
}

if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
