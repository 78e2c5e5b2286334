"""Reading messages: cursors, receipts, filters, threads and search; nothing gets lost."""

import pytest

from swarm_agents import heartbeat, roster
from swarm_agents.db.database import Database
from swarm_agents.errors import NotFound, UsageError
from swarm_agents.messages import messages, reading
from swarm_agents.messages import search as message_search
from swarm_agents.messages.reading import MessagePage
from swarm_agents.messages.rows import NO_FILTER, MessageFilter
from swarm_agents.model import EVERYONE, HUMAN, MessageType
from tests.support.clock import FakeClock
from tests.support.swarm import dump


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    roster.join(db, "ada", "builder", None)
    roster.join(db, "bob", "tester", None)
    roster.join(db, "cyd", "tester", None)


def say(db: Database, body: str, sender: str = HUMAN, to: str = "bob", type_: str = "INFO", **more: int) -> int:
    return messages.send(db, sender, to, body, MessageType(type_), 10_000, **more)[0]


def poll(
    db: Database, name: str = "bob", after: int = 0, limit: int = 50, only: MessageFilter = NO_FILTER, own: bool = False
) -> MessagePage:
    with db.reading() as tx:
        return reading.poll(tx, roster.find(tx, name) if name != HUMAN else None, after, limit, only, own)


def read(db: Database, page: MessagePage, name: str = "bob") -> None:
    with db.transaction() as tx:
        reading.mark_read(tx, name, page)


def test_polling_pages_from_the_oldest_and_says_when_there_is_more(db: Database) -> None:
    for number in range(5):
        say(db, f"number {number}")

    first = poll(db, limit=2)
    rest = poll(db, after=first.cursor)

    assert (bodies(first), first.more) == (["number 0", "number 1"], True)
    assert (bodies(rest), rest.more) == (["number 2", "number 3", "number 4"], False)
    assert poll(db, after=rest.cursor) == MessagePage([], False, rest.cursor)


def test_own_messages_are_left_out_unless_asked_for(db: Database) -> None:
    say(db, "mine", "bob", EVERYONE)
    say(db, "hers", "ada", EVERYONE)
    say(db, "to ada", "bob", "ada")

    assert bodies(poll(db)) == ["hers"]
    assert bodies(poll(db, own=True)) == ["mine", "hers", "to ada"]


def test_an_agent_polls_what_concerns_it_and_the_human_everything(db: Database) -> None:
    for to in ("bob", "ada", "tester", "all", HUMAN):
        say(db, to, "cyd", to)

    assert bodies(poll(db)) == ["bob", "tester", "all"]
    assert bodies(poll(db, HUMAN)) == ["bob", "ada", "tester", "all", HUMAN]


def test_a_cursor_of_another_database_is_refused_and_explained(db: Database) -> None:
    say(db, "hello")

    with pytest.raises(NotFound, match="no message 7 yet, the newest is 1"):
        poll(db, after=7)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (MessageFilter(type=MessageType.QUESTION), ["why"]),
        (MessageFilter(sender="ada"), ["why"]),
        (MessageFilter(sender="builder"), ["why"]),
        (MessageFilter(sender="eve"), []),
        (MessageFilter(sender=HUMAN), ["one", "two"]),
        (MessageFilter(type=MessageType.QUESTION, sender=HUMAN), []),
    ],
)
def test_a_filter_selects_by_type_and_sender(db: Database, asked: MessageFilter, found: list[str]) -> None:
    say(db, "one")
    say(db, "why", "ada", type_="QUESTION")
    say(db, "two")

    assert bodies(poll(db, only=asked)) == found


def test_a_filtered_poll_neither_marks_nor_skips_the_others(db: Database) -> None:
    say(db, "one")
    say(db, "why", "ada", type_="QUESTION")
    say(db, "two")

    found = poll(db, only=MessageFilter(type=MessageType.QUESTION))
    read(db, found)

    assert found.cursor == 2
    assert bodies(reading.read_inbox(db, "bob")) == ["one", "two"]


def test_a_filtered_inbox_leaves_the_other_messages_unread(db: Database) -> None:
    say(db, "one")
    say(db, "why", "ada", type_="QUESTION")
    with db.transaction() as tx:
        found = reading.find_unread(tx, roster.find(tx, "bob"), 10, MessageFilter(type=MessageType.QUESTION))
        reading.mark_read(tx, "bob", found)

    assert (bodies(found), bodies(reading.read_inbox(db, "bob"))) == (["why"], ["one"])


def test_reading_a_later_page_leaves_the_earlier_ones_unread(db: Database) -> None:
    for number in range(6):
        say(db, f"number {number}")

    read(db, poll(db, after=3, limit=2))

    assert bodies(reading.read_inbox(db, "bob")) == ["number 0", "number 1", "number 2", "number 5"]


