"""Quotes what agents wrote, so that nothing in it can pass for our own words, for the host's or for the system's.

A quotation is one line between double quotes, which it cannot hold itself. It holds no mark of Markdown's code, no tag,
no escape sequence and nothing that hides or reorders text.
"""

from __future__ import annotations

from swarm_agents.text import one_line, without_escapes
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents.model import Message

_MESSAGE_LIMIT = 300  # characters of one message
_REPLACED = {ord('"'): "'", ord("`"): "'", ord("<"): "‹", ord(">"): "›"}
_REPLACED |= dict.fromkeys(map(ord, "“”„‟«»″＂❝❞"), "'")


def quote(text: str, limit: int) -> str:
    """The text as a quotation of at most `limit` characters, and the two quotes."""
    plain = without_escapes(text) if "\x1b" in text or "\x0e" in text or "\x0f" in text else text
    return f'"{one_line(plain.translate(_REPLACED), limit)}"'


def quote_message(message: Message) -> str:
    """A message with its sender. That it is a quotation is said before it."""
    asks = ", to be acknowledged" if message.awaits_ack else ""
    of = f"message {message.id}, {message.type.value}{asks}"
    return f"{message.sender} wrote to {message.recipient} ({of}): {quote(message.body, _MESSAGE_LIMIT)}"
