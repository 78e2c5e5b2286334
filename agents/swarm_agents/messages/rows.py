"""Rows of messages: which ones a filter selects, as SQL, and a row as a value."""

from __future__ import annotations

from swarm_agents.db.deadlines import columns
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import NotFound
from swarm_agents.model import EVERYONE, HUMAN, Message, MessageType
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from swarm_agents.db.database import Database
    from swarm_agents.roster import Agent

ACKNOWLEDGEMENT_DUE = columns("due")
"""When a message that was not acknowledged is sent again, or the human is asked."""
UNACKNOWLEDGED = f"state = 'waiting' and {ACKNOWLEDGEMENT_DUE.has_passed}"
"""A condition on acknowledgements: that time has come."""


class MessageFilter(NamedTuple):
    """Which messages to read: those to which every given field applies."""

    type: MessageType | None = None
    sender: str | None = None
    """An agent, a role, `human` or `swarm`."""
    thread: int | None = None
    """The id of any message of the thread."""
    since: int | None = None
    """UTC milliseconds."""
    phase: str | None = None
    """The id of a phase: its messages, and those that belong to no phase."""


NO_FILTER = MessageFilter()


class SqlCondition(NamedTuple):
    """A condition for the `where` of a query whose table of messages is called m, with its parameters."""

    sql: str
    values: dict[str, Any]

    def and_(self, other: SqlCondition) -> SqlCondition:
        return SqlCondition(f"{self.sql} and {other.sql}", self.values | other.values)


def make_condition(tx: Transaction, only: MessageFilter) -> SqlCondition:
    """The condition of a filter. Raises `NotFound` when the message that names the thread does not exist."""
    parts: list[str] = ["1 = 1"]
    values: dict[str, Any] = {}
    if only.type is not None:
        parts.append("m.type = :type")
        values["type"] = only.type.value
    if only.sender is not None:
        of_role = "m.sender in (select name from agents where role = :sender)"
        parts.append(of_role if _is_role(tx, only.sender) else "m.sender = :sender")
        values["sender"] = only.sender
    if only.thread is not None:
        parts.append("m.id in (select :thread union all select id from messages where thread = :thread)")
        values["thread"] = find_thread_root(find(tx, only.thread))
    if only.since is not None:
        parts.append("m.at >= :since")
        values["since"] = only.since
    if only.phase is not None:
        parts.append("(m.phase is null or m.phase = :phase)")
        values["phase"] = only.phase
    return SqlCondition(" and ".join(parts), values)


def make_reader_condition(reader: Agent | None, own_too: bool = False) -> SqlCondition:
    """The condition for what concerns an agent: sent to it, its role or all. The human (None) sees everything."""
    me = reader.name if reader else HUMAN
    received = f"m.recipient in (:me, :my_role, '{EVERYONE}')" if reader else "1 = 1"
    sql = f"({received} or m.sender = :me)" if own_too else f"{received} and m.sender <> :me"
    return SqlCondition(sql, {"me": me, "my_role": reader.role if reader else me})


def find(tx: Transaction, message: int) -> Message:
    """The message with this id. Raises `NotFound`."""
    row = tx.one("select * from messages where id = :id", id=message)
    if row is None:
        raise NotFound(f"There is no message {message}.", next="swarm msg log")
    return make_message(row)


def find_last_id(tx: Transaction) -> int:
    """The id of the newest message; 0 when there is none."""
    row = tx.one("select max(id) as id from messages")
    return (row["id"] or 0) if row else 0


def has_due_acknowledgement(db: Database) -> bool:
    """Whether a message has to be sent again, or the human to be asked, as `acknowledgements.process_due` does."""
    with db.reading() as tx:
        return tx.one(f"select 1 from acknowledgements where {UNACKNOWLEDGED} limit 1", **tx.clock) is not None


def find_thread_root(message: Message) -> int:
    """The id of the message that began the thread."""
    return message.thread or message.id


def make_message(row: Row) -> Message:
    return Message(
        row["id"],
        row["at"],
        row["sender"],
        row["recipient"],
        MessageType(row["type"]),
        row["body"],
        row["thread"],
        row["reply_to"],
        row["retry_of"],
        bool(row["requires_ack"]),
        "awaits_ack" in row.keys() and bool(row["awaits_ack"]),  # noqa: SIM118 - a row is no dict
        row["phase"],
    )


def _is_role(tx: Transaction, name: str) -> bool:
    found = tx.one(
        "select max(case when name = :name then 1 else 0 end) as is_name, count(*) as n from agents "
        "where name = :name or role = :name",
        name=name,
    )
    return bool(found and found["n"] and not found["is_name"])