def test_a_message_sent_between_reading_and_marking_stays_unread(db: Database) -> None:
    say(db, "one")
    page = reading.read_inbox(db, "bob", peek=True)
    say(db, "two")

    read(db, page)

    assert bodies(reading.read_inbox(db, "bob")) == ["two"]


def test_marking_an_older_page_undoes_nothing(db: Database) -> None:
    say(db, "one")
    old = reading.read_inbox(db, "bob", peek=True)
    say(db, "two")
    reading.read_inbox(db, "bob")
    before = dump(db)

    read(db, old)

    assert dump(db) == before


def test_the_time_of_the_first_reading_is_kept(db: Database, clock: FakeClock) -> None:
    message = say(db, "one")
    page = reading.read_inbox(db, "bob")
    before = dump(db)
    clock.forward(60)

    read(db, page)

    assert dump(db)["receipts"] == before["receipts"] and message == 1


def test_a_reply_is_in_the_thread_of_what_it_answers(db: Database) -> None:
    root = say(db, "why?", "ada")
    answer = say(db, "because", "bob", "ada", reply_to=root)
    again = say(db, "really?", "ada", reply_to=answer)
    say(db, "something else")

    for any_of_it in (root, answer, again):
        with db.reading() as tx:
            found = reading.read_log(tx, only=MessageFilter(thread=any_of_it)).messages
        assert [(one.id, one.thread, one.reply_to) for one in found] == [
            (root, None, None),
            (answer, root, root),
            (again, root, answer),
        ]


def test_a_reply_to_a_message_that_does_not_exist_is_refused(db: Database) -> None:
    before = dump(db)

    with pytest.raises(NotFound):
        say(db, "because", reply_to=99)

    assert dump(db) == before


def test_messages_are_counted_by_type(db: Database, clock: FakeClock) -> None:
    say(db, "one")
    clock.forward(100)
    say(db, "two", type_="QUESTION")
    say(db, "three", type_="QUESTION")

    with db.reading() as tx:
        found, recent = reading.count_by_type(tx), reading.count_by_type(tx, tx.now - 10_000)

    assert {type_: n for type_, n in found.items() if n} == {MessageType.INFO: 1, MessageType.QUESTION: 2}
    assert (recent[MessageType.INFO], recent[MessageType.QUESTION], len(recent)) == (0, 2, len(MessageType))


def test_a_search_finds_words_and_their_beginnings_newest_first(db: Database) -> None:
    say(db, "the login test is flaky")
    say(db, "flakiness of the LOGIN page")
    say(db, "nothing of that")

    assert bodies(message_search.grep(db, "flak login")) == ["flakiness of the LOGIN page", "the login test is flaky"]
    assert bodies(message_search.grep(db, "the login test")) == ["the login test is flaky"]
    assert bodies(message_search.grep(db, "logout")) == []


def test_a_search_finds_messages_sent_since_the_last_one(db: Database) -> None:
    say(db, "red apple")
    message_search.grep(db, "apple")
    say(db, "green apple")

    assert bodies(message_search.grep(db, "apple")) == ["green apple", "red apple"]


def test_a_search_can_be_limited_and_filtered(db: Database, clock: FakeClock) -> None:
    say(db, "apple 1")
    clock.forward(100)
    say(db, "apple 2", "ada", type_="QUESTION")
    say(db, "apple 3")

    cut = message_search.grep(db, "apple", limit=2)

    assert (bodies(cut), cut.more) == (["apple 3", "apple 2"], True)
    assert bodies(message_search.grep(db, "apple", only=MessageFilter(type=MessageType.QUESTION))) == ["apple 2"]
    assert bodies(message_search.grep(db, "apple", only=MessageFilter(since=db.now() - 10_000))) == [
        "apple 3",
        "apple 2",
    ]


@pytest.mark.parametrize(
    "text", ['"', 'a" OR b', "NEAR(a b)", "body:x", "x*", "-x", "(", "^x", "\0x", "x\0y", "a AND", "ä"]
)
def test_no_text_is_read_as_query_syntax(db: Database, text: str) -> None:
    say(db, "zebra")

    if not any(one.isalnum() for one in text):
        with pytest.raises(UsageError):
            message_search.grep(db, text)
    else:
        assert message_search.grep(db, text).messages == []


def test_the_log_can_be_filtered(db: Database) -> None:
    say(db, "one")
    say(db, "two", "ada", type_="QUESTION")

    with db.reading() as tx:
        assert bodies(reading.read_log(tx, only=MessageFilter(sender="ada"))) == ["two"]


def test_an_agent_that_comes_back_finds_the_broadcasts_sent_in_between(db: Database) -> None:
    heartbeat.leave(db, "bob")
    say(db, "meanwhile", to=EVERYONE)
    roster.join(db, "bob", "tester", None)

    assert bodies(reading.read_inbox(db, "bob")) == ["meanwhile"]


def bodies(page: MessagePage) -> list[str]:
    return [message.body for message in page.messages]
