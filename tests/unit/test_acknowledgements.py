"""What must be acknowledged is said again, then asked of the human: once, by whoever looks; late is not too late."""

import pytest

from swarm_agents import acknowledgements, events, messages, presence, roster
from swarm_agents.db.database import Database
from swarm_agents.errors import Denied, NotFound
from swarm_agents.model import HUMAN, Message, MessageType
from tests.support.clock import FakeClock
from tests.support.swarm import dump

SCHEDULE_S = (30, 60, 120, 120)  # until each retry, and until the human is asked


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    roster.join(db, "ada", "builder", None)
    roster.join(db, "bob", "tester", None)
    roster.join(db, "cyd", "tester", None)


def ask(db: Database, recipient: str = "bob", body: str = "please look", within_s: float = 30) -> int:
    return messages.send(db, "ada", recipient, body, MessageType.QUESTION, ack_within_s=within_s)[0]


def test_it_is_said_again_after_30_60_and_120_s_and_then_the_human_is_asked(db: Database, clock: FakeClock) -> None:
    ask(db)
    done = []

    for wait_s in SCHEDULE_S:
        clock.forward(wait_s - 1)
        assert acknowledgements.pump(db) == 0
        clock.forward(1)
        assert acknowledgements.pump(db) == 1
        done.append((len(retries(db)), states(db)))

    assert done == [(1, ["waiting"]), (2, ["waiting"]), (3, ["waiting"]), (3, ["asked"])]


def test_a_retry_is_a_message_of_its_own_that_refers_to_the_first(db: Database, clock: FakeClock) -> None:
    body = "\n".join(["ä\x1b[2J `$(reboot)`"] * 400)[:5000]
    first = ask(db, body=body)
    until_asked(db, clock, rounds=1)

    [again] = retries(db)

    assert (again.sender, again.recipient, again.type, again.body) == ("ada", "bob", "QUESTION", body)
    assert (again.retry_of, again.thread, again.id > first) == (first, first, True)
    assert [one.id for one in messages.inbox(db, "bob").messages] == [first, again.id]


def test_a_message_of_10_240_bytes_survives_every_retry_and_the_question_to_the_human(
    db: Database, clock: FakeClock
) -> None:
    body = "ä" * 5_120
    first = ask(db, body=body)
    until_asked(db, clock)

    assert [one.body for one in retries(db)] == [body] * 3
    with db.reading() as tx:
        [asked] = acknowledgements.asked(tx)
    assert (asked.message, asked.agent, asked.sender) == (first, "bob", "ada")


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_the_id_of_the_message_and_of_any_retry_acknowledges_it(db: Database, clock: FakeClock, which: int) -> None:
    first = ask(db)
    until_asked(db, clock, rounds=3)
    ids = [first, *(one.id for one in retries(db))]

    done = acknowledgements.acknowledge(db, "bob", ids[which])

    assert done == (first, True)
    assert states(db) == ["acked"]
    assert messages.inbox(db, "bob").messages == []
    clock.forward(10_000)
    assert acknowledgements.pump(db) == 0


def test_acknowledging_twice_is_harmless(db: Database) -> None:
    first = ask(db)
    acknowledgements.acknowledge(db, "bob", first)
    before = dump(db)

    assert acknowledgements.acknowledge(db, "bob", first) == (first, False)
    assert dump(db) == before


@pytest.mark.parametrize("other", ["cyd", "ada", HUMAN])
def test_only_a_recipient_can_acknowledge_it(db: Database, clock: FakeClock, other: str) -> None:
    first = ask(db)
    until_asked(db, clock, rounds=1)
    before = dump(db)

    for shown in (first, retries(db)[0].id):
        with pytest.raises(Denied):
            acknowledgements.acknowledge(db, other, shown)

    assert dump(db) == before


def test_a_message_that_does_not_exist_cannot_be_acknowledged(db: Database) -> None:
    with pytest.raises(NotFound):
        acknowledgements.acknowledge(db, "bob", 99)


def test_one_that_needs_no_acknowledgement_may_be_acknowledged(db: Database) -> None:
    message, _ = messages.send(db, "ada", "bob", "hello")

    assert acknowledgements.acknowledge(db, "bob", message).new
    with db.reading() as tx:
        assert messages.receipts(tx, message)["bob"][1] is not None
        assert messages.poll(tx, roster.find(tx, "ada")).messages == []


