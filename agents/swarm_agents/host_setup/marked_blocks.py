"""A block of lines of ours between two markers at the end of a text, taken out again to the last byte."""

from __future__ import annotations

import re

from swarm_agents.errors import BadData
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEGIN = "BEGIN swarm: written by 'swarm setup', which also takes it out again"
_END = "END swarm"


def insert(text: str, lines: Sequence[str], comment: str) -> str:
    """The text with the block at its end; it must have none yet."""
    return append_lines(text, [_mark(_BEGIN, comment), *lines, _mark(_END, comment)])


def strip(text: str) -> str:
    """The text without the block. Raises `BadData`, which names the line, where a marker is missing."""
    found = _find(text)
    return text if found is None else cut_lines(text, *found)


def read(text: str) -> list[str] | None:
    """The lines of the block; None where there is none."""
    found = _find(text)
    return None if found is None else text[found[0] : found[1]].splitlines()[1:-1]


def append_lines(text: str, lines: Sequence[str]) -> str:
    """The text with these lines at its end, which has a line end only if the text had one before."""
    newline = "\r\n" if "\r\n" in text else "\n"
    added = newline.join(lines)
    return f"{text}{added}{newline}" if not text or text.endswith("\n") else f"{text}{newline}{added}"


def cut_lines(text: str, start: int, end: int) -> str:
    """The text without these whole lines, as if `append_lines` had not added them."""
    if end == len(text) and not text.endswith("\n"):
        start -= 2 if text[:start].endswith("\r\n") else 1 if start else 0
    return text[:start] + text[end:]


def _mark(words: str, comment: str) -> str:
    return f"<!-- {words} -->" if comment == "<!--" else f"{comment} {words}"


def _find(text: str) -> tuple[int, int] | None:
    """Where its lines begin and end."""
    begins = list(re.finditer(r"^(?:<!--|#) BEGIN swarm\b[^\n]*\n?", text, re.MULTILINE))
    ends = list(re.finditer(r"^(?:<!--|#) END swarm\b[^\n]*\n?", text, re.MULTILINE))
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or ends[0].start() < begins[0].start():
        marks = sorted(found.start() for found in [*begins, *ends])
        line = text.count("\n", 0, marks[-1]) + 1
        raise BadData(
            f"line {line}: the markers 'BEGIN swarm' and 'END swarm' are no pair; delete what is left of them"
        )
    return begins[0].start(), ends[0].end()
