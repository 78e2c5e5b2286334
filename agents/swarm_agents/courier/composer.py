"""Reads an agent's screen: is its composer there, empty, or holds a draft; or does a question wait for the human?

The rule was measured on real screens: the cursor stands one space behind the prompt, and what follows is empty or dim.
Everything else is not ready. When in doubt it is not ready: a line that is held costs less than a button pressed.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.panes import Pane

_DRAFT_ROWS = 40  # how far above the cursor a wrapped draft may begin
_ESCAPE = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;:?]*[A-Za-ln-z]|\x1b.|[\x0e\x0f]")
_BORDER = re.compile(r"[ ]*[─━═╭╰╮╯┌└┐┘▀▄▁▔-]{3,}")
_CHOICE = re.compile(r"[0-9]+[.)] ")
_SELECTED = re.compile(r"[ │]*[❯›●] [0-9]+[.)] ")  # a choice, in whichever program
_FRAME = " │┃|\xa0"
_EDGE = re.compile("╹▀{3,}")  # below a block behind a bar, and as wide: what stands further right is another part
_BLOCK_ROWS = 4  # of such a block while its text is one row
_BAR_INDENT = 3  # from the bar to the text


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
    now = _behind_bar(pane, rows, profile) if profile.bar else _behind_prompt(pane, rows, profile)
    return Dialog() if isinstance(now, Absent) and _asks(rows, profile) else now


def squeezed(text: str) -> str:
    """The text as a `Draft` shows it."""
    return "".join(text.split())


def _asks(rows: list[_Row], profile: Profile) -> bool:
    """Whether a question stands below all prompts: one that stands above was answered, or is quoted."""
    last = max((y for y, row in enumerate(rows) if _is_prompt(row.text, profile)), default=-1)
    below = [row.text for row in rows[last + 1 :]]
    return any(_SELECTED.match(text) or any(mark in text for mark in profile.dialogs) for text in below)


def _is_prompt(text: str, profile: Profile) -> bool:
    prompt = _prompt(text, profile)
    return prompt is not None and not _CHOICE.match(text[len(prompt) :].strip(_FRAME))


def _behind_prompt(pane: Pane, rows: list[_Row], profile: Profile) -> Composer:
    found = _prompt_row(pane, rows, profile)
    return _composer(pane, rows, *found, profile) if found else Absent()


def _prompt_row(pane: Pane, rows: list[_Row], profile: Profile) -> tuple[int, str] | None:
    for y in range(pane.cursor_y, max(-1, pane.cursor_y - _DRAFT_ROWS), -1):
        prompt = _prompt(rows[y].text, profile)
        if prompt is not None and y > 0 and _prompt(rows[y - 1].text, profile) is not None:
            continue  # one that repeats its prompt before every row of a draft
        if prompt is not None:
            return (y, prompt) if rows[pane.cursor_y].text.strip(_FRAME) or pane.cursor_x == _indent(prompt) else None
        blank = not rows[y].text.strip(_FRAME)  # a draft may end in a line that is still empty
        if _BORDER.match(rows[y].text) or (blank and y < pane.cursor_y):
            return None
    return None


def _indent(prompt: str) -> int:
    return len(prompt.rstrip()) + 1


def _prompt(text: str, profile: Profile) -> str | None:
    return next((found.group() for pattern in profile.prompts if (found := pattern.match(text))), None)


def _composer(pane: Pane, rows: list[_Row], first: int, prompt: str, profile: Profile) -> Composer:
    typed = [row.solid[len(_prompt(row.text, profile) or "") :] for row in rows[first : pane.cursor_y + 1]]
    typed += _continuation(rows[pane.cursor_y + 1 :])
    text = _typed(typed, profile)
    if text and (_is_choice(pane, rows, first, prompt) or _explains_keys(rows[first + 1 :], profile)):
        return Dialog()
    if text:
        return Draft(text)
    waiting_x = {_indent(prompt), len(prompt)}
    return Empty() if pane.cursor_y == first and pane.cursor_x in waiting_x else Absent()


def _typed(rows: Iterable[str], profile: Profile) -> str:
    text = "".join(squeezed(row.strip(_FRAME)) for row in rows)
    return "" if any(text.startswith(squeezed(placeholder)) for placeholder in profile.placeholders) else text


def _is_choice(pane: Pane, rows: list[_Row], first: int, prompt: str) -> bool:
    return bool(_CHOICE.match(rows[first].text[len(prompt) :].strip(_FRAME))) and not _at_end(pane, rows)


def _explains_keys(below: Iterable[_Row], profile: Profile) -> bool:
    return any(row.text.strip().startswith(profile.dialogs) for row in below)


def _at_end(pane: Pane, rows: list[_Row]) -> bool:
    return pane.cursor_x == len(rows[pane.cursor_y].text.rstrip(_FRAME)) or pane.cursor_x >= pane.width - 1


def _continuation(rows: list[_Row]) -> Iterator[str]:
    for row in rows:
        if not row.solid.startswith("  ") or _BORDER.match(row.text) or not row.solid.strip(_FRAME):
            return
        yield row.solid


def _behind_bar(pane: Pane, rows: list[_Row], profile: Profile) -> Composer:
    """A block of rows behind a bar: space, the text, space, and what the text is for; an edge closes it below."""
    at = pane.cursor_y
    column = len(rows[at].text) - len(rows[at].text.lstrip(" "))
    first = next((y + 1 for y in range(at, -1, -1) if not _has_bar(rows[y], column, profile)), 0)
    below = next((y for y in range(at, len(rows)) if not _has_bar(rows[y], column, profile)), at)
    edge = _EDGE.match(rows[below].text, column)
    if below - first < _BLOCK_ROWS or edge is None:
        return Absent()
    *typed, purpose = [
        _Row(row.text[column + 1 : edge.end()], row.solid[column + 1 : edge.end()]) for row in rows[first:below]
    ]
    if _prompt(purpose.text.strip(), profile) is None:
        return Absent()
    text = _typed((row.solid for row in typed), profile)
    if text:
        return Draft(text)
    waiting = below - first == _BLOCK_ROWS and (pane.cursor_x, at) == (column + _BAR_INDENT, first + 1)
    return Empty() if waiting else Absent()


def _has_bar(row: _Row, column: int, profile: Profile) -> bool:
    return row.text.startswith(profile.bar, column) and not row.text[:column].strip()


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


@functools.lru_cache(maxsize=4096)  # rules, prompts and hints are the same in every pane and every look
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
