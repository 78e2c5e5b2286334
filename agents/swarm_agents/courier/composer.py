"""Reads an agent's screen: is its composer empty, does it hold a draft, or does a dialog wait for the human?

The rule was measured on real screens: the cursor stands one space behind the prompt, and what follows is empty or dim.
Everything else is not ready. In doubt a pane is not ready: a held line costs less than a pressed button.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.panes.pane import Pane

_DRAFT_ROWS = 40  # how far above the cursor a wrapped draft may begin
_ESCAPE = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;:?]*[A-Za-ln-z]|\x1b.|[\x0e\x0f]")
_BORDER = re.compile(r"[ ]*[─━═╭╰╮╯┌└┐┘▀▄▁▔-]{3,}")
_CHOICE = re.compile(r"[0-9]+[.)] ")
_SELECTED = re.compile(r"[ │]*[❯›●] [0-9]+[.)] ")  # a selected choice, in any program
_FRAME = " │┃|\xa0"
_EDGE = re.compile("╹▀{3,}")  # below a block behind a bar, and as wide; text further right belongs to another part
_BLOCK_ROWS = 4  # height of such a block while its text is one row
_BAR_INDENT = 3  # from the bar to the text


@dataclass(frozen=True)
class EmptyComposer:
    """Ready: a line typed now becomes a prompt of its own."""


@dataclass(frozen=True)
class ComposerDraft:
    """There is text in the composer. `text` has no white space, because rows wrap at any character."""

    text: str


@dataclass(frozen=True)
class OpenDialog:
    """A question or a menu is open: a key pressed now would answer it."""


@dataclass(frozen=True)
class NoComposer:
    """No composer is visible: the program starts, is busy without one, or shows something else."""


ComposerState = EmptyComposer | ComposerDraft | OpenDialog | NoComposer


class _ScreenRow(NamedTuple):
    """A row's text; `solid` is the same with dim text blanked out, so what a person has typed."""

    text: str
    solid: str


def read(pane: Pane, screen: Sequence[str], profile: Profile) -> ComposerState:
    """The state of a pane's composer. `screen` and `pane` come from the same snapshot."""
    rows = list(_rows(screen, pane))
    if not rows or pane.cursor_y >= len(rows):
        return NoComposer()
    if not profile.composer:
        return _read_line_reader(pane, rows[pane.cursor_y], profile)
    state = _read_behind_bar(pane, rows, profile) if profile.bar else _read_behind_prompt(pane, rows, profile)
    return OpenDialog() if isinstance(state, NoComposer) and _shows_question(rows, profile) else state


def remove_spaces(text: str) -> str:
    """The text as `ComposerDraft.text` has it."""
    return "".join(text.split())


def _shows_question(rows: list[_ScreenRow], profile: Profile) -> bool:
    """Whether a question is below all prompts; a question above one was answered, or is quoted."""
    last = max((y for y, row in enumerate(rows) if _is_prompt(row.text, profile)), default=-1)
    below = [row.text for row in rows[last + 1 :]]
    return any(_SELECTED.match(text) or any(mark in text for mark in profile.dialogs) for text in below)


def _is_prompt(text: str, profile: Profile) -> bool:
    prompt = _find_prompt(text, profile)
    return prompt is not None and not _CHOICE.match(text[len(prompt) :].strip(_FRAME))


def _read_behind_prompt(pane: Pane, rows: list[_ScreenRow], profile: Profile) -> ComposerState:
    found = _find_prompt_row(pane, rows, profile)
    return _read_composer(pane, rows, *found, profile) if found else NoComposer()


def _find_prompt_row(pane: Pane, rows: list[_ScreenRow], profile: Profile) -> tuple[int, str] | None:
    for y in range(pane.cursor_y, max(-1, pane.cursor_y - _DRAFT_ROWS), -1):
        prompt = _find_prompt(rows[y].text, profile)
        if prompt is not None and y > 0 and _find_prompt(rows[y - 1].text, profile) is not None:
            continue  # some programs repeat the prompt before every row of a draft
        if prompt is not None:
            return (y, prompt) if rows[pane.cursor_y].text.strip(_FRAME) or pane.cursor_x == _indent(prompt) else None
        blank = not rows[y].text.strip(_FRAME)  # a draft may end with an empty line
        if _BORDER.match(rows[y].text) or (blank and y < pane.cursor_y):
            return None
    return None


def _indent(prompt: str) -> int:
    return len(prompt.rstrip()) + 1


def _find_prompt(text: str, profile: Profile) -> str | None:
    return next((found.group() for pattern in profile.prompts if (found := pattern.match(text))), None)


def _read_composer(pane: Pane, rows: list[_ScreenRow], first: int, prompt: str, profile: Profile) -> ComposerState:
    typed = [row.solid[len(_find_prompt(row.text, profile) or "") :] for row in rows[first : pane.cursor_y + 1]]
    typed += _continuation_rows(rows[pane.cursor_y + 1 :])
    text = _join_draft(typed, profile)
    if text and (_is_choice(pane, rows, first, prompt) or _explains_keys(rows[first + 1 :], profile)):
        return OpenDialog()
    if text:
        return ComposerDraft(text)
    waiting_x = {_indent(prompt), len(prompt)}
    return EmptyComposer() if pane.cursor_y == first and pane.cursor_x in waiting_x else NoComposer()


