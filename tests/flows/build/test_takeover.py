"""A dead fixer is replaced by exactly one waiter, a living one never, and one that comes back changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.model import BuildRules
from tests.support.model import Act
from tests.support.processes import Worker, workers
from tests.support.repo import Repo
from tests.support.swarm import check_rows_agree, dump, observe
from tests.support.until import until

LEASE_S = 1.0
RULES = BuildRules(lease_s=LEASE_S, wait_s=60)
WAITERS = ["bob", "cyd", "dan"]
SUCCESSOR_LIMIT_S = 20  # the promise is the lease and two seconds; a busy machine is no defect


@pytest.fixture
def crowd(db_path: Path) -> Iterator[list[Worker]]:
    """ada, and three who will wait for her."""
    with Database(db_path) as db:
        for name in ("ada", *WAITERS):
            roster.join(db, name, "agent", None)
    with workers(db_path, 4) as started:
        yield started


def test_a_killed_fixer_is_replaced_by_exactly_one_waiter(db_path: Path, crowd: list[Worker]) -> None:
    ada, *others = crowd
    fence = ada.act(Act("report", "ada"), RULES).fence
    send_to_wait(others, RULES)
    with Database(db_path) as db:
        until(lambda: len(line(db)) == 3, "three stand in line")

    ada.kill()

    with Database(db_path) as db:
        until(lambda: any(other.answered() for other in others), "a waiter is told", SUCCESSOR_LIMIT_S)
        with db.reading() as tx:
            now = observe(tx)
            check_rows_agree(tx)
        assert now.fixer in WAITERS
        assert now.fence > fence
        successor = others[WAITERS.index(str(now.fixer))]
        assert successor.receive().told == "yours new"
        assert sorted(line(db)) == sorted(set(WAITERS) - {now.fixer})
    assert [other.answered() for other in others].count(True) == 0


def test_a_fixer_that_shows_life_is_never_replaced_by_the_clock(db_path: Path, crowd: list[Worker]) -> None:
    ada, *others = crowd
    fence = ada.act(Act("report", "ada"), RULES).fence
    ada.send("hold", agent="ada", for_s=4 * LEASE_S, every_s=LEASE_S / 5)

    send_to_wait(others, RULES._replace(wait_s=3 * LEASE_S))

    assert [other.receive().told for other in others] == ["waiting"] * 3
    held = ada.receive()
    assert (held.told, held.fence) == ("yours", fence)


@pytest.mark.parametrize("late", ["fixed", "failed", "renew", "give_up"])
def test_a_fixer_that_slept_through_its_takeover_changes_nothing(db_path: Path, crowd: list[Worker], late: str) -> None:
    ada, bob, *_ = crowd
    fence = ada.act(Act("report", "ada"), RULES).fence
    ada.stop()
    ada.send_act(Act(late, "ada", fence), RULES)
    send_to_wait([bob], RULES)
    assert bob.receive(SUCCESSOR_LIMIT_S).told == "yours new"
    with Database(db_path) as db:
        before = dump(db)

        ada.go_on()

        assert ada.receive().told == "fenced"
        assert dump(db) == before


def test_a_waiter_whose_fixer_gives_up_is_woken_and_gets_the_role(db_path: Path, crowd: list[Worker]) -> None:
    patient = RULES._replace(lease_s=900)
    ada, bob, *_ = crowd
    ada.act(Act("report", "ada"), patient)
    send_to_wait([bob], patient)
    with Database(db_path) as db:
        until(lambda: line(db) == ["bob"], "bob stands in line")

    ada.act(Act("give_up", "ada"), patient)

    assert bob.receive(SUCCESSOR_LIMIT_S).told == "yours new"


def test_waiters_are_told_when_a_human_is_asked(db_path: Path, crowd: list[Worker]) -> None:
    patient = RULES._replace(lease_s=900)
    ada, *others = crowd
    ada.act(Act("report", "ada"), patient)
    send_to_wait(others, patient)
    with Database(db_path) as db:
        until(lambda: len(line(db)) == 3, "three stand in line")

    ada.act(Act("escalate", "ada"), patient)

    assert [other.receive(SUCCESSOR_LIMIT_S).told for other in others] == ["asked"] * 3


def test_the_commands_of_a_replaced_fixer_end_with_fenced_and_change_nothing(repo: Repo) -> None:
    repo.configure(lease_s=1, check="true")
    lost = repo.swarm("--as", "alice", "build", "report", "--summary", "tests fail", "--json").data["fence"]
    taken = repo.swarm("--as", "bob", "build", "wait", "--timeout", "60", "--json")
    assert (taken.exit, taken.data["fixer"]) == (81, "bob")
    repo.configure(lease_s=900, check="true")
    assert repo.swarm("--as", "bob", "build", "give-up").exit == 0
    assert repo.swarm("--as", "bob", "build", "claim").exit == 81  # a lease that outlasts this test
    before = rows(repo)

    late = [
        repo.swarm("--as", "alice", "build", *verb.split(), *fence, "--json")
        for verb in ("fixed", "renew", "give-up", "failed --reason late", "hand-over bob")
        for fence in ([], ["--fence", str(lost)])
    ]

    assert [(ran.exit, ran.json["code"]) for ran in late] == [(82, "fenced")] * 10
    assert rows(repo) == before


def rows(repo: Repo) -> dict[str, list[tuple[object, ...]]]:
    """All tables but agents, where every command records a sign of life."""
    with Database(repo.path / ".git" / "swarm" / "swarm.db") as db:
        return {table: found for table, found in dump(db).items() if table != "agents"}


def send_to_wait(others: list[Worker], rules: BuildRules) -> None:
    for other, name in zip(others, WAITERS, strict=False):
        other.send("wait", agent=name, rules=rules._asdict())


def line(db: Database) -> list[str]:
    with db.reading() as tx:
        return [name for name, _ in observe(tx).line]


def test_a_failed_attempt_is_answered_with_its_own_number(repo: Repo) -> None:
    numbers = []
    for agent in ("alice", "bob"):
        repo.swarm("--as", agent, "build", "report", "--summary", "x")
        failed = repo.swarm("--as", agent, "build", "failed", "--reason", "no idea", "--json")
        numbers.append(failed.data["attempt"])

    assert numbers == [1, 2]
