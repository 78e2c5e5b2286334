"""Acknowledgements: retries, the question to the human, late acknowledgements, excuses."""

import pytest

from swarm_agents import events, heartbeat, roster
from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import HumanAsked
from swarm_agents.db.database import Database
from swarm_agents.errors import Denied, NotFound, UsageError
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.escalations import AckResolution, Escalation, Resolution
from swarm_agents.messages import ack_escalations, acknowledgements, messages, reading
from swarm_agents.model import HUMAN, BuildRules, Message, MessageType
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


def test_it_is_sent_again_after_30_60_and_120_s_and_then_the_human_is_asked(db: Database, clock: FakeClock) -> None:
    ask(db)
    done = []

    for wait_s in SCHEDULE_S:
        clock.forward(wait_s - 1)
        assert acknowledgements.process_due(db) == 0
        clock.forward(1)
        assert acknowledgements.process_due(db) == 1
        done.append((len(retries(db)), states(db)))

    assert done == [(1, ["waiting"]), (2, ["waiting"]), (3, ["waiting"]), (3, ["asked"])]


def test_a_retry_is_a_message_of_its_own_that_refers_to_the_first(db: Database, clock: FakeClock) -> None:
    body = "\n".join(["ä\x1b[2J `$(reboot)`"] * 400)[:5000]
    first = ask(db, body=body)
    until_asked(db, clock, rounds=1)

    [again] = retries(db)

    assert (again.sender, again.recipient, again.type, again.body) == ("ada", "bob", "QUESTION", body)
    assert (again.retry_of, again.thread, again.id > first) == (first, first, True)
    assert [one.id for one in reading.read_inbox(db, "bob").messages] == [first, again.id]


def test_a_message_of_10_240_bytes_is_unchanged_in_every_retry(db: Database, clock: FakeClock) -> None:
    body = "ä" * 5_120
    first = ask(db, body=body)
    until_asked(db, clock)

    assert [one.body for one in retries(db)] == [body] * 3
    [asked] = unanswered(db)
    assert asked.message == first


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_the_id_of_the_message_and_of_any_retry_acknowledges_it(db: Database, clock: FakeClock, which: int) -> None:
    first = ask(db)
    until_asked(db, clock, rounds=3)
    ids = [first, *(one.id for one in retries(db))]

    done = acknowledgements.acknowledge(db, "bob", ids[which])

    assert done == (first, True)
    assert states(db) == ["acknowledged"]
    assert reading.read_inbox(db, "bob").messages == []
    clock.forward(10_000)
    assert acknowledgements.process_due(db) == 0


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


def test_a_message_that_needs_no_acknowledgement_may_be_acknowledged(db: Database) -> None:
    message, _ = messages.send(db, "ada", "bob", "hello")

    assert acknowledgements.acknowledge(db, "bob", message).new
    with db.reading() as tx:
        assert reading.read_receipts(tx, message)["bob"][1] is not None
        assert reading.poll(tx, roster.find(tx, "ada")).messages == []


def test_each_recipient_of_a_broadcast_acknowledges_for_itself_only(db: Database, clock: FakeClock) -> None:
    first = ask(db, "all")
    acknowledgements.acknowledge(db, "cyd", first)
    until_asked(db, clock)

    assert {one.recipient for one in retries(db)} == {"bob"}
    with db.reading() as tx:
        assert [(one.agent, one.state) for one in ack_escalations.list_required(tx, first)] == [
            ("bob", "asked"),
            ("cyd", "acknowledged"),
        ]


def test_the_sender_finds_the_acknowledgement_in_its_inbox(db: Database) -> None:
    first = ask(db)

    acknowledgements.acknowledge(db, "bob", first)

    [told] = reading.read_inbox(db, "ada").messages
    assert (told.sender, told.type, told.reply_to) == ("bob", MessageType.ACK, first)


