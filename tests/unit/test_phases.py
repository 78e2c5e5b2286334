"""Phases of a run: one is open at a time, and messages and waits belong to one attempt."""

import threading
import time

import pytest

from swarm_agents import events, phases, roster
from swarm_agents.db.database import Database
from swarm_agents.errors import AlreadyTaken, NotFound, UsageError
from swarm_agents.messages import acknowledgements, messages, reading
from swarm_agents.messages import wait as message_waiting
from swarm_agents.messages.rows import NO_FILTER, MessageFilter
from swarm_agents.model import SWARM, MessageType
from swarm_agents.phases import Phase, PhaseEnd
from tests.support.clock import FakeClock
from tests.support.swarm import dump


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    roster.join(db, "ada", "builder", None)
    roster.join(db, "bob", "tester", None)


def test_a_phase_begins_and_ends_with_its_event_and_the_next_attempt_is_another_one(
    db: Database, clock: FakeClock
) -> None:
    first = begin(db)
    clock.forward(60)
    assert phases.end_phase(db, first.id, PhaseEnd.FAILED, "driver")
    second = begin(db)

    assert (first.id, first.attempt, second.id, second.attempt) == ("oauth/plan/1", 1, "oauth/plan/2", 2)
    assert phases.read_newest(db, "oauth", "plan") == phases.read_newest(db, "oauth", None) == second
    with db.reading() as tx:
        ended = phases.find(tx, first.id)
        told = [
            (one.kind, one.actor, one.detail) for one in events.list_after(tx, 0, 100) if one.kind.startswith("phase")
        ]
    assert (ended.end, ended.ended_at) == (PhaseEnd.FAILED, first.started_at + 60_000)
    assert told == [
        ("phase_began", "driver", "oauth/plan/1"),
        ("phase_ended", "driver", "oauth/plan/1: failed"),
        ("phase_began", "driver", "oauth/plan/2"),
    ]


def test_a_driver_that_was_killed_begins_the_open_phase_again_and_nothing_changes(db: Database) -> None:
    first = begin(db)
    before = dump(db)

    assert begin(db) == first
    assert dump(db) == before


def test_a_phase_ends_once(db: Database) -> None:
    phase = begin(db)
    phases.end_phase(db, phase.id, PhaseEnd.COMPLETE, "driver")
    before = dump(db)

    assert not phases.end_phase(db, phase.id, PhaseEnd.FAILED, "driver")
    assert dump(db) == before
    with pytest.raises(NotFound):
        phases.end_phase(db, "oauth/plan/7", PhaseEnd.COMPLETE, "driver")


def test_two_phases_of_a_run_are_never_open_and_two_runs_may_be(db: Database) -> None:
    begin(db)

    with pytest.raises(AlreadyTaken, match="Phase plan of run oauth is still open"):
        begin(db, name="build")
    assert begin(db, run="search", name="build").id == "search/build/1"


@pytest.mark.parametrize(("run", "name"), [("a/b", "plan"), ("oauth", ""), ("oauth", "x" * 65), ("", "plan")])
def test_names_that_an_id_cannot_be_made_of_are_refused(db: Database, run: str, name: str) -> None:
    with pytest.raises(UsageError):
        begin(db, run, name)


def test_messages_of_another_phase_or_attempt_are_not_shown_and_not_lost(db: Database) -> None:
    plan = begin(db)
    say(db, "in the plan", plan)
    phases.end_phase(db, plan.id, PhaseEnd.FAILED, "driver")
    again = begin(db)
    say(db, "in the second attempt", again)
    say(db, "from outside")

    assert inbox(db, again) == ["in the second attempt", "from outside"]
    assert inbox(db, again) == []
    assert inbox(db, None) == ["in the plan"]


