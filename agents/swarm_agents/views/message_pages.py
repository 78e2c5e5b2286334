"""Reads the message log by ranges of ids: never an offset, never a count, so a million rows cost what a hundred do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from swarm_agents.db.database import Row, Transaction
from swarm_agents.errors import NotFound

LINE_LIMIT = 400  # characters of a body that a line of the log can show; the whole of it is one key away
SEARCH_STEP = 20_000  # ids that one read of a search looks at: some 3 ms, so that nobody's checkpoint waits


@dataclass(frozen=True)
class LogRow:
    """A message as one line shows it. The type is text: one row of a newer version must not empty the log."""

    id: int
    at: int
    sender: str
    recipient: str
    type: str
    body: str
    thread: int | None = None
    """The message that began its thread; known only of one that was read whole."""


@dataclass(frozen=True)
class MessageFilter:
    """What a filter asks for: all of it must hold. Written `words type:QUESTION from:web thread:12`."""

    words: str = ""
    type: str | None = None
    sender: str | None = None
    thread: int | None = None


def parse_filter(typed: str) -> MessageFilter:
    """What is not one of the three marks is words, so that nothing typed is ever an error."""
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
    return MessageFilter(" ".join(words), marks.get("type"), marks.get("from"), thread)


def bounds(tx: Transaction) -> tuple[int, int]:
    """The first and the last id, 0 and 0 when nothing was said yet."""
    first = tx.one("select id from messages order by id limit 1")
    last = tx.one("select id from messages order by id desc limit 1")
    return (first["id"], last["id"]) if first and last else (0, 0)


def rows(tx: Transaction, first: int, last: int) -> tuple[LogRow, ...]:
    found = tx.execute(
        "select id, at, sender, recipient, type, substr(body, 1, :line) as body from messages "
        "where id between :first and :last order by id",
        first=first,
        last=last,
        line=LINE_LIMIT,
    )
    return tuple(_row(row) for row in found)


def whole(tx: Transaction, message: int) -> LogRow:
    """One message with all of its body."""
    row = tx.one("select id, at, sender, recipient, type, body, thread from messages where id = :id", id=message)
    if row is None:
        raise NotFound(f"Message {message} is gone.")
    return replace(_row(row), thread=row["thread"] or row["id"])


def steps(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The range in pieces that are read one by one, newest first."""
    while last >= first:
        yield max(first, last - SEARCH_STEP + 1), last
        last -= SEARCH_STEP


def matching(tx: Transaction, typed: str, first: int, last: int) -> list[int]:
    """Ids within the range that a filter asks for, oldest first. Words may stand in any part of the line."""
    wanted = parse_filter(typed)
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
    return words.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _row(row: Row) -> LogRow:
    return LogRow(row["id"], row["at"], row["sender"], row["recipient"], row["type"], row["body"])
