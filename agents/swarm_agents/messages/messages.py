"""What agents and people say to each other: a row first, and only then a pane."""

from typing import NamedTuple

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.db.deadlines import value_in
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import BadData, NotFound, RateLimited, Usage
from swarm_agents.messages import deliveries
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import ACKNOWLEDGEMENT_DUE, NO_FILTER, MessageFilter, SqlCondition
from swarm_agents.model import EVERYONE, HUMAN, Agent, Delivery, Message, MessageType
from swarm_agents.text import NAME, one_line

BODY_LIMIT = 10_240  # bytes of UTF-8; what is longer belongs into a file that the message names
LIMITS = range(1, 1001)  # how many messages one call may ask for
FIRST_WAIT_S = 30.0  # for an acknowledgement; see acknowledgements
_MINUTE_MS = 60_000

_AWAITS_ACK = (
    "exists (select 1 from acknowledgements k where k.message_id = coalesce(m.retry_of, m.id) and k.agent = :me "
    "and k.state in ('waiting', 'asked'))"
)


class MessagePage(NamedTuple):
    """Messages oldest first. `more` when it was cut; `cursor` is where the next page begins.

    `read_through`: once these are read, the reader has read everything up to there; 0 when that cannot be said.
    """

    messages: list[Message]
    more: bool
    cursor: int
    read_through: int = 0


def send(
    db: Database,
    sender: str,
    recipient: str,
    body: str,
    type_: MessageType = MessageType.INFO,
    per_minute: int = 10,
    reply_to: int | None = None,
    ack_within_s: float | None = None,
    phase: str | None = None,
) -> tuple[int, list[Delivery]]:
    """Store a message and queue its notices; its id and what becomes of it, an entry for each recipient.

    `recipient` is an agent, a role, `all` or `human`; `phase` the one that the sender works in. With `ack_within_s`
    each recipient must acknowledge it within that time, or it is said again (see acknowledgements). Raises `NotFound`
    (also for an unknown `reply_to`), `BadData` (empty or over `BODY_LIMIT`), and `RateLimited` when an agent has sent
    `per_minute` messages within the last minute (a broadcast is one).
    """
    _check_body(body)
    _check_recipient(recipient)
    with db.transaction() as tx:
        reached = _reached(tx, sender, recipient)
        if recipient not in (EVERYONE, HUMAN) and not reached:
            raise NotFound(f"There is no agent or role {recipient}.", next="swarm agent list")
        if sender != HUMAN:
            _check_rate(tx, sender, per_minute)
        requires_ack = ack_within_s is not None
        message = _store(tx, sender, recipient, body, type_, reply_to, requires_ack=requires_ack, phase=phase)
        if ack_within_s is not None:
            names = [HUMAN] if recipient == HUMAN else [agent.name for agent in reached]
            _expect_acknowledgement(tx, message, names, int(ack_within_s * 1000))
        return message, deliveries.queue(tx, message, reached)


def post(
    tx: Transaction,
    sender: str,
    recipient: str,
    body: str,
    type_: MessageType = MessageType.STATUS,
    reply_to: int | None = None,
    notice: bool = True,
) -> tuple[int, list[Delivery]]:
    """Store a message within the transaction of the act that it tells of. No rate counts it.

    Without `notice` it waits in the inbox and nothing is typed.
    """
    message = _store(tx, sender, recipient, body, type_, reply_to, automatic=True)
    return message, deliveries.queue(tx, message, _reached(tx, sender, recipient) if notice else [])


def say_again(tx: Transaction, first: Message, agent: Agent) -> int:
    """The same message once more, to one recipient who has not acknowledged it; its id."""
    row = tx.one(
        "insert into messages (at, sender, recipient, type, body, thread, retry_of, requires_ack, automatic, phase) "
        "values (:now, :sender, :recipient, :type, :body, :thread, :first, 1, 1, :phase) returning id",
        now=tx.now,
        sender=first.sender,
        recipient=agent.name,
        type=first.type.value,
        body=first.body,
        thread=message_rows.find_thread_root(first),
        first=first.id,
        phase=first.phase,
    )
    assert row is not None
    deliveries.queue(tx, row["id"], [agent])
    return int(row["id"])


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