def _join_draft(rows: Iterable[str], profile: Profile) -> str:
    text = "".join(remove_spaces(row.strip(_FRAME)) for row in rows)
    return "" if any(text.startswith(remove_spaces(placeholder)) for placeholder in profile.placeholders) else text


def _is_choice(pane: Pane, rows: list[_ScreenRow], first: int, prompt: str) -> bool:
    return bool(_CHOICE.match(rows[first].text[len(prompt) :].strip(_FRAME))) and not _at_end(pane, rows)


def _explains_keys(below: Iterable[_ScreenRow], profile: Profile) -> bool:
    return any(row.text.strip().startswith(profile.dialogs) for row in below)


def _at_end(pane: Pane, rows: list[_ScreenRow]) -> bool:
    return pane.cursor_x == len(rows[pane.cursor_y].text.rstrip(_FRAME)) or pane.cursor_x >= pane.width - 1


def _continuation_rows(rows: list[_ScreenRow]) -> Iterator[str]:
    for row in rows:
        if not row.solid.startswith("  ") or _BORDER.match(row.text) or not row.solid.strip(_FRAME):
            return
        yield row.solid


def _read_behind_bar(pane: Pane, rows: list[_ScreenRow], profile: Profile) -> ComposerState:
    """Read a block of rows behind a bar: blank, the text, blank, the agent's mode; an edge closes it below."""
    at = pane.cursor_y
    column = len(rows[at].text) - len(rows[at].text.lstrip(" "))
    first = next((y + 1 for y in range(at, -1, -1) if not _has_bar(rows[y], column, profile)), 0)
    below = next((y for y in range(at, len(rows)) if not _has_bar(rows[y], column, profile)), at)
    edge = _EDGE.match(rows[below].text, column)
    if below - first < _BLOCK_ROWS or edge is None:
        return NoComposer()
    *typed, purpose = [
        _ScreenRow(row.text[column + 1 : edge.end()], row.solid[column + 1 : edge.end()]) for row in rows[first:below]
    ]
    if _find_prompt(purpose.text.strip(), profile) is None:
        return NoComposer()
    text = _join_draft((row.solid for row in typed), profile)
    if text:
        return ComposerDraft(text)
    waiting = below - first == _BLOCK_ROWS and (pane.cursor_x, at) == (column + _BAR_INDENT, first + 1)
    return EmptyComposer() if waiting else NoComposer()


def _has_bar(row: _ScreenRow, column: int, profile: Profile) -> bool:
    return row.text.startswith(profile.bar, column) and not row.text[:column].strip()


def _read_line_reader(pane: Pane, row: _ScreenRow, profile: Profile) -> ComposerState:
    before = row.text[: pane.cursor_x].rstrip()
    if not row.text.strip() and pane.cursor_x == 0:
        return EmptyComposer()
    if any(pattern.fullmatch(row.text.rstrip()) for pattern in profile.prompts) and before == row.text.rstrip():
        return EmptyComposer()
    return ComposerDraft(remove_spaces(row.text))


def _rows(screen: Sequence[str], pane: Pane) -> Iterator[_ScreenRow]:
    dim = False  # tmux writes only changes of style, also from one row to the next
    for y, raw in enumerate(screen):
        row, dim = _row(raw, dim)
        yield _without_cursor_block(row, raw, pane.cursor_x) if y == pane.cursor_y else row


@functools.lru_cache(maxsize=4096)  # rules, prompts and hints are the same in every pane and snapshot
def _row(raw: str, dim: bool) -> tuple[_ScreenRow, bool]:
    if raw.isprintable():  # nearly every row of nearly every screen
        return _ScreenRow(raw, " " * len(raw) if dim else raw), dim
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
    return _ScreenRow("".join(text), "".join(solid)), dim


def _without_cursor_block(row: _ScreenRow, raw: str, cursor_x: int) -> _ScreenRow:
    # An agent that draws its own cursor shows the first character of a placeholder reversed, not dim.
    blank = row.text[cursor_x + 1 :].strip(_FRAME)
    if "\x1b[7m" in raw and blank and not row.solid[cursor_x + 1 :].strip(_FRAME):
        return _ScreenRow(row.text, row.solid[:cursor_x] + " " + row.solid[cursor_x + 1 :])
    return row


def _dim_after(parameters: str, dim: bool) -> bool:
    codes = iter(re.split("[;]", parameters) if parameters else ["0"])
    for code in codes:
        if code in {"38", "48", "58"}:  # a colour: its numbers follow
            kind = next(codes, "")
            for _ in range({"5": 1, "2": 3}.get(kind, 0)):
                next(codes, None)
        elif code in {"", "0", "22"}:
            dim = False
        elif code == "2":
            dim = True
    return dim
