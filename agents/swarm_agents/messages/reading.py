"""Reading messages: what an agent has not read, polls after a cursor, the log, receipts."""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import NotFound, UsageError
from swarm_agents.messages import deliveries
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import NO_FILTER, MessageFilter, SqlCondition
from swarm_agents.model import EVERYONE, HUMAN, Message, MessageType
from swarm_agents.roster import Agent
from swarm_agents.values import NamedTuple

LIMITS = range(1, 1001)  # how many messages one call may ask for

_AWAITS_ACK = (
    "exists (select 1 from acknowledgements k where k.message_id = coalesce(m.retry_of, m.id) and k.agent = :me "
    "and k.state in ('waiting', 'asked'))"
)


_UNREAD = "not exists (select 1 from receipts r where r.message_id = m.id and r.agent = :me and r.read_at is not null)"


class MessagePage(NamedTuple):
    """Messages, oldest first. `more`: the limit cut it; `cursor`: the next page begins after this id.

    `read_through`: once these messages are read, nothing up to this id is unread; 0 when that is unknown.
    """

    messages: list[Message]
    more: bool
    cursor: int
    read_through: int = 0


def read_inbox(
    db: Database, agent: str, limit: int = 50, peek: bool = False, only: MessageFilter = NO_FILTER
) -> MessagePage:
    """The messages that the agent has not read, oldest first. Marks exactly those as read, unless `peek`."""
    check_limit(limit)
    if peek:
        with db.reading() as tx:
            return find_unread(tx, roster.find(tx, agent), limit, only)
    with db.transaction() as tx:
        page = find_unread(tx, roster.find(tx, agent), limit, only)
        mark_read(tx, agent, page)
        return page


def find_unread(tx: Transaction, reader: Agent, limit: int, only: MessageFilter = NO_FILTER) -> MessagePage:
    """The messages that the agent has not read and that pass the filter, oldest first. Marks nothing."""
    floor = _find_floor(tx, reader.name)
    mine = message_rows.make_reader_condition(reader).and_(SqlCondition(_UNREAD, {}))
    page = _read_after(tx, floor, limit, mine.and_(message_rows.make_condition(tx, only)))
    through = page.cursor if page.more else max(floor, message_rows.find_last_id(tx))
    if only._replace(phase=None) != NO_FILTER or (
        only.phase and _has_unread_of_other_phase(tx, mine, only.phase, floor, through)
    ):
        return page
    # Up to the end of the page only its own messages are unread, so the next look may begin there.
    return page._replace(read_through=through)


def poll(
    tx: Transaction,
    reader: Agent | None,
    after: int = 0,
    limit: int = 50,
    only: MessageFilter = NO_FILTER,
    own_too: bool = False,
) -> MessagePage:
    """The messages after a cursor that concern the reader, read or not, oldest first. None is the human: everything.

    Marks nothing. Raises `NotFound` when the cursor is larger than any id: it belongs to another database, or this
    one was restored from a backup.
    """
    check_limit(limit)
    newest = message_rows.find_last_id(tx)
    if after > newest:
        raise NotFound(
            f"There is no message {after} yet, the newest is {newest}: the cursor belongs to another database. "
            "Begin again without it.",
            next="swarm msg poll",
        )
    condition = message_rows.make_reader_condition(reader, own_too).and_(message_rows.make_condition(tx, only))
    return _read_after(tx, after, limit, condition)


def record_read(db: Database, reader: str, page: MessagePage) -> None:
    """Record that the reader has read these messages, once they were printed."""
    with db.transaction() as tx:
        mark_read(tx, reader, page)


def mark_read(tx: Transaction, reader: str, page: MessagePage) -> None:
    """Record that the reader has read these messages. The time of the first reading is kept."""
    for message in page.messages:
        tx.execute(
            "insert into receipts (message_id, agent, read_at) values (:id, :agent, :now) "
            "on conflict (message_id, agent) do update set read_at = excluded.read_at "
            "where receipts.read_at is null",
            id=message.id,
            agent=reader,
            now=tx.now,
        )
    deliveries.mark_read(tx, reader, [message.id for message in page.messages])
    tx.execute(
        "update agents set inbox_floor = :floor where name = :agent and inbox_floor < :floor",
        floor=page.read_through,
        agent=reader,
    )


def read_log(tx: Transaction, limit: int = 50, only: MessageFilter = NO_FILTER) -> MessagePage:
    """The newest messages to all recipients, oldest first."""
    check_limit(limit)
    condition = message_rows.make_condition(tx, only)
    rows = tx.execute(
        f"select m.* from messages m where {condition.sql} order by m.id desc limit :limit",
        **condition.values,
        limit=limit + 1,
    )
    return make_page(rows[:limit][::-1], more=len(rows) > limit, floor=0)


def read_receipts(tx: Transaction, message: int) -> dict[str, tuple[int | None, int | None]]:
    """For each reader of a message: when it was read, and when it was acknowledged (UTC ms)."""
    rows = tx.execute("select agent, read_at, acked_at from receipts where message_id = :id order by agent", id=message)
    return {row["agent"]: (row["read_at"], row["acked_at"]) for row in rows}


def count_by_type(tx: Transaction, since: int = 0) -> dict[MessageType, int]:
    """How many messages of each type were sent since a time (UTC ms); types without any count 0."""
    when, values = ("where at >= :since ", {"since": since}) if since else ("", {})
    rows = tx.execute(f"select type, count(*) as n from messages {when}group by type", **values)
    found = {row["type"]: row["n"] for row in rows}
    return {type_: found.get(type_.value, 0) for type_ in MessageType}


def is_recipient(tx: Transaction, message: Message, name: str) -> bool:
    """Whether the message was sent to this agent or to the human."""
    if name == HUMAN or message.recipient == HUMAN:
        return name == message.recipient
    delivery = tx.one("select 1 from deliveries where message_id = :id and agent = :name", id=message.id, name=name)
    if delivery or message.recipient == name:
        return True
    me = roster.find(tx, name)
    return message.sender != name and message.recipient in (me.role, EVERYONE)


def make_page(rows: list[Row], more: bool, floor: int) -> MessagePage:
    """A page of rows of messages; `floor` is its cursor when it is empty."""
    found = [message_rows.make_message(row) for row in rows]
    return MessagePage(found, more, found[-1].id if found else floor)


def check_limit(limit: int) -> None:
    if limit not in LIMITS:
        raise UsageError(f"--limit must be between {LIMITS[0]} and {LIMITS[-1]}.")


def _read_after(tx: Transaction, floor: int, limit: int, condition: SqlCondition) -> MessagePage:
    rows = tx.execute(
        f"select m.*, {_AWAITS_ACK} as awaits_ack from messages m "
        f"where m.id > :floor and {condition.sql} order by m.id limit :limit",
        **condition.values,
        floor=floor,
        limit=limit + 1,
    )
    return make_page(rows[:limit], more=len(rows) > limit, floor=floor)


def _has_unread_of_other_phase(tx: Transaction, mine: SqlCondition, phase: str, floor: int, through: int) -> bool:
    """Whether a message of another phase is unread between the two ids."""
    found = tx.one(
        "select 1 from messages m where m.id > :floor and m.id <= :through and m.phase <> :phase "
        f"and {mine.sql} limit 1",
        **mine.values,
        phase=phase,
        floor=floor,
        through=through,
    )
    return found is not None


def _find_floor(tx: Transaction, agent: str) -> int:
    """The agent has read everything up to this id."""
    row = tx.one("select inbox_floor from agents where name = :agent", agent=agent)
    return row["inbox_floor"] if row else 0
