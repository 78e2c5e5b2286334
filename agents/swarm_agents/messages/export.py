"""Writes the messages into a file, whole and exact: one JSON object a line, or Markdown for people."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from swarm_agents.db.database import Database
from swarm_agents.errors import CannotWrite, Usage
from swarm_agents.messages import reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.model import Message
from swarm_agents.text import printable

_AT_ONCE = 1000  # messages read in one snapshot


def export(db: Database, file: Path, only: MessageFilter, format_: str) -> int:
    """Write what is asked for, oldest first, as `jsonl` or `markdown`; how many messages. The file must be new.

    Nothing is left behind when it fails. Raises `Usage` and `CannotWrite`.
    """
    line = FORMATS[format_]
    try:
        with open(file, "x", encoding="utf-8", newline="\n", opener=_private) as out:
            try:
                return _write(db, only, lambda message: out.write(line(message)))
            except BaseException:
                os.unlink(file)
                raise
    except FileExistsError:
        raise Usage(f"{file} is there already; export into a new file.") from None
    except OSError as error:
        raise CannotWrite(f"Cannot write {file}: {error.strerror}.") from None


def choose_format(file: Path, said: str | None) -> str:
    """By what was said, else by the name. Raises `Usage`."""
    format_ = said or {".jsonl": "jsonl", ".md": "markdown"}.get(file.suffix)
    if format_ is None:
        raise Usage(f"{file} ends neither in .jsonl nor in .md: say --format.")
    return format_


def _write(db: Database, only: MessageFilter, write: Callable[[Message], object]) -> int:
    with db.reading() as tx:
        newest = reading.find_last_id(tx)  # what is said meanwhile is for the next export
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
                limit=_AT_ONCE,
            )
        for row in rows:
            write(message_rows.make_message(row))
        written += len(rows)
        after = rows[-1]["id"] if len(rows) == _AT_ONCE else newest
    return written


def _json_line(one: Message) -> str:
    said = {"id": one.id, "at": _iso(one.at), "from": one.sender, "to": one.recipient, "type": one.type.value}
    more = {"thread": one.thread, "reply_to": one.reply_to, "retry_of": one.retry_of, "requires_ack": one.requires_ack}
    return json.dumps(said | more | {"body": one.body}) + "\n"


def _markdown(one: Message) -> str:
    body = printable(one.body)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    answers = f", answers #{one.reply_to}" if one.reply_to else ""
    again = f", again #{one.retry_of}" if one.retry_of else ""
    heading = f"## #{one.id} {one.type.value}: {one.sender} to {one.recipient}"
    return f"{heading}\n\n{_iso(one.at)}{answers}{again}\n\n{fence}text\n{body}\n{fence}\n\n"


def _iso(ms: int) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(ms // 1000))}.{ms % 1000:03d}Z"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


FORMATS: dict[str, Callable[[Message], str]] = {"jsonl": _json_line, "markdown": _markdown}
