"""The answers that real processes got can be explained by one order of whole acts; the checker can refuse."""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.model import BuildRules, Moment
from tests.support.linearizability import Call, linearizable, overlapping
from tests.support.model import Act, Model, step
from tests.support.processes import Worker, workers
from tests.support.swarm import observe

HISTORIES = 10
ROUNDS = 25  # in each history, with one act of every process at the same time
NAMES = ["ada", "bob", "cyd", "dan"]
RULES = BuildRules(max_attempts=2)  # leases of a quarter of an hour: no time passes in a history
NOW = Moment(0, 0, "now")
HUMANS = ["force_release", "assign", "resolve"]
NAIVE_ROUNDS = 40
MUTANT_HISTORIES = 40  # to find a wrong statement in; most show in the first
GREEN = (
    "update build_state set status = 'passing', fence = fence + 1, fixer_agent_id = null, broken_since = null, "
    "lease_mono_ms = null, lease_boot_id = null, lease_expires_at = null"
)


@pytest.fixture
def crew(db_path: Path) -> Iterator[list[Worker]]:
    with Database(db_path) as db:
        for name in NAMES:
            roster.join(db, name, "agent", None)
    with workers(db_path, len(NAMES)) as started:
        yield started


def test_what_processes_see_of_the_build_is_one_order_of_whole_acts(db_path: Path, crew: list[Worker]) -> None:
    overlaps = 0

    for seed in range(HISTORIES):
        start = current(db_path)
        history = record(crew, random.Random(seed))
        overlaps += overlapping(history)

        assert linearizable(history, start, judged), f"history {seed}: {history}"

    assert overlaps > HISTORIES * ROUNDS  # otherwise nothing was tried


@pytest.mark.parametrize(
    "what",
    [
        "any fence is accepted",
        "anyone with the fence is the holder",
        "the role can be taken while it is held",
        "one attempt too many",
        "a human may come late",
        "any agent may hand over",
        "force-release ignores the fence",
        "an end takes no new fence",
    ],
)
def test_a_wrong_statement_shows_in_the_answers(db_path: Path, crew: list[Worker], what: str) -> None:
    shell(db_path, "drop trigger build_state_guard")
    for worker in crew:
        worker.send("use_mutant", what=what)
        assert worker.receive().told == "mutated"

    starts_and_histories = ((current(db_path), record(crew, random.Random(seed))) for seed in range(MUTANT_HISTORIES))

    assert not all(linearizable(history, start, judged) for start, history in starts_and_histories)


def test_a_claim_that_reads_first_and_writes_later_is_noticed(db_path: Path, crew: list[Worker]) -> None:
    shell(db_path, "drop trigger build_state_guard")

    verdicts = [judged_naive_claims(db_path, crew, at_once=True) for _ in range(NAIVE_ROUNDS)]

    assert False in verdicts
    assert judged_naive_claims(db_path, crew, at_once=False)  # so it was the race that was noticed


def test_the_triggers_hold_even_against_such_a_claim(db_path: Path, crew: list[Worker]) -> None:
    verdicts = [judged_naive_claims(db_path, crew, at_once=True) for _ in range(NAIVE_ROUNDS)]

    assert verdicts == [True] * NAIVE_ROUNDS


def test_the_checker_accepts_an_order_that_only_later_answers_explain() -> None:
    late_winner = Call(Act("report", "ada"), began=0, ended=10, answer=("yours new", 1))
    early_loser = Call(Act("report", "bob"), began=1, ended=2, answer=("waiting", 1))

    assert linearizable([early_loser, late_winner], Model(), judged)


def test_the_checker_refuses_a_second_winner() -> None:
    first = Call(Act("report", "ada"), began=0, ended=1, answer=("yours new", 1))
    second = Call(Act("report", "bob"), began=2, ended=3, answer=("yours new", 2))

    assert not linearizable([first, second], Model(), judged)


def test_the_checker_refuses_an_outdated_answer() -> None:
    claim = Call(Act("report", "ada"), began=0, ended=1, answer=("yours new", 1))
    ended = Call(Act("give_up", "ada"), began=2, ended=3, answer=("broken", 2))
    renewed = Call(Act("renew", "ada"), began=4, ended=5, answer=("yours", 1))

    assert not linearizable([claim, ended, renewed], Model(), judged)


def record(crew: list[Worker], dice: random.Random, rounds: int = ROUNDS) -> list[Call[Act]]:
    """Every process does one random act after the other, as fast as it can, all at the same time."""
    history, fences = [], [0]
    for _ in range(rounds):
        acts = [_random_act(name, fences, dice) for name in NAMES]
        for worker, act in zip(crew, acts, strict=True):
            worker.send_act(act, RULES)
        for worker, act in zip(crew, acts, strict=True):
            told = worker.receive()
            history.append(Call(act, told.began, told.ended, (told.error or told.told, told.fence)))
            fences.append(told.fence)
    return history


def _random_act(name: str, fences: list[int], dice: random.Random) -> Act:
    act = dice.choice(["report", "claim", "claim", "renew", "fixed", "failed", "give_up", "hand_over", *HUMANS])
    if act in HUMANS:
        return Act(act, "human", fences[-1], to="ada") if act != "resolve" else Act(act, "human", to="retry")
    return Act(act, name, dice.choice([None, *fences[-4:]]), to=next(other for other in NAMES if other != name))


def judged_naive_claims(db_path: Path, crew: list[Worker], at_once: bool) -> bool:
    """Whether one naive claim of each process is explained by whole acts. One that a trigger refused did nothing."""
    shell(db_path, GREEN)
    start = current(db_path)
    at_ns = time.monotonic_ns() + 2_000_000
    history = []
    for number, (worker, name) in enumerate(zip(crew, NAMES, strict=True)):
        worker.send("naive_claim", agent=name, at_ns=at_ns if at_once else at_ns + number * 20_000_000)
    for worker, name in zip(crew, NAMES, strict=True):
        said = worker.receive()
        if not said.error:
            history.append(Call(Act("report", name), said.began, said.ended, (said.told, said.fence)))
    return linearizable(history, start, judged)


def shell(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def judged(model: Model, act: Act) -> tuple[Model, tuple[str, int]]:
    after, told = step(model, act, NOW, RULES)
    return after, (told, 0 if told in ("not found", "nothing") else after.fence)


def current(path: Path) -> Model:
    with Database(path) as db, db.reading() as tx:
        return replace(observe(tx), deadline=None)
