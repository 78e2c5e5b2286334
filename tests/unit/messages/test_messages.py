"""Sending messages: who gets them, what is refused, and the rate limit; reading them from the inbox."""

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.errors import BadData, NotFound, RateLimited, UsageError
from swarm_agents.messages import messages, reading
from swarm_agents.model import DeliveryState, MessageType
from tests.support.clock import FakeClock
from tests.support.swarm import dump


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    roster.join(db, "ada", "builder", None)
    roster.join(db, "bob", "tester", None)
    roster.join(db, "cyd", "tester", None)


@pytest.mark.parametrize(
    ("recipient", "reached"),
    [("bob", {"bob"}), ("tester", {"bob", "cyd"}), ("all", {"bob", "cyd"}), ("human", set()), ("ada", {"ada"})],
)
def test_a_message_reaches_the_agent_the_role_or_everybody_else(
    db: Database, recipient: str, reached: set[str]
) -> None:
    _, queued = messages.send(db, "ada", recipient, "hello")

    assert {delivery.agent for delivery in queued} == reached


def test_an_agent_without_a_pane_gets_its_message_in_the_inbox_and_the_sender_is_told_so(db: Database) -> None:
    _, [queued] = messages.send(db, "ada", "bob", "hello")

    assert (queued.state, queued.reason) == (DeliveryState.SKIPPED, "no-tmux")
    assert bodies(reading.read_inbox(db, "bob")) == ["hello"]


def test_reading_five_of_twenty_five_leaves_twenty(db: Database) -> None:
    for number in range(25):
        messages.send(db, "human", "bob", f"number {number}")

    first = reading.read_inbox(db, "bob", limit=5)
    rest = reading.read_inbox(db, "bob", limit=1000)

    assert (bodies(first), first.more) == ([f"number {n}" for n in range(5)], True)
    assert (bodies(rest), rest.more) == ([f"number {n}" for n in range(5, 25)], False)
    assert reading.read_inbox(db, "bob").messages == []


def test_peeking_marks_nothing_as_read(db: Database) -> None:
    messages.send(db, "human", "bob", "hello")
    before = dump(db)

    assert bodies(reading.read_inbox(db, "bob", peek=True)) == ["hello"]
    assert dump(db) == before


def test_only_a_read_message_counts_as_delivered(db: Database) -> None:
    number, _ = messages.send(db, "human", "all", "hello")

    reading.read_inbox(db, "bob")

    with db.reading() as tx:
        states = {row["agent"]: row["state"] for row in tx.execute("select agent, state from deliveries")}
    assert states == {"ada": "skipped", "bob": "read", "cyd": "skipped"}
    assert number == 1


def test_own_messages_and_those_from_before_joining_are_not_in_the_inbox(db: Database) -> None:
    messages.send(db, "human", "all", "before she joined")
    roster.join(db, "eve", "tester", None)
    messages.send(db, "eve", "all", "I am here")
    messages.send(db, "bob", "tester", "welcome")

    assert bodies(reading.read_inbox(db, "eve")) == ["welcome"]


def test_the_log_is_the_newest_messages_oldest_first(db: Database) -> None:
    for number in range(5):
        messages.send(db, "human", "all", f"number {number}")

    with db.reading() as tx:
        page = reading.read_log(tx, 2)

    assert (bodies(page), page.more) == (["number 3", "number 4"], True)


@pytest.mark.parametrize("recipient", ["eve", "boss"])
def test_a_message_to_an_unknown_recipient_is_refused(db: Database, recipient: str) -> None:
    before = dump(db)

    with pytest.raises(NotFound):
        messages.send(db, "ada", recipient, "hello")

    assert dump(db) == before


@pytest.mark.parametrize("recipient", ["$role", "", "a b", "bob\n", "\x1b[2J", "x" * 10_000])
def test_a_recipient_that_is_no_name_is_refused(db: Database, recipient: str) -> None:
    before = dump(db)

    with pytest.raises(UsageError) as refused:
        messages.send(db, "ada", recipient, "hello")

    assert dump(db) == before
    assert "\x1b" not in refused.value.message


@pytest.mark.parametrize("body", ["", "  \n ", "\ud800", "x" * 10_241, "ä" * 5_121])
def test_an_empty_broken_or_oversized_body_is_refused(db: Database, body: str) -> None:
    before = dump(db)

    with pytest.raises(BadData):
        messages.send(db, "ada", "bob", body)

    assert dump(db) == before


@pytest.mark.parametrize("body", ["x" * 10_240, "ä" * 5_120, "line\n; $(reboot) \x1b[2J", "nul \x00 inside"])
def test_any_other_body_is_stored_exactly(db: Database, body: str) -> None:
    messages.send(db, "ada", "bob", body, MessageType.QUESTION)

    [kept] = reading.read_inbox(db, "bob").messages
    assert (kept.body, kept.type) == (body, MessageType.QUESTION)


@pytest.mark.parametrize("limit", [0, -1, 1001, 10**9])
def test_a_limit_out_of_range_is_refused(db: Database, limit: int) -> None:
    with pytest.raises(UsageError, match="between 1 and 1000"):
        reading.read_inbox(db, "bob", limit)
    with db.reading() as tx, pytest.raises(UsageError):
        reading.read_log(tx, limit)


def test_an_agent_sends_ten_messages_a_minute_and_is_told_when_to_try_again(db: Database, clock: FakeClock) -> None:
    for _ in range(10):
        messages.send(db, "ada", "all", "hello")
        clock.forward(1)
    before = dump(db)

    with pytest.raises(RateLimited, match="Try again in 50 s"):
        messages.send(db, "ada", "bob", "one too many")

    assert dump(db) == before
    clock.forward(50)
    assert messages.send(db, "ada", "bob", "a minute later")


def test_the_rate_limit_of_one_agent_limits_neither_another_nor_the_human(db: Database) -> None:
    for _ in range(10):
        messages.send(db, "ada", "all", "hello")

    assert messages.send(db, "bob", "all", "hello")
    for _ in range(20):
        assert messages.send(db, "human", "all", "hello")


def test_a_clock_that_went_back_does_not_silence_a_sender(db: Database, clock: FakeClock) -> None:
    for _ in range(10):
        messages.send(db, "ada", "all", "hello")
    clock.jump(-3600)

    assert messages.send(db, "ada", "bob", "an hour earlier")


def bodies(page: reading.MessagePage) -> list[str]:
    return [message.body for message in page.messages]
