"""Reads an agent's screen: is its composer there, empty, or holds a draft; or does a question wait for the human?

The rule was measured on real screens: the cursor stands one space behind the prompt, and what follows is empty or dim.
Everything else is not ready. When in doubt it is not ready: a line that is held costs less than a button pressed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from swarm_agents.panes import Pane
from swarm_agents.profiles import Profile

_DRAFT_ROWS = 40  # how far above the cursor a wrapped draft may begin
_ESCAPE = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;:?]*[A-Za-ln-z]|\x1b.|[\x0e\x0f]")
_BORDER = re.compile(r"[ ]*[─━═╭╰╮╯┌└┐┘▀▄▁▔-]{3,}")
_CHOICE = re.compile(r"[0-9]+[.)] ")
_FRAME = " │┃|\xa0"


@dataclass(frozen=True)
class Empty:
    """Ready: whatever is typed now is a prompt of its own."""


@dataclass(frozen=True)
class Draft:
    """There is text in the composer. `text` has no white space: rows wrap wherever they like."""

    text: str


@dataclass(frozen=True)
class Dialog:
    """A question or a menu: a key pressed now would answer it."""


@dataclass(frozen=True)
class Absent:
    """No composer to be seen: it starts, it works without one, or it shows something else."""


Composer = Empty | Draft | Dialog | Absent


class _Row(NamedTuple):
    """A row's text; `solid` is the same with everything dim blanked out: what a person has typed."""

    text: str
    solid: str


def read(pane: Pane, screen: Sequence[str], profile: Profile) -> Composer:
    """What can be said of the composer of a pane, whose screen was captured in the same look."""
    rows = list(_rows(screen, pane))
    if not rows or pane.cursor_y >= len(rows):
        return Absent()
    if not profile.composer:
        return _line_reader(pane, rows[pane.cursor_y], profile)
    found = _prompt_row(pane, rows, profile)
    now = _composer(pane, rows, *found, profile) if found else Absent()
    # The words of a question may stand in the transcript above a composer; only the cursor proves that it has the keys.
    unproven = isinstance(now, Absent) or not profile.cursor
    return Dialog() if unproven and any(mark in row.text for row in rows for mark in profile.dialogs) else now


def squeezed(text: str) -> str:
    """The text as a `Draft` shows it."""
    return "".join(text.split())


def _prompt_row(pane: Pane, rows: list[_Row], profile: Profile) -> tuple[int, str] | None:
    if not profile.cursor:
        return _framed_prompt_row(rows, profile)
    for y in range(pane.cursor_y, max(-1, pane.cursor_y - _DRAFT_ROWS), -1):
        prompt = _prompt(rows[y].text, profile)
        if prompt is not None:
            return y, prompt
        if _BORDER.match(rows[y].text) or not rows[y].text.strip(_FRAME):
            return None
    return None


def _framed_prompt_row(rows: list[_Row], profile: Profile) -> tuple[int, str] | None:
    for y in range(len(rows) - 1, 0, -1):
        prompt = _prompt(rows[y].text, profile)
        if prompt is not None:  # without a frame above, it may be a quotation
            return (y, prompt) if _BORDER.match(rows[y - 1].text) else None
    return None


def _prompt(text: str, profile: Profile) -> str | None:
    return next((found.group() for pattern in profile.prompts if (found := pattern.match(text))), None)


def _composer(pane: Pane, rows: list[_Row], first: int, prompt: str, profile: Profile) -> Composer:
    typed = [rows[first].solid[len(prompt) :]]
    typed += [row.solid for row in rows[first + 1 : pane.cursor_y + 1]] if profile.cursor else []
    below = max(first, pane.cursor_y) if profile.cursor else first
    typed += _continuation(rows[below + 1 :])
    text = "".join(squeezed(part.strip(_FRAME)) for part in typed)
    if any(text.startswith(squeezed(placeholder)) for placeholder in profile.placeholders):
        text = ""
    if text and _CHOICE.match(rows[first].text[len(prompt) :].strip(_FRAME)) and not _at_end(pane, rows):
        return Dialog()
    if text:
        return Draft(text)
    waiting_x = {len(prompt.rstrip()) + 1, len(prompt)}
    return Empty() if not profile.cursor or (pane.cursor_y == first and pane.cursor_x in waiting_x) else Absent()


def _at_end(pane: Pane, rows: list[_Row]) -> bool:
    return pane.cursor_x == len(rows[pane.cursor_y].text.rstrip(_FRAME)) or pane.cursor_x >= pane.width - 1


def _continuation(rows: list[_Row]) -> Iterator[str]:
    for row in rows:
        if not row.solid.startswith("  ") or _BORDER.match(row.text) or not row.solid.strip(_FRAME):
            return
        yield row.solid


def _line_reader(pane: Pane, row: _Row, profile: Profile) -> Composer:
    before = row.text[: pane.cursor_x].rstrip()
    if not row.text.strip() and pane.cursor_x == 0:
        return Empty()
    if any(pattern.fullmatch(row.text.rstrip()) for pattern in profile.prompts) and before == row.text.rstrip():
        return Empty()
    return Draft(squeezed(row.text))


def _rows(screen: Sequence[str], pane: Pane) -> Iterator[_Row]:
    dim = False  # tmux says only what changes, from one row to the next
    for y, raw in enumerate(screen):
        row, dim = _row(raw, dim)
        yield _without_cursor_block(row, raw, pane.cursor_x) if y == pane.cursor_y else row


def _row(raw: str, dim: bool) -> tuple[_Row, bool]:
    if raw.isprintable():  # nearly every row of nearly every screen
        return _Row(raw, " " * len(raw) if dim else raw), dim
    text: list[str] = []
    solid: list[str] = []
    at = 0
    for escape in _ESCAPE.finditer(raw):
        plain = raw[at : escape.start()]
        text.append(plain)
        solid.append(" " * len(plain) if dim else plain)
        at = escape.end()
        if escape.group(1) is not None:
            dim = _dim_after(escape.group(1), dim)
    text.append(raw[at:])
    solid.append(" " * len(raw[at:]) if dim else raw[at:])
    return _Row("".join(text), "".join(solid)), dim


def _without_cursor_block(row: _Row, raw: str, cursor_x: int) -> _Row:
    # An agent that draws its own cursor shows the first character of a placeholder reversed, not dim.
    blank = row.text[cursor_x + 1 :].strip(_FRAME)
    if "\x1b[7m" in raw and blank and not row.solid[cursor_x + 1 :].strip(_FRAME):
        return _Row(row.text, row.solid[:cursor_x] + " " + row.solid[cursor_x + 1 :])
    return row


def _dim_after(parameters: str, dim: bool) -> bool:
    codes = iter(re.split("[;]", parameters) if parameters else ["0"])
    for code in codes:
        if code in {"38", "48", "58"}:  # a colour: its own numbers follow
            kind = next(codes, "")
            for _ in range({"5": 1, "2": 3}.get(kind, 0)):
                next(codes, None)
        elif code in {"", "0", "22"}:
            dim = False
        elif code == "2":
            dim = True
    return dim
