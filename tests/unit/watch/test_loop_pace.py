"""How often the background loop looks: often while something runs out, seldom in a swarm where nothing happens."""

import pytest

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules, MessageType
from swarm_agents.tasks import tasks
from swarm_agents.watch.loop import AT_REST_S, COUNTING_S, QUIET_AFTER_S, QUIET_S, ROUND_S, LoopPace, choose_pace

AT_REST, QUIET, COUNTING = LoopPace(AT_REST_S, AT_REST_S), LoopPace(QUIET_S, QUIET_S), LoopPace(COUNTING_S, ROUND_S)


@pytest.fixture
def swarm(db: Database) -> Database:
    for name in ("ada", "bob"):
        roster.join(db, name, "agent", None)
    return db


def test_it_looks_seldom_once_nothing_was_committed_for_a_while(swarm: Database) -> None:
    assert choose_pace(swarm, QUIET_AFTER_S - 1) == AT_REST
    assert choose_pace(swarm, QUIET_AFTER_S) == QUIET


def test_it_looks_often_while_the_build_is_red(swarm: Database) -> None:
    build.report(swarm, "ada", "tests fail", BuildRules())

    assert choose_pace(swarm, QUIET_AFTER_S) == COUNTING


def test_a_task_a_lock_and_an_acknowledgement_run_out_in_a_quiet_swarm_too(swarm: Database) -> None:
    task = tasks.add(swarm, "Write the parser", "ada").id
    tasks.claim(swarm, "ada", task, 900)
    assert choose_pace(swarm, QUIET_AFTER_S) == AT_REST
    tasks.complete(swarm, "ada", task)
    assert choose_pace(swarm, QUIET_AFTER_S) == QUIET

    locks.acquire(swarm, "ada", [LockName("parser.py")], 900)
    assert choose_pace(swarm, QUIET_AFTER_S) == AT_REST
    locks.release(swarm, "ada", ["parser.py"])
    assert choose_pace(swarm, QUIET_AFTER_S) == QUIET

    messages.send(swarm, "ada", "bob", "Look at it", MessageType.QUESTION, ack_within_s=30)
    assert choose_pace(swarm, QUIET_AFTER_S) == AT_REST
