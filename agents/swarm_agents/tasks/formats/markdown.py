"""Reads checklist items of Markdown, as GitHub shows them: lists of any kind, nested, beside other items.

markdown-it-py says what is a list, a fence, indented code or a comment; its task-list plugin, which items have a box.
"""

import re
import textwrap
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin

from swarm_agents.errors import BadData
from swarm_agents.tasks.drafts import DRAFTS_LIMIT, TITLE_LIMIT, DraftState, make_count_error
from swarm_agents.tasks.formats.raw_task import KEYS, RawTask, make_error
from swarm_agents.text import one_line

_NESTING_LIMIT = 100  # markdown-it calls itself for each level: a list and its item are two of them
_ITEMS_LIMIT = 10_000  # with a box or without: the plugin looks through a list once for each box in it
_BOX = re.compile(r"\[(.)\]\s")
_STATES = {
    " ": DraftState.OPEN,
    "x": DraftState.COMPLETED,
    "X": DraftState.COMPLETED,
    "-": DraftState.CANCELLED,  # as Obsidian writes it; GitHub knows no cancelled item
}


class _Extent(NamedTuple):
    """The lines of an item, counted from 0, and those of its first paragraph. The ends are excluded."""

    first: int
    title_end: int
    end: int


def read(text: str, tasklist_fences: bool = False) -> list[RawTask]:
    """The items with a box, in the order of the text. An item is part of the nearest one that it is nested in.

    With `tasklist_fences` a fenced block that is marked `[tasklist]` is read as well: issues of GitHub have such.
    """
    parser = _make_parser()
    tokens = parser.parse(text)
    found, extents = _read_items(tokens)
    lines = re.split(r"\r\n|\r|\n", text)
    inner = [(one.first, one.end) for one in extents]
    for task, extent in zip(found, extents, strict=True):
        rest = _read_rest(lines, extent, inner)
        if rest:
            task.table["detail"] = "\n\n".join(filter(None, (task.table.get("detail", ""), rest)))
    if tasklist_fences:
        for token in tokens:
            if token.type == "fence" and token.info.strip() == "[tasklist]" and token.map:
                found += _move(read(token.content), token.map[0] + 1, len(found))
    return found


def has_items(text: str) -> bool:
    """Whether a line of the text looks like an item with a box."""
    return re.search(r"^[\s>]*([-*+]|\d{1,9}[.)])\s+\[[ xX-]\]\s", text, re.MULTILINE) is not None


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * _NESTING_LIMIT})
    parser.inline.ruler.enableOnly(["text"])  # titles are kept as they are written
    parser.block.ruler.disable("blockquote")  # what is quoted is no task, and deep quotations take minutes
    parser.block.ruler.before("table", "nesting_limit", _refuse_deep_nesting)
    parser.core.ruler.after("block", "boxes", _note_boxes)
    return parser.use(tasklists_plugin)


def _refuse_deep_nesting(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule of markdown-it that matches nothing. Beyond its own limit the parser leaves text out and says nothing."""
    if state.level > _NESTING_LIMIT:
        raise make_error(start + 1, f"lists are nested more than {_NESTING_LIMIT // 2} deep")
    return False


def _note_boxes(state: StateCore) -> None:
    """A rule of markdown-it that keeps the sign in each box, which the plugin removes, and refuses an unknown one."""
    tokens, count = state.tokens, 0
    for before, token in zip(tokens, tokens[2:], strict=False):
        box = _BOX.match(token.content) if before.type == "list_item_open" and token.type == "inline" else None
        if box is None:
            continue
        if box[1] not in _STATES:
            raise make_error(_get_lines(token)[0] + 1, "the box of a task is [ ], when it is done [x], cancelled [-]")
        token.meta["box"] = box[1]
        token.content = f"[ ] {token.content[box.end() :]}"
        count += 1
    if count > DRAFTS_LIMIT:
        raise make_count_error(count)
    items = sum(token.type == "list_item_open" for token in tokens)
    if items > _ITEMS_LIMIT:
        raise BadData(f"There are {items} items of lists in it; {_ITEMS_LIMIT} are the limit.")


def _read_items(tokens: list[Token]) -> tuple[list[RawTask], list[_Extent]]:
    found: list[RawTask] = []
    extents: list[_Extent] = []
    open_items: list[int | None] = []  # for each open item its task, or the nearest one that it is nested in
    for number, token in enumerate(tokens):
        if token.type == "list_item_close":
            open_items.pop()
        elif token.type == "list_item_open":
            task = open_items[-1] if open_items else None
            if "task-list-item" in str(token.attrGet("class")).split():
                first, end = _get_lines(token)
                title = tokens[number + 2]
                extents.append(_Extent(first, _get_lines(title)[1], end))
                found.append(RawTask(first + 1, _read_title(title, first + 1), task, _STATES[title.meta["box"]]))
                task = len(found) - 1
            open_items.append(task)
    return found, extents


def _read_title(token: Token, line: int) -> dict[str, Any]:
    """The first paragraph of an item: its title, the notes at the end of one of its lines, and what follows them."""
    lines = [one.strip() for one in token.content.strip().split("\n")]
    for count, one in enumerate(lines, 1):
        before, notes = _split_notes(one)
        if notes:
            table = {"title": " ".join([*lines[: count - 1], before]).strip()}
            if lines[count:]:
                table["detail"] = "\n".join(lines[count:])
            return _read_notes(table, notes, line)
    whole = " ".join(lines)
    if len(lines) > 1 and len(whole) > TITLE_LIMIT:
        return {"title": lines[0], "detail": "\n".join(lines[1:])}
    return {"title": whole}


def _split_notes(text: str) -> tuple[str, list[str]]:
    """The text and the words in braces at its end, where these are notes. `{id}` and `{}` are text."""
    start = text.rfind("{") if text.endswith("}") else -1
    if start < 0 or not text[:start][-1:].isspace():
        return text, []
    words = text[start + 1 : -1].split()
    keys = [word.partition("=")[0] for word in words if "=" in word]
    is_notes = any(key in KEYS for key in keys) or (bool(keys) and len(keys) == len(words))
    return (text[:start].strip(), words) if is_notes else (text, [])


def _read_notes(table: dict[str, Any], notes: list[str], line: int) -> dict[str, Any]:
    for note in notes:
        key, _, value = note.partition("=")
        if key in table or not value:
            written = one_line(note, 40)
            raise make_error(
                line, f"{written!r} is no note. Write notes like {{id=api after=a,b files=x.py,y.py estimate=2h}}"
            )
        if key not in KEYS:
            raise make_error(line, f"unknown key {one_line(key, 40)!r}; put braces that are text into `backticks`")
        table[key] = value.split(",") if key in ("after", "files") else value
    return table


def _read_rest(lines: list[str], extent: _Extent, inner: list[tuple[int, int]]) -> str:
    """What an item says after its first paragraph, without the items with a box that are nested in it."""
    nested = [one for one in inner if extent.first < one[0] < extent.end]
    left: list[str] = []
    at = extent.title_end
    for first, end in [*nested, (extent.end, extent.end)]:
        left += lines[at:first]
        at = max(at, end)
    return textwrap.dedent("\n".join(left)).strip()


def _move(found: list[RawTask], lines: int, positions: int) -> list[RawTask]:
    """The tasks of a part of a text as those of the whole: so many lines and tasks stand before it."""
    return [
        one._replace(line=one.line + lines, parent=None if one.parent is None else one.parent + positions)
        for one in found
    ]


def _get_lines(token: Token) -> list[int]:
    assert token.map is not None, "markdown-it gives every block its lines"
    return token.map
