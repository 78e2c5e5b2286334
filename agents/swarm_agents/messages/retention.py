"""Removes old messages that are no longer needed.

Kept, however old: what a present agent or the human has not read, what must still be acknowledged, what is on its way
into a pane, the first message of a thread of which another is left, and the newest message, which tells whether a
cursor belongs to this database.
"""

from __future__ import annotations

from swarm_agents import events
from swarm_agents.db import search
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.messages import rows as message_rows
from swarm_agents.model import EVERYONE, HUMAN
from swarm_agents.values import NamedTuple

_BATCH = 500  # messages of one transaction: it holds the write lock for some 10 ms, so sends go on in between

# Conditions for the `where` of a query whose table of messages is called m.
_UNREAD = (
    "exists (select 1 from agents a where a.left_at is null and a.name <> m.sender and m.id > a.inbox_floor "
    f"and m.recipient in (a.name, a.role, '{EVERYONE}') and not exists (select 1 from receipts r "
    "where r.message_id = m.id and r.agent = a.name and r.read_at is not null))"
)
_UNREAD_BY_HUMAN = (
    f"m.recipient = '{HUMAN}' and not exists (select 1 from receipts r "
    f"where r.message_id = m.id and r.agent = '{HUMAN}' and r.read_at is not null)"
)
_UNACKNOWLEDGED = (
    "exists (select 1 from acknowledgements k where k.message_id in (m.id, m.retry_of) "
    "and k.state in ('waiting', 'asked'))"
)
_ON_ITS_WAY = (
    "exists (select 1 from deliveries d where d.message_id = m.id and d.state in ('queued', 'typed', 'submitted'))"
)
_NEEDED = f"({_UNREAD}) or ({_UNREAD_BY_HUMAN}) or {_UNACKNOWLEDGED} or {_ON_ITS_WAY}"


class PruneResult(NamedTuple):
    """How many messages were removed, and how many as old are kept because they are needed."""

    removed: int
    kept: int


def prune(db: Database, older_than_s: float) -> PruneResult:
    """Remove messages that are older and not needed, newest first, in small transactions."""
    with db.reading() as tx:
        before = tx.now - int(older_than_s * 1000)
        below = message_rows.find_last_id(tx)
    removed = kept = 0
    while below > 1:
        with db.transaction() as tx:
            below, old, gone = _prune_some(tx, before, below)
        removed += gone
        kept += old - gone
    if removed:
        with db.transaction() as tx:
            events.record(tx, HUMAN, "pruned", f"{removed} messages older than {older_than_s:.0f} s")
    return PruneResult(removed, kept)


def find_pruned_through(tx: Transaction) -> int:
    """The largest id that was ever removed; 0 when none was."""
    row = tx.one("select through from pruned where id = 1")
    return int(row["through"]) if row else 0


def _prune_some(tx: Transaction, before: int, below: int) -> tuple[int, int, int]:
    """Returns the id below which to go on, how many of these messages are old, and how many were removed."""
    rows = tx.execute(
        "select id, at from messages where id < :below order by id desc limit :limit", below=below, limit=_BATCH
    )
    if not rows:
        return 0, 0, 0
    first = rows[-1]["id"]
    removable = tx.execute(
        f"select m.id from messages m where m.id >= :first and m.id < :below and m.at < :before and not ({_NEEDED}) "
        "order by m.id desc",
        first=first,
        below=below,
        before=before,
    )
    gone = sum(_remove(tx, row["id"]) for row in removable)
    if gone:
        tx.execute("update pruned set through = :last where id = 1 and through < :last", last=removable[0]["id"])
    return first, sum(row["at"] < before for row in rows), gone


def _remove(tx: Transaction, message: int) -> bool:
    """Remove one message with its rows; False when another message of the thread that it began is left."""
    if tx.one("select 1 from messages where thread = :id", id=message):
        return False
    search.remove_message(tx, message)
    for table in ("receipts", "deliveries", "acknowledgements"):
        tx.execute(f"delete from {table} where message_id = :id", id=message)
    tx.execute("delete from messages where id = :id", id=message)
    return True
