"""What ends a wait for green, and what does not; threads stand for the other processes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build, human_acts, waiters
from swarm_agents.build import wait as waiting
from swarm_agents.build.outcomes import BuildPassing, Evidence, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.db.database import Database
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.model import BuildRules
from tests.support.until import until

RULES = BuildRules(lease_s=900, wait_s=60)


@pytest.fixture
def real_db(db_path: Path) -> Iterator[Database]:
    """With the host's own clock, because these waits are real."""
    with Database(db_path) as opened:
        for name in ("ada", "bob"):
            roster.join(opened, name, "agent", None)
        yield opened


def test_there_is_nothing_to_wait_for_on_a_passing_build(real_db: Database) -> None:
    assert isinstance(waiting.wait(real_db, "bob", RULES, tell=silent), BuildPassing)


def test_an_agent_that_waits_takes_a_free_role(real_db: Database) -> None:
    build.report(real_db, "ada", "tests fail", RULES)
    build.give_up(real_db, "ada")

    assert isinstance(waiting.wait(real_db, "bob", RULES, tell=silent), RoleGranted)


def test_the_fixer_does_not_wait_for_itself(real_db: Database) -> None:
    build.report(real_db, "ada", "tests fail", RULES)

    outcome = waiting.wait(real_db, "ada", RULES, tell=silent)

    assert isinstance(outcome, RoleGranted) and not outcome.new


def test_the_deadline_ends_the_wait_and_keeps_the_place_in_line(real_db: Database) -> None:
    build.report(real_db, "ada", "tests fail", RULES)

    first = waiting.wait(real_db, "bob", RULES._replace(wait_s=0), tell=silent)
    again = waiting.wait(real_db, "bob", RULES._replace(wait_s=0), tell=silent)

    assert isinstance(first, PlaceInLine) and isinstance(again, PlaceInLine)
    assert again.ticket == first.ticket


def test_a_waiter_is_told_once_at_the_start_with_the_seconds_left(real_db: Database) -> None:
    build.report(real_db, "ada", "tests fail", RULES)
    told: list[float] = []

    waiting.wait(real_db, "bob", RULES._replace(wait_s=0.2), tell=lambda _, left_s: told.append(left_s))

    assert len(told) == 1
    assert 0 < told[0] <= 0.2


def fixed(db: Database) -> None:
    build.mark_fixed(db, "ada", Evidence("the check passed", db.moment()))


def given_up(db: Database) -> None:
    build.give_up(db, "ada")


def handed_over(db: Database) -> None:
    build.hand_over(db, "ada", "bob", RULES)


def force_released(db: Database) -> None:
    human_acts.force_release(db, build.current(db).fence, "stuck")


def escalated(db: Database) -> None:
    build.escalate(db, "ada", "help")


def fixed_and_broken_again(db: Database) -> None:
    fixed(db)
    build.report(db, "ada", "something else", RULES)


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        (fixed, BuildPassing),
        (given_up, RoleGranted),
        (handed_over, RoleGranted),
        (force_released, RoleGranted),
        (escalated, HumanAsked),
        (fixed_and_broken_again, BuildPassing),
    ],
)
def test_every_end_of_the_wait_wakes_the_waiter(
    real_db: Database, event: Callable[[Database], None], answer: type
) -> None:
    build.report(real_db, "ada", "tests fail", RULES)

    with waits(real_db.path, "bob") as outcomes:
        until(lambda: line(real_db) == ["bob"], "bob stands in line")
        event(real_db)

    [outcome] = outcomes
    assert isinstance(outcome, answer)
    assert line(real_db) == []


def test_a_waiter_that_was_forgotten_joins_the_line_again(real_db: Database) -> None:
    build.report(real_db, "ada", "tests fail", RULES)

    with waits(real_db.path, "bob") as outcomes:
        until(lambda: line(real_db) == ["bob"], "bob stands in line")
        with real_db.transaction() as tx:
            waiters.dismiss_all(tx)
        until(lambda: line(real_db) == ["bob"], "bob stands in line again")
        fixed(real_db)

    assert isinstance(outcomes[0], BuildPassing)


def test_a_lost_notification_delays_a_waiter_but_does_not_lose_it(
    real_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.report(real_db, "ada", "tests fail", RULES)

    with waits(real_db.path, "bob") as outcomes:
        until(lambda: line(real_db) == ["bob"], "bob stands in line")
        monkeypatch.setattr(real_db.notifier, "notify", lambda: None)
        fixed(real_db)

    assert isinstance(outcomes[0], BuildPassing)


def test_an_escalation_ends_every_wait_and_after_its_answer_the_next_wait_gets_the_role(real_db: Database) -> None:
    build.report(real_db, "ada", "tests fail", RULES)
    escalated(real_db)
    assert isinstance(waiting.wait(real_db, "bob", RULES, tell=silent), HumanAsked)
    with real_db.reading() as tx:
        number = escalations.find_open_about_build(tx)

    human_acts.resolve(real_db, number, Resolution.RETRY, RULES)

    assert isinstance(waiting.wait(real_db, "bob", RULES, tell=silent), RoleGranted)


@contextmanager
def waits(path: Path, agent: str) -> Iterator[list[object]]:
    """The agent waits in a thread; when the block ends, the list holds what its wait returned."""
    outcomes: list[object] = []

    def wait() -> None:
        with Database(path) as own:
            outcomes.append(waiting.wait(own, agent, RULES, tell=silent))

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield outcomes
    finally:
        thread.join(70)
        assert not thread.is_alive()


def line(db: Database) -> list[str]:
    with db.reading() as tx:
        return [waiter.agent for waiter in waiters.list_waiting(tx)]


def silent(*_: object) -> None:
    """Ignores what a waiter is told."""
