"""Pruning removes old messages, but never those that are unread, unacknowledged, on their way or in a live thread."""

from collections.abc import Callable

import pytest

from swarm_agents import events, heartbeat, roster
from swarm_agents.db.database import Database
from swarm_agents.messages import acknowledgements, messages, reading, retention
from swarm_agents.messages import search as message_search
from swarm_agents.model import EVERYONE, HUMAN, PaneAddress
from tests.support.clock import FakeClock
from tests.support.swarm import dump

WEEK_S = 7 * 86_400


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    roster.join(db, "ada", "builder", None)
    roster.join(db, "bob", "tester", None)


def say(db: Database, body: str = "hello", to: str = "bob", **more: float) -> int:
    return messages.send(db, HUMAN, to, body, **more)[0]  # type: ignore[arg-type]


def prune(db: Database, clock: FakeClock) -> retention.PruneResult:
    """A week and an hour later, with something new in the log."""
    clock.forward(WEEK_S + 3600)
    say(db, "new", HUMAN)
    return retention.prune(db, WEEK_S)


def left(db: Database) -> list[int]:
    with db.reading() as tx:
        return [row["id"] for row in tx.execute("select id from messages order by id")]


def test_a_read_message_is_removed_with_its_receipts_and_deliveries(db: Database, clock: FakeClock) -> None:
    say(db, to=EVERYONE)
    acknowledged = say(db, ack_within_s=30)
    for agent in ("ada", "bob"):
        reading.read_inbox(db, agent)
    acknowledgements.acknowledge(db, "bob", acknowledged)

    assert prune(db, clock) == (2, 0)

    after = dump(db)
    assert left(db) == [3]
    assert (after["receipts"], after["deliveries"], after["acknowledgements"]) == ([], [], [])
    with db.reading() as tx:
        assert events.list_after(tx, 0, 100)[-1].kind == "pruned"


def unread_by_one(db: Database) -> None:
    say(db, to=EVERYONE)
    reading.read_inbox(db, "bob")


def read_only_by_another_agent(db: Database) -> None:
    say(db)
    with db.transaction() as tx:
        reading.mark_read(tx, "ada", reading.read_log(tx))


def unacknowledged(db: Database) -> None:
    say(db, ack_within_s=10**9)
    reading.read_inbox(db, "bob")


def asked_of_the_human(db: Database) -> None:
    say(db, ack_within_s=1)
    reading.read_inbox(db, "bob")
    heartbeat.leave(db, "bob")
    with db.transaction() as tx:
        tx.execute("update acknowledgements set due_mono_ms = 0")
    acknowledgements.process_due(db)


def on_its_way_into_a_pane(db: Database) -> None:
    roster.join(db, "eve", "tester", PaneAddress("/s", "1:1", "%1", 1))
    say(db, to="eve")
    with db.transaction() as tx:
        tx.execute("update agents set inbox_floor = 1 where name = 'eve'")


def unread_by_the_human(db: Database) -> None:
    say(db, to=HUMAN)


def first_of_a_thread_that_goes_on(db: Database) -> None:
    root = say(db)
    reading.read_inbox(db, "bob")
    messages.send(db, "bob", "ada", "an answer that ada has not read", reply_to=root)


@pytest.mark.parametrize(
    "needed",
    [
        unread_by_one,
        read_only_by_another_agent,
        unacknowledged,
        asked_of_the_human,
        on_its_way_into_a_pane,
        unread_by_the_human,
        first_of_a_thread_that_goes_on,
    ],
)
def test_a_message_that_is_still_needed_is_kept_however_old(
    db: Database, clock: FakeClock, needed: Callable[[Database], None]
) -> None:
    needed(db)
    before = left(db)

    pruned = prune(db, clock)

    assert (pruned.removed, pruned.kept) == (0, len(before))
    assert left(db)[:-1] == before


def test_a_younger_message_is_kept(db: Database, clock: FakeClock) -> None:
    say(db)
    reading.read_inbox(db, "bob")
    clock.forward(WEEK_S - 60)
    say(db, "new", HUMAN)

    assert retention.prune(db, WEEK_S) == (0, 0)


def test_the_newest_message_is_kept_so_that_cursors_can_be_checked(db: Database, clock: FakeClock) -> None:
    say(db)
    reading.read_inbox(db, "bob")
    clock.forward(WEEK_S + 60)

    retention.prune(db, WEEK_S)

    assert left(db) == [1]
    with db.reading() as tx:
        assert reading.poll(tx, None, after=1).messages == []


def test_a_whole_thread_is_removed_at_once(db: Database, clock: FakeClock) -> None:
    root = say(db)
    messages.send(db, "bob", "ada", "because", reply_to=root)
    for agent in ("ada", "bob"):
        reading.read_inbox(db, agent)

    assert prune(db, clock) == (2, 0)


def test_many_are_removed_in_small_transactions(
    db: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BATCH", 4)
    for _ in range(30):
        say(db)
    reading.read_inbox(db, "bob")

    assert prune(db, clock) == (30, 0)
    with db.reading() as tx:
        assert retention.find_pruned_through(tx) == 30


def test_a_search_finds_only_the_messages_that_are_left(db: Database, clock: FakeClock) -> None:
    say(db, "apple one")
    message_search.grep(db, "apple")
    say(db, "apple two")
    reading.read_inbox(db, "bob")
    prune(db, clock)
    say(db, "apple three")

    assert [one.body for one in message_search.grep(db, "apple").messages] == ["apple three"]
    assert [row[0] for row in dump(db)["messages_fts_docsize"]] == left(db)


def test_an_agent_that_left_keeps_no_message(db: Database, clock: FakeClock) -> None:
    say(db)
    heartbeat.leave(db, "bob")

    assert prune(db, clock) == (1, 0)
