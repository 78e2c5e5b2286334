"""Reading messages: inbox, poll, log, receipts."""

from typing import NamedTuple

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import NotFound, Usage
from swarm_agents.messages import deliveries
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import NO_FILTER, MessageFilter, SqlCondition
from swarm_agents.model import EVERYONE, HUMAN, Message, MessageType
from swarm_agents.roster import Agent

LIMITS = range(1, 1001)  # how many messages one call may ask for

_AWAITS_ACK = (
    "exists (select 1 from acknowledgements k where k.message_id = coalesce(m.retry_of, m.id) and k.agent = :me "
    "and k.state in ('waiting', 'asked'))"
)


_UNREAD = "not exists (select 1 from receipts r where r.message_id = m.id and r.agent = :me and r.read_at is not null)"


class MessagePage(NamedTuple):
    """Messages oldest first. `more` when it was cut; `cursor` is where the next page begins.

    `read_through`: once these are read, the reader has read everything up to there; 0 when that cannot be said.
    """

    messages: list[Message]
    more: bool
    cursor: int
    read_through: int = 0


def read_inbox(
    db: Database, agent: str, limit: int = 50, peek: bool = False, only: MessageFilter = NO_FILTER
) -> MessagePage:
    """What the agent has not read, oldest first. Without `peek`, what is returned is marked read, nothing else."""
    check_limit(limit)
    if peek:
        with db.reading() as tx:
            return find_unread(tx, roster.find(tx, agent), limit, only)
    with db.transaction() as tx:
        page = find_unread(tx, roster.find(tx, agent), limit, only)
        mark_read(tx, agent, page)
        return page


def find_unread(tx: Transaction, reader: Agent, limit: int, only: MessageFilter = NO_FILTER) -> MessagePage:
    """What the agent has not read, of what is asked for."""
    floor = _floor(tx, reader.name)
    mine = message_rows.make_reader_condition(reader).and_(SqlCondition(_UNREAD, {}))
    page = _after(tx, floor, limit, mine.and_(message_rows.make_condition(tx, only)))
    through = page.cursor if page.more else max(floor, find_last_id(tx))
    if only._replace(phase=None) != NO_FILTER or (only.phase and _elsewhere(tx, mine, only.phase, floor, through)):
        return page
    # Nothing before the end of the page is unread but what is on it: the next look need not begin before that.
    return page._replace(read_through=through)


def poll(
    tx: Transaction,
    reader: Agent | None,
    after: int = 0,
    limit: int = 50,
    only: MessageFilter = NO_FILTER,
    own_too: bool = False,
) -> MessagePage:
    """What concerns an agent (None: the human, who sees everything), read or not, oldest first after a cursor.

    Marks nothing. Raises `NotFound` for a cursor from the future: of another database, or of one that was restored.
    """
    check_limit(limit)
    newest = find_last_id(tx)
    if after > newest:
        raise NotFound(
            f"There is no message {after} yet, the newest is {newest}: the cursor is not of this database. "
            "Begin again without it.",
            next="swarm msg poll",
        )
    condition = message_rows.make_reader_condition(reader, own_too).and_(message_rows.make_condition(tx, only))
    return _after(tx, after, limit, condition)


def mark_read(tx: Transaction, reader: str, page: MessagePage) -> None:
    """The reader took these from the database. What they read before stays read when it was."""
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
    """The newest messages between everybody, oldest of them first."""
    check_limit(limit)
    condition = message_rows.make_condition(tx, only)
    rows = tx.execute(
        f"select m.* from messages m where {condition.sql} order by m.id desc limit :limit",
        **condition.values,
        limit=limit + 1,
    )
    return make_page(rows[:limit][::-1], more=len(rows) > limit, floor=0)


def read_receipts(tx: Transaction, message: int) -> dict[str, tuple[int | None, int | None]]:
    """Who read a message when, and acknowledged it when."""
    rows = tx.execute("select agent, read_at, acked_at from receipts where message_id = :id order by agent", id=message)
    return {row["agent"]: (row["read_at"], row["acked_at"]) for row in rows}


def count_by_type(tx: Transaction, since: int = 0) -> dict[MessageType, int]:
    """How many of each type there are since a time (UTC ms), every type."""
    when, values = ("where at >= :since ", {"since": since}) if since else ("", {})
    rows = tx.execute(f"select type, count(*) as n from messages {when}group by type", **values)
    found = {row["type"]: row["n"] for row in rows}
    return {type_: found.get(type_.value, 0) for type_ in MessageType}


def is_recipient(tx: Transaction, message: Message, name: str) -> bool:
    """Whether it was sent to them: they have it in their inbox, or had it."""
    if name == HUMAN or message.recipient == HUMAN:
        return name == message.recipient
    told = tx.one("select 1 from deliveries where message_id = :id and agent = :name", id=message.id, name=name)
    if told or message.recipient == name:
        return True
    me = roster.find(tx, name)
    return message.sender != name and message.recipient in (me.role, EVERYONE)


def find_last_id(tx: Transaction) -> int:
    row = tx.one("select max(id) as id from messages")
    return (row["id"] or 0) if row else 0


def make_page(rows: list[Row], more: bool, floor: int) -> MessagePage:
    found = [message_rows.make_message(row) for row in rows]
    return MessagePage(found, more, found[-1].id if found else floor)


def check_limit(limit: int) -> None:
    if limit not in LIMITS:
        raise Usage(f"--limit must be between {LIMITS[0]} and {LIMITS[-1]}.")


def _after(tx: Transaction, floor: int, limit: int, condition: SqlCondition) -> MessagePage:
    rows = tx.execute(
        f"select m.*, {_AWAITS_ACK} as awaits_ack from messages m "
        f"where m.id > :floor and {condition.sql} order by m.id limit :limit",
        **condition.values,
        floor=floor,
        limit=limit + 1,
    )
    return make_page(rows[:limit], more=len(rows) > limit, floor=floor)


def _elsewhere(tx: Transaction, mine: SqlCondition, phase: str, floor: int, through: int) -> bool:
    """Whether something of another phase is unread up to there, which must stay so."""
    found = tx.one(
        "select 1 from messages m where m.id > :floor and m.id <= :through and m.phase <> :phase "
        f"and {mine.sql} limit 1",
        **mine.values,
        phase=phase,
        floor=floor,
        through=through,
    )
    return found is not None


def _floor(tx: Transaction, agent: str) -> int:
    row = tx.one("select inbox_floor from agents where name = :agent", agent=agent)
    return row["inbox_floor"] if row else 0