_UNREAD = "not exists (select 1 from receipts r where r.message_id = m.id and r.agent = :me and r.read_at is not null)"


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


def _store(
    tx: Transaction,
    sender: str,
    recipient: str,
    body: str,
    type_: MessageType,
    reply_to: int | None,
    requires_ack: bool = False,
    automatic: bool = False,
    phase: str | None = None,
) -> int:
    thread = message_rows.find_thread_root(message_rows.find(tx, reply_to)) if reply_to is not None else None
    row = tx.one(
        "insert into messages "
        "(at, sender, recipient, type, body, thread, reply_to, requires_ack, automatic, phase) values "
        "(:now, :sender, :recipient, :type, :body, :thread, :reply_to, :requires_ack, :automatic, :phase) returning id",
        now=tx.now,
        sender=sender,
        recipient=recipient,
        type=type_.value,
        body=body,
        thread=thread,
        reply_to=reply_to,
        requires_ack=int(requires_ack),
        automatic=int(automatic),
        phase=phase,
    )
    assert row is not None
    return int(row["id"])


def _expect_acknowledgement(tx: Transaction, message: int, names: list[str], first_wait_ms: int) -> None:
    for name in names:
        tx.execute(
            f"insert into acknowledgements (message_id, agent, first_wait_ms, {ACKNOWLEDGEMENT_DUE.names}, at) "
            f"values (:message, :agent, :wait_ms, {value_in(':wait_ms')}, :now)",
            message=message,
            agent=name,
            wait_ms=first_wait_ms,
            **tx.clock,
            now=tx.now,
        )


def _reached(tx: Transaction, sender: str, recipient: str) -> list[Agent]:
    if recipient == HUMAN:
        return []
    present = [agent for agent in roster.present(tx) if agent.name != sender or agent.name == recipient]
    if recipient == EVERYONE:
        return present
    return [agent for agent in present if agent.name == recipient] or [
        agent for agent in present if agent.role == recipient
    ]


def _floor(tx: Transaction, agent: str) -> int:
    row = tx.one("select inbox_floor from agents where name = :agent", agent=agent)
    return row["inbox_floor"] if row else 0


def _check_recipient(recipient: str) -> None:
    if recipient.startswith("$"):
        raise Usage(
            f"{one_line(recipient, 40)!r} is the name of a variable, not its value: nothing replaced it. "
            "Name an agent, a role, or 'all'."
        )
    if not NAME.fullmatch(recipient):
        raise Usage(f"{one_line(recipient, 40)!r} is no recipient: name an agent, a role, or 'all'.")


def _check_body(body: str) -> None:
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        raise BadData("The message is not valid UTF-8.") from None
    if not body.strip():
        raise BadData("The message is empty.")
    if size > BODY_LIMIT:
        raise BadData(f"The message has {size} bytes; {BODY_LIMIT} are the limit. Put it into a file and name that.")


def check_limit(limit: int) -> None:
    if limit not in LIMITS:
        raise Usage(f"--limit must be between {LIMITS[0]} and {LIMITS[-1]}.")


def _check_rate(tx: Transaction, sender: str, per_minute: int) -> None:
    rows = tx.execute(
        "select at from messages where sender = :sender and automatic = 0 and at > :since and at <= :now "
        "order by id desc limit :per_minute",
        sender=sender,
        since=tx.now - _MINUTE_MS,
        now=tx.now,  # a clock that was set back must not silence anybody for as long as it was wrong
        per_minute=per_minute,
    )
    if len(rows) >= per_minute:
        wait_s = max(1, -(-(rows[-1]["at"] + _MINUTE_MS - tx.now) // 1000))
        raise RateLimited(f"{per_minute} messages a minute are the limit. Try again in {wait_s} s.")
