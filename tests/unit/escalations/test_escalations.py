"""An escalation is opened once, with all that a human needs to answer it, and stays open until then."""

import pytest

from swarm_agents import roster
from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import HumanAsked
from swarm_agents.db.database import Database
from swarm_agents.errors import NotFound
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Escalation, Resolution
from swarm_agents.model import BuildRules
from tests.support.clock import FakeClock
from tests.support.swarm import count, dump

RULES = BuildRules(max_attempts=3)


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    for name in ("ada", "bob", "cyd"):
        roster.join(db, name, "agent", None)


def test_the_text_names_what_broke_and_every_attempt(db: Database, clock: FakeClock) -> None:
    build.report(db, "ada", "3 tests fail", RULES, evidence="E  assert 1 == 2")
    build.mark_failed(db, "ada", "could not find it")
    build.claim(db, "bob", RULES)
    clock.forward(900)
    build.claim(db, "cyd", RULES)
    build.give_up(db, "cyd", "wrong agent")
    build.claim(db, "ada", RULES)
    build.mark_failed(db, "ada", "still not")

    text = the_open_one(db).text

    with db.reading() as tx:
        assert f"Attempts: {count(tx, 'attempts')}" in text
    for line in (
        "3 tests fail",
        "1. ada: failed (could not find it)",
        "2. bob: expired",
        "3. cyd: released (wrong agent)",
        "4. ada: failed (still not)",
        "E  assert 1 == 2",
    ):
        assert line in text


def test_the_text_keeps_the_last_lines_of_the_output_within_bounds(db: Database) -> None:
    evidence = "\n".join(f"line {n} " + "x" * 1000 for n in range(100))
    build.report(db, "ada", "tests fail", RULES, evidence=evidence)

    build.escalate(db, "ada", "help")

    text = the_open_one(db).text
    assert "line 99" in text
    assert "line 80 " not in text
    assert len(text) < 6_500


def test_the_output_in_the_text_moves_no_cursor(db: Database) -> None:
    build.report(db, "ada", "tests fail", RULES, evidence="\x1b[2Jgone \u202e")

    build.escalate(db, "ada", "help")

    assert "\x1b" not in the_open_one(db).text
    assert "\u202e" not in the_open_one(db).text


@pytest.mark.parametrize("option", list(Resolution))
def test_the_text_names_each_option_by_the_command_that_does_it(db: Database, option: Resolution) -> None:
    asked = ask(db)

    assert f"swarm escalation resolve {asked.escalation} --option {option.value}" in the_open_one(db).text


def test_an_acknowledged_escalation_is_not_resolved(db: Database, clock: FakeClock) -> None:
    asked = ask(db)

    with db.transaction() as tx:
        escalations.acknowledge(tx, asked.escalation)

    seen = the_open_one(db)
    assert (seen.acked_at, seen.resolved_at) == (clock.wall_ms, None)


def test_the_first_acknowledgement_counts(db: Database, clock: FakeClock) -> None:
    asked = ask(db)
    with db.transaction() as tx:
        escalations.acknowledge(tx, asked.escalation)
    before = dump(db)
    clock.forward(60)

    with db.transaction() as tx:
        escalations.acknowledge(tx, asked.escalation)

    assert dump(db) == before


def test_a_resolved_escalation_keeps_its_answer_and_is_no_longer_open(db: Database) -> None:
    asked = ask(db)

    human_acts.resolve(db, asked.escalation, Resolution.DECLARE_PASSING, RULES, reason="flaky network")

    with db.reading() as tx:
        assert escalations.list_open(tx) == []
        [answered] = escalations.list_latest(tx, 10)
    assert (answered.resolution, answered.resolved_by, answered.answer) == ("declare-passing", "human", "flaky network")


def test_an_acknowledgement_survives_the_answer(db: Database) -> None:
    asked = ask(db)
    with db.transaction() as tx:
        escalations.acknowledge(tx, asked.escalation)

    human_acts.resolve(db, asked.escalation, Resolution.RETRY, RULES)

    with db.reading() as tx:
        assert escalations.find(tx, asked.escalation).acked_at is not None


@pytest.mark.parametrize("act", [escalations.find, escalations.acknowledge])
def test_an_escalation_that_does_not_exist_is_not_found(db: Database, act) -> None:  # type: ignore[no-untyped-def]
    with db.transaction() as tx, pytest.raises(NotFound):
        act(tx, 7)


def ask(db: Database) -> HumanAsked:
    build.report(db, "ada", "tests fail", RULES)
    asked = build.escalate(db, "ada", "help")
    assert isinstance(asked, HumanAsked)
    return asked


def the_open_one(db: Database) -> Escalation:
    with db.reading() as tx:
        [found] = escalations.list_open(tx)
    return found
