"""Rows of deliveries: what is queued, what is dropped, what may be typed again."""

import sqlite3

import pytest

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import Evidence
from swarm_agents.courier import injections
from swarm_agents.courier.injections import NoticeLine
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import NotFound
from swarm_agents.messages import deliveries, messages, reading
from swarm_agents.model import EVERYONE, HUMAN, BuildRules, DeliveryState, PaneAddress
from tests.support.clock import FakeClock

PANE = PaneAddress("/s", "1:1", "%1", 2)


def send(db: Database, body: str = "hello") -> int:
    return messages.send(db, HUMAN, EVERYONE, body)[0]


def states(db: Database, message: int) -> dict[str, tuple[str, str | None]]:
    with db.reading() as tx:
        return {one.agent: (one.state.value, one.reason) for one in deliveries.list_for_message(tx, message)}


def list_drop_reasons(db: Database) -> list[str | None]:
    with db.reading() as tx:
        return [each.drop_reason for each in injections.list_waiting(tx)]


def test_an_agent_without_a_pane_is_skipped_with_the_reason(db: Database) -> None:
    roster.join(db, "ann", "agent", PANE)
    roster.join(db, "bob", "agent", None)

    message = send(db)

    assert states(db, message) == {"ann": ("queued", None), "bob": ("skipped", "no-tmux")}


def test_only_reading_proves_that_a_message_arrived(db: Database) -> None:
    roster.join(db, "ann", "agent", PANE)
    roster.join(db, "bob", "agent", None)
    message = send(db)

    reading.read_inbox(db, "ann")
    reading.read_inbox(db, "bob")

    assert states(db, message) == {"ann": ("read", None), "bob": ("read", None)}


def test_a_notice_waits_a_quarter_of_an_hour_and_no_longer(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ann", "agent", PANE)
    send(db)

    assert list_drop_reasons(db) == [None]
    clock.forward(deliveries.EXPIRES_S)

    assert list_drop_reasons(db) == ["could not be typed in time"]


def test_a_notice_follows_its_agent_into_another_pane(db: Database) -> None:
    roster.join(db, "ann", "agent", PANE)
    send(db)
    moved = PaneAddress("/s", "1:1", "%9", 10)

    roster.adopt(db, "ann", moved)

    with db.reading() as tx:
        assert [each.pane for each in injections.list_waiting(tx)] == [moved]


def test_a_notice_about_an_incident_is_dropped_once_the_incident_is_over(db: Database) -> None:
    for name, pane in (("ann", None), ("bob", PANE)):
        roster.join(db, name, "agent", pane)
    build.report(db, "ann", "tests fail", BuildRules())

    assert list_drop_reasons(db) == [None]
    build.mark_fixed(db, "ann", Evidence("checked", db.moment()))

    assert list_drop_reasons(db)[0] == "that incident is over"
    assert list_drop_reasons(db)[-1] is None


def test_a_newer_notice_about_an_incident_supersedes_the_older_one(db: Database) -> None:
    for name, pane in (("ann", None), ("cid", None), ("bob", PANE)):
        roster.join(db, name, "agent", pane)
    build.report(db, "ann", "tests fail", BuildRules())
    build.give_up(db, "ann")
    build.claim(db, "cid", BuildRules())

    with db.reading() as tx:
        first = min(one.message for one in deliveries.list_latest(tx, 100) if one.agent == "bob")

    assert states(db, first)["bob"] == ("skipped", "expired")


def begin(tx: Transaction) -> injections.Injection:
    return injections.begin(tx, [NoticeLine(PANE, "line", injections.list_waiting(tx))])[0]


def test_only_one_line_at_a_time_goes_into_a_pane(db: Database) -> None:
    roster.join(db, "ann", "agent", PANE)
    send(db)
    with db.transaction() as tx:
        begin(tx)
    message = send(db)

    with pytest.raises(sqlite3.IntegrityError), db.transaction() as tx:
        begin(tx)

    assert states(db, message) == {"ann": ("queued", None)}
    assert list_drop_reasons(db) == [None]


def test_a_line_that_was_withdrawn_is_queued_again(db: Database) -> None:
    roster.join(db, "ann", "agent", PANE)
    message = send(db)
    with db.transaction() as tx:
        injections.release(tx, begin(tx).token)

    assert states(db, message) == {"ann": ("queued", None)}
    assert list_drop_reasons(db) == [None]


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.UNKNOWN])
def test_a_human_may_have_it_typed_again(db: Database, state: DeliveryState) -> None:
    roster.join(db, "ann", "agent", PANE)
    message = send(db)
    with db.transaction() as tx:
        injections.drop_deliveries(tx, injections.list_waiting(tx), state, "gone")

    with db.transaction() as tx:
        again = deliveries.retry(tx, message)

    assert [one.agent for one in again] == ["ann"]
    assert states(db, message) == {"ann": ("queued", None)}


def test_a_read_message_or_an_agent_without_a_pane_is_not_typed_again(db: Database) -> None:
    roster.join(db, "ann", "agent", PANE)
    roster.join(db, "bob", "agent", None)
    message = send(db)
    reading.read_inbox(db, "ann")

    with db.transaction() as tx:
        again = deliveries.retry(tx, message)

    assert again == []


def test_a_message_that_does_not_exist_cannot_be_typed_again(db: Database) -> None:
    with pytest.raises(NotFound), db.transaction() as tx:
        deliveries.retry(tx, 99)