def test_reading_the_inbox_of_a_phase_moves_the_cursor_when_nothing_else_is_unread(db: Database) -> None:
    phase = begin(db)
    said = say(db, "one", phase)
    inbox(db, phase)

    assert floor(db) == said
    other = say(db, "elsewhere", begin(db, run="search"))
    say(db, "two", phase)
    inbox(db, phase)
    assert floor(db) < other


def test_an_unread_message_of_another_phase_after_the_page_does_not_stop_the_cursor(db: Database) -> None:
    phase = begin(db)
    first = say(db, "one", phase)
    say(db, "two", phase)
    say(db, "elsewhere", begin(db, run="search"))

    reading.read_inbox(db, "bob", limit=1, only=MessageFilter(phase=phase.id))

    assert floor(db) == first


def test_a_poll_of_a_phase_has_its_messages_and_those_of_no_phase(db: Database) -> None:
    plan = begin(db)
    say(db, "in the plan", plan)
    say(db, "elsewhere", begin(db, run="search"))
    with db.transaction() as tx:
        messages.post(tx, SWARM, "all", "from the swarm")

    with db.reading() as tx:
        page = reading.poll(tx, roster.find(tx, "bob"), only=MessageFilter(phase=plan.id))
        everything = reading.poll(tx, roster.find(tx, "bob"))

    assert [one.body for one in page.messages] == ["in the plan", "from the swarm"]
    assert [one.phase for one in everything.messages] == ["oauth/plan/1", "search/plan/1", None]


def test_a_repeated_message_belongs_to_the_phase_of_the_first(db: Database, clock: FakeClock) -> None:
    phase = begin(db)
    messages.send(db, "ada", "bob", "please look", ack_within_s=30, phase=phase.id)
    clock.forward(30)
    acknowledgements.process_due(db)

    with db.reading() as tx:
        assert [one.phase for one in reading.read_log(tx).messages] == [phase.id, phase.id]


def test_a_wait_ends_within_a_second_of_the_end_of_its_phase(db: Database) -> None:
    phase = begin(db)
    ended: list[tuple[object, float]] = []

    def wait() -> None:
        with Database(db.path) as own:
            outcome = message_waiting.wait(own, _bob(own), MessageFilter(phase=phase.id), 60)
            ended.append((outcome, time.monotonic()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    say(db, "elsewhere", begin(db, run="search"))
    phases.end_phase(db, phase.id, PhaseEnd.COMPLETE, "driver")
    at = time.monotonic()
    waiting.join(60)

    [(outcome, when)] = ended
    assert isinstance(outcome, Phase) and outcome.id == phase.id
    assert when - at < 1


def test_a_message_from_before_the_end_of_the_phase_still_ends_a_wait(db: Database) -> None:
    phase = begin(db)
    say(db, "because", phase, MessageType.ANSWER)
    phases.end_phase(db, phase.id, PhaseEnd.COMPLETE, "driver")

    found = message_waiting.wait(db, _bob(db), MessageFilter(type=MessageType.ANSWER, phase=phase.id), 60)

    assert isinstance(found, reading.MessagePage) and [one.body for one in found.messages] == ["because"]


def begin(db: Database, run: str = "oauth", name: str = "plan") -> Phase:
    return phases.begin_phase(db, run, name, "driver")


def say(db: Database, body: str, phase: Phase | None = None, type_: MessageType = MessageType.INFO) -> int:
    return messages.send(db, "ada", "bob", body, type_, 10_000, phase=phase.id if phase else None)[0]


def inbox(db: Database, phase: Phase | None) -> list[str]:
    asked = NO_FILTER._replace(phase=phase.id if phase else None)
    return [one.body for one in reading.read_inbox(db, "bob", only=asked).messages]


def floor(db: Database) -> int:
    with db.reading() as tx:
        row = tx.one("select inbox_floor from agents where name = 'bob'")
        return int(row["inbox_floor"]) if row else -1


def _bob(db: Database) -> roster.Agent:
    with db.reading() as tx:
        return roster.find(tx, "bob")