def test_the_human_is_asked_once_by_every_channel_and_the_build_is_not_touched(db: Database, clock: FakeClock) -> None:
    first = ask(db)
    build_before = {table: dump(db)[table] for table in ("build_state", "incidents", "attempts")}

    until_asked(db, clock)
    until_asked(db, clock)

    why = f"bob has not acknowledged message {first} of ada (QUESTION)"
    [asked] = unanswered(db)
    assert (asked.reason, asked.message, asked.incident) == (why, first, None)
    assert noted(db, "needs_attention") == [why]
    with db.reading() as tx:
        assert [one.channel for one in announcements.list_channels(tx, asked.id)] == ["dashboard", "tmux", "command"]
    assert {table: dump(db)[table] for table in build_before} == build_before


def test_the_question_names_recipients_retries_body_and_commands(db: Database, clock: FakeClock) -> None:
    first = ask(db, "tester", "May I drop the old column?")
    heartbeat.leave(db, "cyd")
    until_asked(db, clock)

    [asked] = unanswered(db)

    assert asked.reason == f"bob and cyd have not acknowledged message {first} of ada (QUESTION)"
    sent = f"bob: said to it {1 + len(retries(db))} times"
    for words in (sent, "cyd: said to it once; it has left", "May I drop the old column?"):
        assert words in asked.text
    assert asked.text.endswith(
        f"swarm escalation resolve {asked.id} --option say-again\n"
        f"  swarm escalation resolve {asked.id} --option excuse\n  swarm msg show {first}"
    )


def test_a_question_about_many_names_a_few_of_them_and_lists_all(db: Database, clock: FakeClock) -> None:
    names = [f"agent{number}" for number in range(5)]
    for name in names:
        roster.join(db, name, "crowd", None)
    ask(db, "crowd")
    until_asked(db, clock)

    [asked] = unanswered(db)

    assert asked.reason.startswith("agent0, agent1, agent2 and 2 more have not acknowledged")
    assert all(f"{name}: said to it 4 times" in asked.text for name in names)


def test_a_further_silent_recipient_joins_the_open_question_about_the_message(db: Database, clock: FakeClock) -> None:
    ask(db, "tester")
    heartbeat.leave(db, "cyd")
    until_asked(db, clock, rounds=1)
    [first] = unanswered(db)
    until_asked(db, clock)

    [joined] = unanswered(db)

    assert (first.id, first.reason[:17]) == (joined.id, "cyd has not ackno")
    assert joined.reason.startswith("bob and cyd have not")


def test_questions_about_two_messages_and_one_about_the_build_are_open_side_by_side(
    db: Database, clock: FakeClock
) -> None:
    ask(db), ask(db)
    build.report(db, "cyd", "tests fail", BuildRules())
    about_build = build.escalate(db, "cyd", "help")
    until_asked(db, clock)

    assert [one.message is None for one in unanswered(db)] == [True, False, False]
    assert isinstance(about_build, HumanAsked)
    assert build.claim(db, "ada", BuildRules()) == about_build
    human_acts.resolve(db, about_build.escalation, Resolution.RETRY, BuildRules())
    assert [one.message is None for one in unanswered(db)] == [False, False]


def test_the_human_is_asked_even_when_the_sender_cannot_be_told(db: Database, clock: FakeClock) -> None:
    ask(db)
    until_asked(db, clock, rounds=3)
    with db.transaction() as tx:
        tx.execute("create trigger refusal before insert on messages begin select raise(abort, 'full'); end")

    clock.forward(SCHEDULE_S[-1])
    acknowledgements.process_due(db)

    assert len(unanswered(db)) == 1
    assert noted(db, "message_lost") == ["to ada: full"]


def test_the_human_is_asked_at_once_about_a_message_that_cannot_be_sent_again(db: Database, clock: FakeClock) -> None:
    ask(db)
    ask(db, "cyd")
    with db.transaction() as tx:
        tx.execute("create trigger refusal before insert on messages begin select raise(abort, 'full'); end")

    clock.forward(SCHEDULE_S[0])
    acknowledgements.process_due(db)

    assert len(unanswered(db)) == 2
    assert "bob: said to it once" in unanswered(db)[0].text


