"""Many processes report a red build at the same instant: one becomes the fixer, and none sees a locked database."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.model import BuildRules
from swarm_agents.system import file_lock
from tests.support.model import Act
from tests.support.processes import Answer, Worker, at_once, workers
from tests.support.swarm import check_rows_agree, observe
from tests.support.until import until

ROUNDS = 200
GREEN_LIMIT_S = 20  # the promise is two seconds; a busy machine is no defect

HERD = [f"agent-{n}" for n in range(8)]


@pytest.fixture
def herd(db_path: Path) -> Iterator[list[Worker]]:
    join(db_path, HERD)
    with workers(db_path, len(HERD)) as started:
        yield started


def test_of_eight_that_report_at_once_exactly_one_is_the_fixer_in_each_of_200_rounds(
    db_path: Path, herd: list[Worker]
) -> None:
    for round_ in range(ROUNDS):
        assert elect_and_fix(herd) == {"yours new": 1, "waiting": 7}, f"round {round_}"

    with Database(db_path) as db, db.reading() as tx:
        assert (observe(tx).incident, observe(tx).fence) == (ROUNDS, 2 * ROUNDS)
        check_rows_agree(tx)


def test_the_election_holds_while_a_stopped_process_blocks_the_fair_turns(db_path: Path, herd: list[Worker]) -> None:
    for worker in herd:
        worker.send("skip_fair_turns")
        assert worker.receive().told == "pushing"

    with file_lock.held(Path(f"{db_path}-lock"), 1):
        rounds = [elect_and_fix(herd) for _ in range(ROUNDS // 4)]

    assert rounds == [{"yours new": 1, "waiting": 7}] * (ROUNDS // 4)


@pytest.mark.parametrize("lease", ["live", "over"])
def test_of_six_that_end_the_last_attempt_at_once_exactly_one_asks_the_human(
    db_path: Path, herd: list[Worker], lease: str
) -> None:
    rules = BuildRules(max_attempts=2, lease_s=900 if lease == "live" else 0)
    human, fixer, crowd = herd[0], HERD[0], herd[1:7]

    for round_ in range(ROUNDS // 2):
        human.act(Act("report", fixer), rules)
        human.act(Act("failed", fixer), rules)
        fence = human.act(Act("claim", fixer), rules).fence

        ends = [Act("failed", fixer, fence)] * 4 + [Act("lose_fixer", fixer, fence), Act("failed", fixer)]
        if lease == "over":
            ends[2:] = [Act("claim", HERD[1]), Act("report", HERD[2]), Act("reap"), Act("lose_fixer", fixer, fence)]
        answers = at_once(list(zip(crowd, ends, strict=True)), rules)

        assert not any(answer.error for answer in answers), answers
        with Database(db_path) as db, db.reading() as tx:
            now = observe(tx)
            check_rows_agree(tx)
        assert (now.status, now.asked, now.rows, now.used) == ("escalated", round_ + 1, 2, 2), answers
        assert human.act(Act("resolve", to="declare-passing")).told == "passing"


def test_fifty_waiters_all_return_once_it_is_green(db_path: Path) -> None:
    names = [f"waiter-{n}" for n in range(50)]
    rules = BuildRules(wait_s=300)
    join(db_path, ["ada", *names])
    with workers(db_path, 51) as [fixer, *crowd]:
        fence = fixer.act(Act("report", "ada"), rules).fence
        for worker, name in zip(crowd, names, strict=True):
            worker.send("wait", agent=name, rules=rules._asdict())
        with Database(db_path) as db:
            until(lambda: len(line(db)) == 50, "all stand in line")

        fixer.act(Act("fixed", "ada", fence), rules)

        assert tally([waiter.receive(GREEN_LIMIT_S) for waiter in crowd]) == {"passing": 50}


def elect_and_fix(herd: list[Worker]) -> dict[str, int]:
    """All report at once and the elected fixer marks it fixed; how often each answer was given."""
    answers = at_once([(worker, Act("report", name)) for worker, name in zip(herd, HERD, strict=True)], BuildRules())
    for worker, name, answer in zip(herd, HERD, answers, strict=True):
        if answer.told == "yours new":
            assert worker.act(Act("fixed", name, answer.fence)).told == "passing"
    return tally(answers)


def join(path: Path, names: list[str]) -> None:
    with Database(path) as db:
        for name in names:
            roster.join(db, name, "agent", None)


def line(db: Database) -> list[str]:
    with db.reading() as tx:
        return [name for name, _ in observe(tx).line]


def tally(answers: list[Answer]) -> dict[str, int]:
    return dict(Counter(answer.error or answer.told for answer in answers))
