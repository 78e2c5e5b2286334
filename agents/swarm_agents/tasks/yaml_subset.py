"""Reads the part of YAML that a list of tasks needs. Anything else is refused with its line, never guessed.

A list of mappings, under `tasks:` or at the top. Values: plain or quoted texts, numbers, true and false, `[a, b]`, and
indented lists of texts. No anchors, tags, multi-line texts or deeper nesting (docs/decisions/0006-a-little-yaml.md).
"""

import re
from typing import Any, NamedTuple

from swarm_agents.errors import BadData

_PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_-]*)\s*:(?:\s+(?P<value>.*)|\s*)")
_BEYOND = tuple("&*!|>%@`{")  # YAML gives a meaning to values that begin with these
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None}


class _Line(NamedTuple):
    number: int
    indent: int
    text: str


def parse(text: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The tables, and the lines on which they begin. Raises `BadData` with the line."""
    lines = _split_lines(text)
    if lines and lines[0].indent == 0 and lines[0].text == "tasks:":
        lines = lines[1:]
    tables: list[dict[str, Any]] = []
    starts: list[int] = []
    top = lines[0].indent if lines else 0
    while lines:
        first = lines[0]
        if not first.text.startswith("- ") or first.indent != top:
            raise _make_error(first.number, "here a task must begin: '- title: ...'")
        count = 1
        while count < len(lines) and lines[count].indent > top:
            count += 1
        tables.append(_read_table(lines[:count]))
        starts.append(first.number)
        lines = lines[count:]
    return tables, starts


def _split_lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip()
        body = line.lstrip(" ")
        if not body or body.startswith("#") or (body == "---" and not found):
            continue
        if body.startswith("\t"):
            raise _make_error(number, "indent with spaces")
        found.append(_Line(number, len(line) - len(body), body))
    return found


def _read_table(lines: list[_Line]) -> dict[str, Any]:
    dash = lines[0]
    inner = dash.text[1:].lstrip(" ")
    lines = [_Line(dash.number, dash.indent + len(dash.text) - len(inner), inner), *lines[1:]]
    table: dict[str, Any] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        pair = _PAIR.fullmatch(line.text)
        if pair is None or line.indent != lines[0].indent:
            raise _make_error(line.number, "here 'key: value' must stand, as far in as the first key of the task")
        if pair["key"] in table:
            raise _make_error(line.number, f"the key '{pair['key']}' stands twice")
        at += 1
        value = pair["value"]
        if value and not value.startswith("#"):
            table[pair["key"]] = _read_value(value, line.number)
            continue
        items = []
        while at < len(lines) and lines[at].text.startswith("- ") and lines[at].indent >= line.indent:
            items.append(_read_scalar(lines[at].text[2:], lines[at].number))
            at += 1
        table[pair["key"]] = items or None
    return table


def _read_value(text: str, number: int) -> Any:
    if not text.startswith("["):
        return _read_scalar(text, number)
    closed = re.fullmatch(r"\[(?P<items>[^\[\]]*)\]\s*(#.*)?", text)
    if closed is None:
        raise _make_error(number, "a list in brackets must end on the same line")
    items = closed["items"].strip()
    if any(mark in items for mark in "'\""):
        raise _make_error(number, "quoted texts cannot stand in brackets; write one item per line")
    return [_read_scalar(item, number) for item in items.split(",")] if items else []


def _read_scalar(text: str, number: int) -> Any:
    text = text.strip()
    if text[:1] in ("'", '"'):
        return _read_quoted(text, number)
    text = re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    if not text or text.startswith(_BEYOND) or text.startswith(("- ", "? ", "[")) or re.search(r":(\s|$)", text):
        raise _make_error(number, "this is more YAML than is supported; put the text in quotes")
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,8}", text) else text


def _read_quoted(text: str, number: int) -> str:
    single = re.fullmatch(r"'(?P<text>(?:[^']|'')*)'\s*(#.*)?", text)
    if single:
        return single["text"].replace("''", "'")
    double = re.fullmatch(r'"(?P<text>(?:[^"\\]|\\["\\])*)"\s*(#.*)?', text)
    if double:
        return re.sub(r"\\(.)", r"\1", double["text"])
    raise _make_error(number, 'the quotes are not closed on this line, or hold more than \\" and \\\\')


def _make_error(line: int, why: str) -> BadData:
    return BadData(f"line {line}: {why}.")