def test_a_late_acknowledgement_closes_the_question(db: Database, clock: FakeClock) -> None:
    first = ask(db)
    until_asked(db, clock)

    acknowledgements.acknowledge(db, "bob", first)

    assert unanswered(db) == []
    assert (answered(db).resolution, answered(db).resolved_at) == ("acknowledged", clock().wall_ms)


def test_a_late_acknowledgement_by_one_leaves_the_question_about_the_others(db: Database, clock: FakeClock) -> None:
    first = ask(db, "tester")
    until_asked(db, clock)

    acknowledgements.acknowledge(db, "bob", first)

    [asked] = unanswered(db)
    assert asked.reason.startswith("cyd has not") and "bob:" not in asked.text


def test_the_human_can_excuse_a_recipient(db: Database, clock: FakeClock) -> None:
    first = ask(db)
    until_asked(db, clock)

    assert acknowledgements.excuse(db, "bob", first) == (first, True)
    assert acknowledgements.excuse(db, "bob", first) == (first, False)

    assert (states(db), unanswered(db), answered(db).resolution) == (["excused"], [], "excuse")
    with pytest.raises(NotFound):
        acknowledgements.excuse(db, "cyd", first)


def test_the_human_excuses_by_answering_the_question(db: Database, clock: FakeClock) -> None:
    ask(db, "tester")
    until_asked(db, clock)
    [asked] = unanswered(db)

    assert acknowledgements.answer(db, asked.id, AckResolution.EXCUSE, "cyd") == ["cyd"]
    assert unanswered(db)[0].reason.startswith("bob has not")
    assert acknowledgements.answer(db, asked.id, AckResolution.EXCUSE) == ["bob"]

    assert (states(db), unanswered(db)) == (["excused", "excused"], [])
    clock.forward(10_000)
    assert acknowledgements.process_due(db) == 0


def test_the_human_has_it_sent_again_and_is_asked_again_when_it_stays_unacknowledged(
    db: Database, clock: FakeClock
) -> None:
    first = ask(db)
    until_asked(db, clock)
    [asked] = unanswered(db)

    assert acknowledgements.answer(db, asked.id, AckResolution.SAY_AGAIN, reason="it is urgent") == ["bob"]

    assert (states(db), unanswered(db), answered(db).resolution) == (["waiting"], [], "say-again")
    *_, again, because = reading.read_inbox(db, "bob").messages
    assert (again.retry_of, again.body) == (first, "please look")
    assert (because.sender, because.body) == (HUMAN, "it is urgent")
    clock.forward(SCHEDULE_S[-1])
    acknowledgements.process_due(db)
    [asked_again] = unanswered(db)
    assert asked_again.id > asked.id and f"said to it {1 + len(retries(db))} times" in asked_again.text


def test_a_message_sent_again_by_the_human_is_acknowledged_by_any_of_its_ids(db: Database, clock: FakeClock) -> None:
    ask(db)
    until_asked(db, clock)
    acknowledgements.answer(db, unanswered(db)[0].id, AckResolution.SAY_AGAIN)

    acknowledgements.acknowledge(db, "bob", retries(db)[-1].id)

    assert states(db) == ["acknowledged"]


def test_nothing_is_sent_again_to_a_recipient_that_left(db: Database, clock: FakeClock) -> None:
    ask(db)
    heartbeat.leave(db, "bob")
    until_asked(db, clock, rounds=1)
    [asked] = unanswered(db)
    before = dump(db)

    with pytest.raises(NotFound, match="recipients have left") as refused:
        acknowledgements.answer(db, asked.id, AckResolution.SAY_AGAIN)

    assert refused.value.next == f"swarm escalation resolve {asked.id} --option excuse"
    assert dump(db) == before


def test_an_answer_that_does_not_fit_the_question_is_refused(db: Database, clock: FakeClock) -> None:
    ask(db)
    build.report(db, "cyd", "tests fail", BuildRules())
    build.escalate(db, "cyd", "help")
    until_asked(db, clock)
    about_build, about_message = unanswered(db)
    before = dump(db)

    with pytest.raises(UsageError):
        human_acts.resolve(db, about_message.id, Resolution.RETRY, BuildRules())
    with pytest.raises(UsageError):
        acknowledgements.answer(db, about_build.id, AckResolution.EXCUSE)
    with pytest.raises(NotFound):
        acknowledgements.answer(db, about_message.id, AckResolution.EXCUSE, "cyd")

    assert dump(db) == before


