"""Reads the message log by ranges of ids: never an offset, never a count, so a million rows cost what a hundred do."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import NotFound
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_LIMIT = 400  # characters of a body that a line of the log can show; the details show all of it
SEARCH_STEP = 20_000  # ids that one transaction of a search reads: some 3 ms, so that it delays no checkpoint


class LogRow(NamedTuple):
    """A message as one line shows it. The type is text: one row of a newer version must not empty the log."""

    id: int
    at: int
    sender: str
    recipient: str
    type: str
    body: str
    thread: int | None = None
    """The message that began its thread; None in a page, which does not read it."""


class LogFilter(NamedTuple):
    """Which messages to show: those for which all of it holds. Typed as `words type:QUESTION from:web thread:12`."""

    words: str = ""
    type: str | None = None
    sender: str | None = None
    thread: int | None = None


def parse_filter(typed: str) -> LogFilter:
    """Everything but the three marks is words, so no text is ever an error."""
    words: list[str] = []
    marks: dict[str, str] = {}
    for word in typed.split():
        name, _, value = word.partition(":")
        known = value and (name in ("type", "from") or (name == "thread" and value.isdecimal()))
        if known:
            marks[name] = value
        else:
            words.append(word)
    thread = int(marks["thread"]) if "thread" in marks else None
    return LogFilter(" ".join(words), marks.get("type"), marks.get("from"), thread)


def read_page(db: Database, first: int, last: int) -> tuple[LogRow, ...]:
    """The messages with these ids, both included, oldest first."""
    with db.reading() as tx:
        return find_rows(tx, first, last)


def read_message(db: Database, message: int) -> LogRow:
    """One message with its whole body and its thread. Raises `NotFound` when it was removed."""
    with db.reading() as tx:
        row = tx.one("select id, at, sender, recipient, type, body, thread from messages where id = :id", id=message)
    if row is None:
        raise NotFound(f"Message {message} is gone.")
    return _row(row, row["thread"] or row["id"])


def search(db: Database, typed: str, first: int, last: int) -> Iterator[list[int]]:
    """The ids in the range that match the filter, newest range first, each list oldest first.

    One list for each transaction, also an empty one, so that the caller can stop in between.
    """
    wanted = parse_filter(typed)
    for lower, upper in _steps(first, last):
        with db.reading() as tx:
            found = _find_matching(tx, wanted, lower, upper)
        yield found


def find_first_id(tx: Transaction) -> int:
    """The id of the oldest message, 0 when there is none yet."""
    first = tx.one("select id from messages order by id limit 1")
    return first["id"] if first else 0


def find_rows(tx: Transaction, first: int, last: int) -> tuple[LogRow, ...]:
    found = tx.execute(
        "select id, at, sender, recipient, type, substr(body, 1, :line) as body from messages "
        "where id between :first and :last order by id",
        first=first,
        last=last,
        line=LINE_LIMIT,
    )
    return tuple(_row(row) for row in found)


def _steps(first: int, last: int) -> Iterator[tuple[int, int]]:
    while last >= first:
        yield max(first, last - SEARCH_STEP + 1), last
        last -= SEARCH_STEP


def _find_matching(tx: Transaction, wanted: LogFilter, first: int, last: int) -> list[int]:
    """Words may stand in any part of the line."""
    found = tx.execute(
        "select id from messages where id between :first and :last "
        "and lower(sender || ' ' || recipient || ' ' || type || ' ' || body) like lower(:pattern) escape '!' "
        "and (:type is null or lower(type) = lower(:type)) and (:sender is null or lower(sender) = lower(:sender)) "
        "and (:thread is null or id = :thread or thread = :thread) order by id",
        first=first,
        last=last,
        pattern=f"%{_literal(wanted.words)}%",
        type=wanted.type,
        sender=wanted.sender,
        thread=wanted.thread,
    )
    return [row["id"] for row in found]


def _literal(words: str) -> str:
    """The words as a pattern of `like` that means just them."""
    return words.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _row(row: Row, thread: int | None = None) -> LogRow:
    return LogRow(row["id"], row["at"], row["sender"], row["recipient"], row["type"], row["body"], thread)
