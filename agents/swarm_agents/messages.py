"""What agents and people say to each other: a row first, and only then a pane."""

from typing import NamedTuple

from swarm_agents import deliveries, roster
from swarm_agents.db.database import Database, Row, Transaction
from swarm_agents.errors import BadData, NotFound, RateLimited, Usage
from swarm_agents.model import EVERYONE, HUMAN, Agent, Delivery, Message, MessageType
from swarm_agents.text import NAME, one_line

BODY_LIMIT = 10_240  # bytes of UTF-8; what is longer belongs into a file that the message names
LIMITS = range(1, 1001)  # how many messages one call may ask for
_MINUTE_MS = 60_000


class Page(NamedTuple):
    """Messages oldest first. `more` when it was cut; `cursor` is where the next page begins."""

    messages: list[Message]
    more: bool
    cursor: int


def send(
    db: Database, sender: str, recipient: str, body: str, type_: MessageType = MessageType.INFO, per_minute: int = 10
) -> tuple[int, list[Delivery]]:
    """Store a message and queue its notices; its id and what becomes of it, an entry for each recipient.

    `recipient` is an agent, a role or `all`. Raises `NotFound`, `BadData` (empty or over `BODY_LIMIT`), and
    `RateLimited` when an agent has sent `per_minute` messages within the last minute (a broadcast is one).
    """
    _check_body(body)
    if recipient != EVERYONE and recipient != HUMAN and not NAME.fullmatch(recipient):
        raise Usage(f"{one_line(recipient, 40)!r} is no recipient: name an agent, a role, or 'all'.")
    with db.transaction() as tx:
        if recipient not in (EVERYONE, HUMAN) and not _reached(tx, sender, recipient):
            raise NotFound(f"There is no agent or role {recipient}.", next="swarm agent list")
        if sender != HUMAN:
            _check_rate(tx, sender, per_minute)
        return post(tx, sender, recipient, body, type_)


def post(
    tx: Transaction, sender: str, recipient: str, body: str, type_: MessageType = MessageType.STATUS
) -> tuple[int, list[Delivery]]:
    """Store a message within the transaction of the act that it tells of."""
    row = tx.one(
        "insert into messages (at, sender, recipient, type, body) values (:now, :sender, :recipient, :type, :body) "
        "returning id",
        now=tx.now,
        sender=sender,
        recipient=recipient,
        type=type_.value,
        body=body,
    )
    assert row is not None
    return row["id"], deliveries.queue(tx, row["id"], _reached(tx, sender, recipient))


def inbox(db: Database, agent: str, limit: int = 50, peek: bool = False) -> Page:
    """What the agent has not read, oldest first. Without `peek`, what is returned is marked read, nothing else."""
    _check_limit(limit)
    if peek:
        with db.reading() as tx:
            return _unread(tx, agent, limit)
    with db.transaction() as tx:
        page = _unread(tx, agent, limit)
        _mark_read(tx, agent, page)
        return page


def log(tx: Transaction, limit: int = 50) -> Page:
    """The newest messages between everybody, oldest of them first."""
    _check_limit(limit)
    rows = tx.execute("select * from messages order by id desc limit :limit", limit=limit + 1)
    return _page(rows[:limit][::-1], more=len(rows) > limit, floor=0)


def last_id(tx: Transaction) -> int:
    row = tx.one("select max(id) as id from messages")
    return (row["id"] or 0) if row else 0


def _reached(tx: Transaction, sender: str, recipient: str) -> list[Agent]:
    if recipient == HUMAN:
        return []
    present = [agent for agent in roster.present(tx) if agent.name != sender or agent.name == recipient]
    if recipient == EVERYONE:
        return present
    return [agent for agent in present if agent.name == recipient] or [
        agent for agent in present if agent.role == recipient
    ]


def _unread(tx: Transaction, agent: str, limit: int) -> Page:
    me = roster.find(tx, agent)
    floor_row = tx.one("select inbox_floor from agents where name = :agent", agent=agent)
    floor = floor_row["inbox_floor"] if floor_row else 0
    rows = tx.execute(
        "select * from messages m where m.id > :floor and m.sender <> :agent "
        "and m.recipient in (:agent, :role, 'all') "
        "and not exists (select 1 from receipts r where r.message_id = m.id and r.agent = :agent "
        "and r.read_at is not null) order by m.id limit :limit",
        floor=floor,
        agent=agent,
        role=me.role,
        limit=limit + 1,
    )
    return _page(rows[:limit], more=len(rows) > limit, floor=floor)


def _mark_read(tx: Transaction, agent: str, page: Page) -> None:
    for message in page.messages:
        tx.execute(
            "insert into receipts (message_id, agent, read_at) values (:id, :agent, :now) "
            "on conflict (message_id, agent) do update set read_at = excluded.read_at",
            id=message.id,
            agent=agent,
            now=tx.now,
        )
    deliveries.mark_read(tx, agent, [message.id for message in page.messages])
    # Everything up to here was printed, so the next look need not start from the beginning of time.
    floor = page.cursor if page.more else last_id(tx)
    tx.execute("update agents set inbox_floor = :floor where name = :agent", floor=floor, agent=agent)


def _check_body(body: str) -> None:
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        raise BadData("The message is not valid UTF-8.") from None
    if not body.strip():
        raise BadData("The message is empty.")
    if size > BODY_LIMIT:
        raise BadData(f"The message has {size} bytes; {BODY_LIMIT} are the limit. Put it into a file and name that.")


def _check_limit(limit: int) -> None:
    if limit not in LIMITS:
        raise Usage(f"--limit must be between {LIMITS[0]} and {LIMITS[-1]}.")


def _check_rate(tx: Transaction, sender: str, per_minute: int) -> None:
    rows = tx.execute(
        "select at from messages where sender = :sender and at > :since and at <= :now "
        "order by id desc limit :per_minute",
        sender=sender,
        since=tx.now - _MINUTE_MS,
        now=tx.now,  # a clock that was set back must not silence anybody for as long as it was wrong
        per_minute=per_minute,
    )
    if len(rows) >= per_minute:
        wait_s = max(1, -(-(rows[-1]["at"] + _MINUTE_MS - tx.now) // 1000))
        raise RateLimited(f"{per_minute} messages a minute are the limit. Try again in {wait_s} s.")


def _page(rows: list[Row], more: bool, floor: int) -> Page:
    found = [_message(row) for row in rows]
    return Page(found, more, found[-1].id if found else floor)


def _message(row: Row) -> Message:
    return Message(row["id"], row["at"], row["sender"], row["recipient"], MessageType(row["type"]), row["body"])