def test_a_question_is_answered_once(db: Database, clock: FakeClock) -> None:
    ask(db)
    until_asked(db, clock)
    [asked] = unanswered(db)
    acknowledgements.answer(db, asked.id, AckResolution.EXCUSE)

    with pytest.raises(NotFound, match="resolved already: excuse"):
        acknowledgements.answer(db, asked.id, AckResolution.SAY_AGAIN)


def test_an_unacknowledged_message_to_the_human_becomes_a_question_to_them(db: Database, clock: FakeClock) -> None:
    first = ask(db, HUMAN)
    until_asked(db, clock)
    [asked] = unanswered(db)

    assert f"  swarm msg ack {first}\n" in asked.text
    acknowledgements.acknowledge(db, HUMAN, first)
    assert unanswered(db) == []


def test_the_human_is_asked_at_once_about_a_recipient_that_left(db: Database, clock: FakeClock) -> None:
    ask(db)
    heartbeat.leave(db, "bob")
    clock.forward(30)

    acknowledgements.process_due(db)

    assert (retries(db), states(db)) == ([], ["asked"])
    assert "bob: said to it once; it has left" in unanswered(db)[0].text


def test_what_was_due_is_done_after_a_restart_of_the_host(db: Database, clock: FakeClock) -> None:
    ask(db)
    clock.reboot()

    assert acknowledgements.process_due(db) == 1
    assert len(retries(db)) == 1


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_wall_clock_that_jumps_makes_nothing_due(db: Database, clock: FakeClock, jump_s: float) -> None:
    ask(db)
    clock.jump(jump_s)

    assert acknowledgements.process_due(db) == 0
    clock.forward(30)
    assert acknowledgements.process_due(db) == 1


def test_retries_over_the_rate_are_delayed_and_not_lost(db: Database, clock: FakeClock) -> None:
    for number in range(25):
        messages.send(db, "human", "bob", f"number {number}", ack_within_s=1000)
    clock.forward(1000)
    sent = []

    for _ in range(3):
        acknowledgements.process_due(db)
        sent.append(len(retries(db)))
        acknowledgements.process_due(db)
        assert len(retries(db)) == sent[-1]
        clock.forward(60)

    assert sent == [10, 20, 25]


def test_retries_do_not_count_against_the_sender(db: Database, clock: FakeClock) -> None:
    for _ in range(10):
        ask(db, "tester", within_s=100)
    clock.forward(100)
    acknowledgements.process_due(db)

    assert len(retries(db)) == 20
    assert ask(db)


def test_acknowledgements_do_not_count_against_the_recipient(db: Database) -> None:
    for _ in range(10):
        acknowledgements.acknowledge(db, "bob", ask(db))

    assert messages.send(db, "bob", "ada", "hello")


def until_asked(db: Database, clock: FakeClock, rounds: int = 4) -> None:
    for wait_s in SCHEDULE_S[:rounds]:
        clock.forward(wait_s)
        acknowledgements.process_due(db)


def unanswered(db: Database) -> list[Escalation]:
    with db.reading() as tx:
        return escalations.list_open(tx)


def answered(db: Database) -> Escalation:
    """The newest one."""
    with db.reading() as tx:
        return escalations.list_latest(tx, 1)[0]


def noted(db: Database, kind: str) -> list[str]:
    with db.reading() as tx:
        return [one.detail for one in events.list_after(tx, 0, 100) if one.kind == kind]


def retries(db: Database) -> list[Message]:
    with db.reading() as tx:
        return [one for one in reading.read_log(tx, 1000).messages if one.retry_of]


def states(db: Database) -> list[str]:
    with db.reading() as tx:
        return [row["state"] for row in tx.execute("select state from acknowledgements order by message_id, agent")]
