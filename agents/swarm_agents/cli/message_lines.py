"""Formats messages: as lines for people and as data for `--json`."""

from __future__ import annotations

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.model import Message
from swarm_agents.text import printable
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from swarm_agents.messages import reading

_MARGIN = "    "  # before each further line of a body, so that none looks like the head of another message


def make_page_answer(
    call: Call, page: reading.MessagePage, when_empty: str, more_data: dict[str, int] | None = None
) -> Answer:
    """Answer with the messages of a page, and after each the command that it asks the reader to run."""
    data: dict[str, Any] = {
        "messages": [make_message_data(one) for one in page.messages],
        "more": page.more,
        "cursor": page.cursor,
    }
    lines = [text for one in page.messages for text in (format_message(one), *_list_commands(call, one))]
    return make_listing(lines, when_empty, data | (more_data or {}))


def make_message_data(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "at": format_iso(message.at),
        "from": message.sender,
        "to": message.recipient,
        "type": message.type.value,
        "body": message.body,
        "thread": message.thread,
        "reply_to": message.reply_to,
        "retry_of": message.retry_of,
        "requires_ack": message.requires_ack,
        "phase": message.phase,
    }


def format_message(message: Message) -> str:
    body = printable(message.body).replace("\n", f"\n{_MARGIN}")
    head = f"#{message.id} {format_clock(message.at)} {message.sender} -> {message.recipient} {message.type.value}"
    again = f" (#{message.retry_of} again)" if message.retry_of else ""
    answers = f" (answers #{message.reply_to})" if message.reply_to else ""
    return f"{head}{again}{answers}: {body}"


def _list_commands(call: Call, message: Message) -> list[str]:
    """The command that acknowledges the message, when the reader has not."""
    if not message.awaits_ack:
        return []
    return [f"{_MARGIN}-> acknowledge it: {call.add_identity(f'swarm msg ack {message.id}')}"]
