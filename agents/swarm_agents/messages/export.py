"""Exports messages into a file: one JSON object a line, or Markdown for people."""

from __future__ import annotations

import json
import os
import re
import time

from swarm_agents.db.database import Database
from swarm_agents.errors import CannotWrite, UsageError
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.model import Message
from swarm_agents.text import printable
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_BATCH = 1000  # messages read in one snapshot


def export(db: Database, file: Path, only: MessageFilter, format_: str) -> int:
    """Write the messages that pass the filter, oldest first, as `jsonl` or `markdown`. Returns how many.

    The file must be new, and is removed when the export fails. Raises `UsageError` and `CannotWrite`.
    """
    line = FORMATS[format_]
    try:
        with open(file, "x", encoding="utf-8", newline="\n", opener=_open_private) as out:
            try:
                return _write(db, only, lambda message: out.write(line(message)))
            except BaseException:
                os.unlink(file)
                raise
    except FileExistsError:
        raise UsageError(f"{file} exists already; export into a new file.") from None
    except OSError as error:
        raise CannotWrite(f"Cannot write {file}: {error.strerror}.") from None


def choose_format(file: Path, given: str | None) -> str:
    """The format that was given, else the one of the file's suffix. Raises `UsageError`."""
    format_ = given or {".jsonl": "jsonl", ".md": "markdown"}.get(file.suffix)
    if format_ is None:
        raise UsageError(f"{file} ends neither in .jsonl nor in .md: say --format.")
    return format_


def _write(db: Database, only: MessageFilter, write: Callable[[Message], object]) -> int:
    with db.reading() as tx:
        newest = message_rows.find_last_id(tx)  # messages that are sent meanwhile are left out
    after, written = 0, 0
    while after < newest:
        with db.reading() as tx:
            condition = message_rows.make_condition(tx, only)
            rows = tx.execute(
                f"select m.* from messages m where m.id > :after and m.id <= :newest and {condition.sql} "
                "order by m.id limit :limit",
                **condition.values,
                after=after,
                newest=newest,
                limit=_BATCH,
            )
        for row in rows:
            write(message_rows.make_message(row))
        written += len(rows)
        after = rows[-1]["id"] if len(rows) == _BATCH else newest
    return written


def _format_json(one: Message) -> str:
    fields = {"id": one.id, "at": _format_iso(one.at), "from": one.sender, "to": one.recipient, "type": one.type.value}
    more = {"thread": one.thread, "reply_to": one.reply_to, "retry_of": one.retry_of, "requires_ack": one.requires_ack}
    return json.dumps(fields | more | {"body": one.body}) + "\n"


def _format_markdown(one: Message) -> str:
    body = printable(one.body)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    answers = f", answers #{one.reply_to}" if one.reply_to else ""
    again = f", again #{one.retry_of}" if one.retry_of else ""
    heading = f"## #{one.id} {one.type.value}: {one.sender} to {one.recipient}"
    return f"{heading}\n\n{_format_iso(one.at)}{answers}{again}\n\n{fence}text\n{body}\n{fence}\n\n"


def _format_iso(ms: int) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(ms // 1000))}.{ms % 1000:03d}Z"


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


FORMATS: dict[str, Callable[[Message], str]] = {"jsonl": _format_json, "markdown": _format_markdown}