def test_each_recipient_of_a_broadcast_answers_for_itself(db: Database, clock: FakeClock) -> None:
    first = ask(db, "all")
    acknowledgements.acknowledge(db, "cyd", first)
    until_asked(db, clock)

    assert {one.recipient for one in retries(db)} == {"bob"}
    with db.reading() as tx:
        assert [(one.agent, one.state) for one in acknowledgements.of(tx, first)] == [
            ("bob", "asked"),
            ("cyd", "acked"),
        ]


def test_the_sender_learns_of_it_in_its_inbox(db: Database) -> None:
    first = ask(db)

    acknowledgements.acknowledge(db, "bob", first)

    [told] = messages.inbox(db, "ada").messages
    assert (told.sender, told.type, told.reply_to) == ("bob", MessageType.ACK, first)


def test_the_human_is_asked_once_and_neither_the_build_nor_its_escalations_are_touched(
    db: Database, clock: FakeClock
) -> None:
    first = ask(db)
    build_before = {table: dump(db)[table] for table in ("build_state", "escalations", "incidents")}

    until_asked(db, clock)
    until_asked(db, clock)

    with db.reading() as tx:
        [told] = [one for one in messages.log(tx).messages if one.recipient == HUMAN]
        noted = [one.detail for one in events.after(tx, 0, 100) if one.kind == "needs_attention"]
    why = f"bob has not acknowledged message {first} of ada (QUESTION)"
    assert noted == [why] and why in told.body and f"swarm msg ack {first} --for bob" in told.body
    assert {table: dump(db)[table] for table in build_before} == build_before


def test_a_late_acknowledgement_answers_the_question(db: Database, clock: FakeClock) -> None:
    first = ask(db)
    until_asked(db, clock)

    acknowledgements.acknowledge(db, "bob", first)

    with db.reading() as tx:
        assert acknowledgements.asked(tx) == []


def test_the_human_can_excuse_a_recipient(db: Database, clock: FakeClock) -> None:
    first = ask(db)
    until_asked(db, clock)

    assert acknowledgements.excuse(db, "bob", first) == (first, True)
    assert acknowledgements.excuse(db, "bob", first) == (first, False)

    assert states(db) == ["excused"]
    with pytest.raises(NotFound):
        acknowledgements.excuse(db, "cyd", first)


def test_a_recipient_that_left_is_asked_about_at_once(db: Database, clock: FakeClock) -> None:
    ask(db)
    presence.leave(db, "bob")
    clock.forward(30)

    acknowledgements.pump(db)

    assert (retries(db), states(db)) == ([], ["asked"])


def test_what_was_due_is_done_after_a_restart_of_the_host(db: Database, clock: FakeClock) -> None:
    ask(db)
    clock.reboot()

    assert acknowledgements.pump(db) == 1
    assert len(retries(db)) == 1


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_wall_clock_that_jumps_makes_nothing_due(db: Database, clock: FakeClock, jump_s: float) -> None:
    ask(db)
    clock.jump(jump_s)

    assert acknowledgements.pump(db) == 0
    clock.forward(30)
    assert acknowledgements.pump(db) == 1


def test_retries_over_the_rate_are_delayed_and_not_lost(db: Database, clock: FakeClock) -> None:
    for number in range(25):
        messages.send(db, "human", "bob", f"number {number}", ack_within_s=1000)
    clock.forward(1000)
    said = []

    for _ in range(3):
        acknowledgements.pump(db)
        said.append(len(retries(db)))
        acknowledgements.pump(db)
        assert len(retries(db)) == said[-1]
        clock.forward(60)

    assert said == [10, 20, 25]


def test_retries_do_not_count_against_the_sender(db: Database, clock: FakeClock) -> None:
    for _ in range(10):
        ask(db, "tester", within_s=100)
    clock.forward(100)
    acknowledgements.pump(db)

    assert len(retries(db)) == 20
    assert ask(db)


def test_acknowledgements_do_not_count_against_the_one_who_acknowledges(db: Database) -> None:
    for _ in range(10):
        acknowledgements.acknowledge(db, "bob", ask(db))

    assert messages.send(db, "bob", "ada", "hello")


def until_asked(db: Database, clock: FakeClock, rounds: int = 4) -> None:
    for wait_s in SCHEDULE_S[:rounds]:
        clock.forward(wait_s)
        acknowledgements.pump(db)


def retries(db: Database) -> list[Message]:
    with db.reading() as tx:
        return [one for one in messages.log(tx, 1000).messages if one.retry_of]


def states(db: Database) -> list[str]:
    with db.reading() as tx:
        return [row["state"] for row in tx.execute("select state from acknowledgements order by message_id, agent")]
