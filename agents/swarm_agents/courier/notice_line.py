"""Formats the one line that is typed into a pane: sender, type, an excerpt, and the command that reads the message."""

import functools
import unicodedata
from typing import NamedTuple

LINE_LIMIT_BYTES = 400  # canonical terminals drop what is over 1,023 (macOS); short lines wrap less in narrow panes
_EXCERPT_LIMIT = 120  # characters
_NAMED = 4  # of several messages, how many are listed one by one
_KEPT = frozenset(" .,:=_/+%?()#-")
_DROPPED = frozenset("'\"`")


class MessageExcerpt(NamedTuple):
    """What a notice shows of one message."""

    id: int
    sender: str
    type: str
    body: str


@functools.lru_cache(maxsize=64)  # a broadcast has the same line in every pane
def format_line(messages: tuple[MessageExcerpt, ...]) -> str:
    """One line for messages to the same pane, given oldest first. It begins with the newest id, `[swarm#ID]`.

    Letters, digits and harmless punctuation only: no quote, no `$`, no `;`, no control character.
    """
    newest = messages[-1]
    if len(messages) == 1:
        summary = f"{_make_safe(newest.type)} from {_make_safe(newest.sender)}: {_make_excerpt(newest.body)}"
        command = "Read all of it with: swarm inbox"
    else:
        named = ", ".join(
            f"#{each.id} {_make_safe(each.type)} from {_make_safe(each.sender)}" for each in messages[-_NAMED:]
        )
        more = len(messages) - _NAMED
        summary = f"{len(messages)} messages: {named}" + (f" and {more} older" if more > 0 else "")
        command = "Read them with: swarm inbox"
    head = f"[swarm#{newest.id}] "
    room = LINE_LIMIT_BYTES - len(head) - len(command) - len(". ")
    return f"{head}{_cut(summary, room)}. {command}"


def _make_excerpt(body: str) -> str:
    flat = " ".join(_make_safe(body[: 4 * _EXCERPT_LIMIT]).split())
    cut = flat if len(flat) <= _EXCERPT_LIMIT else flat[:_EXCERPT_LIMIT].rsplit(" ", 1)[0] + " ..."
    return cut.rstrip(" .") or "no text to show"


def _make_safe(text: str) -> str:
    return "".join(_make_character_safe(character) for character in unicodedata.normalize("NFC", text))


def _make_character_safe(character: str) -> str:
    if character in _KEPT or character.isalnum():
        return character
    return "" if character in _DROPPED else " "


def _cut(text: str, limit_bytes: int) -> str:
    return text.encode()[:limit_bytes].decode(errors="ignore").rstrip(" .")
