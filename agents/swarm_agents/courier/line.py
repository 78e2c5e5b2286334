"""The one line that is typed into a pane: who wrote, what kind, and where to read it. Never the message itself."""

import functools
import unicodedata
from typing import NamedTuple

LINE_LIMIT_BYTES = 400  # canonical terminals drop what is over 1,023 (macOS); short lines wrap less in narrow panes
_EXCERPT_LIMIT = 120  # characters
_NAMED = 4  # of several messages, how many are named one by one
_KEPT = frozenset(" .,:=_/+%?()#-")
_DROPPED = frozenset("'\"`")


class Announced(NamedTuple):
    """What a notice tells of one message."""

    id: int
    sender: str
    type: str
    body: str


@functools.lru_cache(maxsize=64)  # a broadcast says the same in every pane
def line(messages: tuple[Announced, ...]) -> str:
    """One line for messages that wait for the same pane, oldest first. It begins with the newest id, `[swarm#ID]`.

    Letters, digits and harmless punctuation only: no quote, no `$`, no `;`, nothing that expands, chains or moves.
    """
    newest = messages[-1]
    if len(messages) == 1:
        told = f"{_safe(newest.type)} from {_safe(newest.sender)}: {_excerpt(newest.body)}"
        command = "Read all of it with: swarm inbox"
    else:
        named = ", ".join(f"#{each.id} {_safe(each.type)} from {_safe(each.sender)}" for each in messages[-_NAMED:])
        more = len(messages) - _NAMED
        told = f"{len(messages)} messages: {named}" + (f" and {more} older" if more > 0 else "")
        command = "Read them with: swarm inbox"
    head = f"[swarm#{newest.id}] "
    room = LINE_LIMIT_BYTES - len(head) - len(command) - len(". ")
    return f"{head}{_cut(told, room)}. {command}"


def _excerpt(body: str) -> str:
    flat = " ".join(_safe(body[: 4 * _EXCERPT_LIMIT]).split())
    cut = flat if len(flat) <= _EXCERPT_LIMIT else flat[:_EXCERPT_LIMIT].rsplit(" ", 1)[0] + " ..."
    return cut.rstrip(" .") or "no text to show"


def _safe(text: str) -> str:
    return "".join(_safe_character(character) for character in unicodedata.normalize("NFC", text))


def _safe_character(character: str) -> str:
    if character in _KEPT or character.isalnum():
        return character
    return "" if character in _DROPPED else " "


def _cut(text: str, limit_bytes: int) -> str:
    return text.encode()[:limit_bytes].decode(errors="ignore").rstrip(" .")
