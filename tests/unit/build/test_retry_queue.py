"""Turns after green: in ticket order, through a window that grows with success and shrinks with failure."""

import pytest

from swarm_agents.build import build, retry_queue
from swarm_agents.build.outcomes import Evidence
from swarm_agents.db.database import Database
from swarm_agents.model import BuildRules
from swarm_agents.roster import join
from tests.support.clock import FakeClock

AGENTS = [f"a{n}" for n in range(6)]


@pytest.fixture
def green(db: Database) -> Database:
    """It has just become green, and a1 to a5 stood in line in this order."""
    for agent in AGENTS:
        join(db, agent, "agent", None)
        build.report(db, agent, "red", BuildRules())
    build.mark_fixed(db, "a0", Evidence("checked", db.moment()))
    for agent in AGENTS[1:]:
        retry_queue.request_turn(db, agent)
    return db


def ahead(db: Database) -> list[int]:
    with db.reading() as tx:
        return [retry_queue.count_ahead(tx, agent) for agent in AGENTS[1:]]


def test_the_first_in_line_tries_first_and_the_others_know_their_place(green: Database) -> None:
    assert ahead(green) == [0, 1, 2, 3, 4]


def test_an_agent_that_never_waited_needs_no_turn(green: Database) -> None:
    assert retry_queue.request_turn(green, "a0") == 0
    assert retry_queue.request_turn(green, "stranger") == 0


def test_each_try_that_lands_doubles_the_window(green: Database) -> None:
    retry_queue.end_turn(green, "a1", landed=True)

    assert [retry_queue.request_turn(green, agent) for agent in AGENTS[2:]] == [0, 0, 1, 2]


def test_each_try_that_fails_halves_the_window_down_to_one(green: Database) -> None:
    retry_queue.end_turn(green, "a1", landed=True)
    retry_queue.end_turn(green, "a2", landed=False)
    retry_queue.end_turn(green, "a3", landed=False)

    assert [retry_queue.request_turn(green, agent) for agent in AGENTS[4:]] == [0, 1]


def test_an_agent_that_stopped_asking_delays_no_other(green: Database, clock: FakeClock) -> None:
    clock.forward(4)

    assert retry_queue.request_turn(green, "a5") == 1  # only a1 goes before it, which tries


def test_an_agent_that_dies_during_its_try_is_forgotten(green: Database, clock: FakeClock) -> None:
    clock.forward(100)
    before = retry_queue.request_turn(green, "a2")
    clock.forward(121)

    assert before == 1
    assert retry_queue.request_turn(green, "a2") == 0


def test_red_again_ends_all_turns(green: Database) -> None:
    build.report(green, "a1", "red again", BuildRules())

    assert ahead(green) == [0, 0, 0, 0, 0]
