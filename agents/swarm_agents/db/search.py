"""Full-text search of messages, with SQLite's FTS5.

The first search creates the index, and each search adds the messages that are missing, in batches: sending a message
never pays for it, nor for a merge of its segments.
"""

from __future__ import annotations

import sqlite3

from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import Unavailable, UsageError
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

BATCH = 2_000  # messages a transaction adds: about 20 ms under the write lock
_PREFIX_LEAST = 3  # characters: too many words begin with a shorter one


def fill_index(db: Database) -> None:
    """Add every message that the index does not hold. Raises `Unavailable` when this SQLite has no full-text search."""
    with db.reading() as tx:
        if _is_made(tx) and not _missing(tx, 1):
            return
    while True:
        with db.transaction() as tx:
            _make(tx)
            missing = _missing(tx, BATCH)
            if not missing:
                return
            tx.execute(
                "insert into messages_fts (rowid, body) "
                "select id, body from messages where id between :first and :last",
                first=missing[0]["id"],
                last=missing[-1]["id"],
            )


def find_newest(tx: Transaction, text: str, where: str, values: dict[str, Any], limit: int) -> list[Row]:
    """Messages that hold every word of `text`, or a longer one that begins with it; newest first.

    `where` is SQL about messages, under the alias m. Raises `UsageError` when there is no word in `text`.
    """
    # The cross join keeps the planner from sorting all matches: the index already yields them newest first.
    return tx.execute(
        "select m.* from messages_fts f cross join messages m on m.id = f.rowid "
        f"where f.messages_fts match :words and {where} order by f.rowid desc limit :limit",
        words=_query(text),
        limit=limit,
        **values,
    )


def remove_message(tx: Transaction, message: int) -> None:
    """Remove a message from the index. Call it before the message itself is deleted."""
    if _is_made(tx) and tx.one("select 1 from messages_fts_docsize where id = :id", id=message):
        tx.execute(
            "insert into messages_fts (messages_fts, rowid, body) "
            "select 'delete', id, body from messages where id = :id",
            id=message,
        )


def _is_made(tx: Transaction) -> bool:
    return tx.one("select 1 from sqlite_schema where name = 'messages_fts'") is not None


def _make(tx: Transaction) -> None:
    if _is_made(tx):
        return
    try:
        tx.execute("create virtual table messages_fts using fts5 (body, content = 'messages', content_rowid = 'id')")
    except sqlite3.OperationalError as error:
        if "no such module" in str(error):
            raise Unavailable("This SQLite was built without full-text search (FTS5).") from None
        raise


def _missing(tx: Transaction, limit: int) -> list[Row]:
    """Messages that no search has added yet: those after the newest one in the index."""
    return tx.execute(
        "select id from messages where id > (select coalesce(max(id), 0) from messages_fts_docsize) "
        "order by id limit :limit",
        limit=limit,
    )


def _query(text: str) -> str:
    words = [word for word in text.replace("\0", " ").split() if any(one.isalnum() for one in word)]
    if not words:
        raise UsageError("Search for at least one word of letters or digits.")
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    quoted = '"' + word.replace('"', '""') + '"'
    return f"{quoted}*" if len(word) >= _PREFIX_LEAST else quoted
