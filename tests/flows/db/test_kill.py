"""kill -9 at any moment leaves a sound database, loses no acknowledged write, and stops no other process."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules
from tests.support.model import Act
from tests.support.processes import workers
from tests.support.swarm import check_rows_agree, observe, perform

KILLS = 300
AT_ONCE = 4
AGENTS = ["ada", "bob", "cyd"]


@pytest.fixture(autouse=True)
def agents(db_path: Path) -> None:
    with Database(db_path) as db:
        for name in AGENTS:
            roster.join(db, name, "agent", None)


@dataclass
class AcknowledgedWrites:
    """The writes that a process had reported as done before it ended or was killed."""

    messages: dict[int, str] = field(default_factory=dict)
    fences: set[int] = field(default_factory=set)


def test_swarm_commands_killed_300_times_leave_a_sound_database_that_goes_on(db_path: Path) -> None:
    dice = random.Random(0)
    patience_s = seconds_of_one_wave(db_path)
    said, kills = AcknowledgedWrites(), 0

    while kills < KILLS:
        running = [start(db_path, *random_command(dice)) for _ in range(AT_ONCE)]
        hit = killed(running, [dice.uniform(0.5, 1.1) * patience_s for _ in running])
        kills += hit
        patience_s *= 0.8 if hit < AT_ONCE - 1 else 1.1  # most die, and late: during their writes
        for process in running:
            note(said, process)

        assert damage(db_path) == []
        with Database(db_path, lock_timeout_s=5) as db:
            messages.send(db, "human", "all", "we go on")
    last = start(db_path, "msg", "send", "all", "still here", "--as", "human", "--json")
    note(said, last)

    assert last.returncode == 0
    with Database(db_path) as db, db.reading() as tx:
        check_rows_agree(tx)
        stored = {row["id"]: row["body"] for row in tx.execute("select id, body from messages")}
        granted = {row["fence"] for row in tx.execute("select fence from attempts")}
    assert said.messages.items() <= stored.items()
    assert said.fences <= granted
    assert len(said.messages) > 20


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ([], Act("report", "ada")),
        ([Act("report", "bob"), Act("give_up", "bob")], Act("claim", "ada")),
        ([Act("report", "ada")], Act("fixed", "ada")),
        ([Act("report", "ada")], Act("failed", "ada")),
        ([Act("report", "ada")], Act("refused", "ada")),
        ([Act("report", "bob")], Act("escalate", "ada")),
        ([Act("report", "bob"), Act("escalate", "bob")], Act("resolve", "ada", to="assign")),
    ],
    ids=lambda given: given.name if isinstance(given, Act) else "",
)
def test_an_act_killed_at_any_of_its_statements_is_done_completely_or_not_at_all(
    db_path: Path, before: list[Act], act: Act
) -> None:
    with workers(db_path, 1) as [first]:
        for earlier in before:
            first.act(earlier)
    untouched = db_path.read_bytes()

    statement, died = 1, True
    while died:
        restore(db_path, untouched)
        with Database(db_path) as db, db.reading() as tx:
            start_state = observe(tx)
        with workers(db_path, 1) as [doomed]:
            doomed.send("die_at", statement=statement)
            doomed.receive()
            doomed.send_act(act)
            died = doomed.died()

            assert damage(db_path) == []
            with Database(db_path, lock_timeout_s=5) as db:
                with db.reading() as tx:
                    check_rows_agree(tx)
                    assert not died or observe(tx) == start_state
                    assert db.red_flag.exists() or observe(tx).status == "passing"
                perform(db, act, BuildRules())
        statement += 1
    assert statement > 5


def test_a_claim_killed_between_commit_and_notification_is_kept_and_can_be_repeated(db_path: Path) -> None:
    with workers(db_path, 3) as [doomed, waiter, again]:
        doomed.send("die_at", statement=0)
        doomed.receive()
        doomed.send_act(Act("report", "ada"))
        assert doomed.died()

        assert waiter.act(Act("report", "bob")).told == "waiting"
        repeated = again.act(Act("report", "ada"))

    assert (repeated.told, repeated.fence) == ("yours", 1)


def random_command(dice: random.Random) -> list[str]:
    agent = dice.choice(AGENTS)
    commands = [
        ["build", "report", "--summary", "tests fail", "--as", agent],
        ["build", "claim", "--as", agent],
        ["build", "renew", "--as", agent],
        ["build", "failed", "--reason", "no idea", "--as", agent],
        ["build", "give-up", "--as", agent],
        ["build", "force-release"],
        ["escalation", "resolve", str(dice.randrange(1, 5)), "--option", "retry"],
        ["escalation", "resolve", str(dice.randrange(1, 5)), "--option", "declare-passing"],
        ["inbox", "--as", agent],
        *[["msg", "send", "all", f"news {dice.random()}", "--as", "human"]] * 8,
    ]
    return [*dice.choice(commands), "--json"]


def start(db_path: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "swarm_agents.cli.main", *words],
        cwd=db_path.parent,
        env=os.environ | {"SWARM_DB": str(db_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def seconds_of_one_wave(db_path: Path) -> float:
    began = time.monotonic()
    wave = [start(db_path, "msg", "send", "all", "a first one", "--as", "human", "--json") for _ in range(AT_ONCE)]
    for process in wave:
        process.communicate()
    return time.monotonic() - began


def killed(running: list["subprocess.Popen[bytes]"], delays_s: list[float]) -> int:
    """Kill each after its delay from now; how many were still alive then."""
    began = time.monotonic()
    for process, delay_s in sorted(zip(running, delays_s, strict=True), key=lambda pair: pair[1]):
        try:
            process.wait(max(0.0, began + delay_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
    return sum(process.wait() < 0 for process in running)


def note(said: AcknowledgedWrites, process: "subprocess.Popen[bytes]") -> None:
    """Record the answer if all of it was printed, even when the process was killed after that."""
    out, _ = process.communicate(timeout=60)
    assert process.returncode < 70 or process.returncode > 73, f"{process.args}: {out.decode()}"
    if not out.endswith(b"\n"):
        return
    answer = json.loads(out)
    arguments = list(process.args)  # type: ignore[arg-type]
    if answer["code"] == "ok" and "send" in arguments:
        said.messages[answer["data"]["id"]] = arguments[arguments.index("send") + 2]
    if answer["code"] == "you_are_fixer":
        said.fences.add(answer["data"]["fence"])


def damage(db_path: Path) -> list[str]:
    with closing(sqlite3.connect(db_path)) as shell:
        found = [row[0] for row in shell.execute("pragma integrity_check")]
        found += [f"{row} refers to a missing row" for row in shell.execute("pragma foreign_key_check")]
    return [line for line in found if line != "ok"]


def restore(db_path: Path, content: bytes) -> None:
    for leftover in (db_path, Path(f"{db_path}-wal"), Path(f"{db_path}-shm")):
        leftover.unlink(missing_ok=True)
    db_path.write_bytes(content)
