"""A failure of the network: a pause that grows, no attempt used up, and a human asked in the end."""

import pytest

from swarm_agents import roster
from swarm_agents.build import build, human_acts
from swarm_agents.build import wait as waiting
from swarm_agents.build.outcomes import BuildBroken, ErrorClass, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.db.database import Database
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.model import BuildRules, BuildStatus
from tests.support.clock import FakeClock

RULES = BuildRules()


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    for name in ("ada", "bob"):
        roster.join(db, name, "agent", None)
    build.report(db, "ada", "red", RULES)


def fail(db: Database) -> BuildBroken | HumanAsked:
    outcome = build.mark_failed(db, "ada", "no route", ErrorClass.NETWORK)
    assert isinstance(outcome, BuildBroken | HumanAsked)
    return outcome


def test_a_failure_of_the_network_uses_up_no_attempt(db: Database) -> None:
    now = fail(db).build

    assert (now.status, now.attempt) == (BuildStatus.BROKEN, 1)


def test_no_agent_may_claim_before_the_pause_is_over(db: Database, clock: FakeClock) -> None:
    fail(db)

    assert isinstance(build.claim(db, "bob", RULES), PlaceInLine)
    clock.forward(10)
    assert isinstance(build.claim(db, "bob", RULES), RoleGranted)


def test_a_report_during_the_pause_stands_in_line(db: Database, clock: FakeClock) -> None:
    fail(db)

    assert isinstance(build.report(db, "bob", "red", RULES, began=clock()), PlaceInLine)


def test_the_pauses_double_and_the_sixth_failure_asks_the_human(db: Database, clock: FakeClock) -> None:
    pauses = []
    while isinstance(fail(db), BuildBroken):
        began = clock.mono_ms
        while not isinstance(build.claim(db, "ada", RULES), RoleGranted):
            clock.forward(1)
        pauses.append((clock.mono_ms - began) // 1000)

    assert pauses == [10, 20, 40, 80, 160]
    assert build.current(db).status is BuildStatus.ESCALATED


def test_the_question_names_the_network_and_not_a_last_attempt(db: Database, clock: FakeClock) -> None:
    while isinstance(ended := fail(db), BuildBroken):
        clock.forward(160)
        build.claim(db, "ada", RULES)

    with db.reading() as tx:
        assert escalations.find(tx, ended.escalation).reason == "the network failed 6 times: no route"


def test_a_new_budget_begins_without_a_pause(db: Database) -> None:
    fail(db)
    asked = build.escalate(db, "human", "look")
    assert isinstance(asked, HumanAsked)

    human_acts.resolve(db, asked.escalation, Resolution.RETRY, RULES)

    assert isinstance(build.claim(db, "bob", RULES), RoleGranted)


def test_a_waiter_outlasts_the_pause_and_takes_the_role(db: Database, clock: FakeClock) -> None:
    fail(db)

    def when_told(_: PlaceInLine, __: float) -> None:
        clock.forward(10)

    assert isinstance(waiting.wait(db, "bob", BuildRules(wait_s=20), when_told), RoleGranted)


def test_a_wall_clock_that_jumps_ends_no_pause(db: Database, clock: FakeClock) -> None:
    fail(db)

    clock.jump(3600)

    assert isinstance(build.claim(db, "bob", RULES), PlaceInLine)
