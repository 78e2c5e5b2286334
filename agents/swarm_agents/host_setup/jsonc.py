"""Reads JSON with comments and knows where each value stands, and inserts or removes one without touching the rest.

Comments and trailing commas are allowed, as the settings of coding agents have them. docs/decisions/0018 says why this
is no library. What `insert_last` has inserted, `delete` takes out again to the last byte.
"""

from __future__ import annotations

import json
import re
from typing import Any

from swarm_agents.errors import BadData
from swarm_agents.values import NamedTuple

_DEPTH_LIMIT = 200
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_REST_OF_LINE = re.compile(r"(?:[ \t]*(?:/\*(?:(?!\*/)[^\n])*\*/|//[^\r\n]*))*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_COMMENT = re.compile(r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_LEAD = re.compile(r"(?:\r?\n[ \t]*| )$")
_LINE_END = re.compile(r"[ \t]*\r?\n")
_WORD = re.compile(r"-?[0-9A-Za-z_.+-]+")


class Node(NamedTuple):
    """One value and where it stands; of an object or a list its `children`, of an object where each key begins."""

    start: int
    end: int
    value: Any
    children: tuple[Node, ...] = ()
    keys: tuple[tuple[str, int], ...] = ()

    def find(self, key: str) -> Node | None:
        return next((child for (name, _), child in zip(self.keys, self.children, strict=True) if name == key), None)

    def begins(self) -> list[int]:
        """Where each child begins: at its key, if it has one."""
        return [start for _, start in self.keys] if isinstance(self.value, dict) else [c.start for c in self.children]


def parse(text: str) -> Node:
    """The value of the whole text. Raises `BadData`, which names the line."""
    reader = _Reader(text)
    try:
        node = reader.read_value(reader.skip(0), 0)
    except IndexError:
        raise _wrong(text, len(text), "the text ends in the middle") from None
    if reader.skip(node.end) != len(text):
        raise _wrong(text, reader.skip(node.end), "there is more after the end")
    return node


def insert_last(text: str, container: Node, key: str | None, value: Any, unit: str, newline: str) -> str:
    """The text with one more value at the end of an object, under `key`, or of a list."""
    name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
    if not container.children:
        outer = _indent_at(text, container.start)
        inside = text[container.start + 1 : container.end - 1]
        shown = _write(name, value, unit, outer + unit, newline)
        closing = "" if "\n" in inside else newline + outer
        at = container.start + 1
        return f"{text[:at]}{newline}{outer}{unit}{shown}{closing}{text[at:]}"
    first, last = container.begins()[0], container.children[-1]
    comma = _find_comma(text, last.end)
    at = last.end if comma is None else comma + 1
    beside, at = at, _after_comments(text, at)
    if "\n" in text[container.start : first] or "//" in text[beside:at]:
        indent = _indent_at(text, container.begins()[-1])
        chunk = f"{newline}{indent}{_write(name, value, unit, indent, newline)}"
    else:
        chunk = f" {name}{json.dumps(value, ensure_ascii=False)}"
    if comma is not None:
        return f"{text[:at]}{chunk},{text[at:]}"
    return f"{text[: last.end]},{text[last.end : at]}{chunk}{text[at:]}"


def delete(text: str, container: Node, index: int) -> str:
    """The text without one child of an object or a list, its comma, and the line break or space before it."""
    begin, end = container.begins()[index], container.children[index].end
    after_last = container.children[index - 1].end if index else container.start + 1
    lead = _LEAD.search(text[after_last:begin])
    start = begin - len(lead[0]) if lead else begin
    head, between, rest = text[:after_last], text[after_last:start], text[end:]
    comma = _find_comma(text, end)
    if comma is not None:
        rest = text[end:comma] + text[comma + 1 :]
    elif index:
        before = _find_comma(text, after_last)
        assert before is not None
        between = text[after_last:before] + text[before + 1 : start]
    elif not between.strip() and not text[end : container.end - 1].strip():
        rest = text[container.end - 1 :]
    if lead and _ends_in_line_comment(between) and not _LINE_END.match(rest):
        rest = lead[0] + rest
    return head + between + rest


def guess_unit(text: str, root: Node) -> str:
    """How the file indents: as its first member, else two spaces."""
    indent = _indent_at(text, root.begins()[0]) if root.children else ""
    return indent if indent and text.find("\n", root.start, root.begins()[0]) != -1 else "  "


def _write(name: str, value: Any, unit: str, indent: str, newline: str) -> str:
    shown = json.dumps(value, indent=unit, ensure_ascii=False)
    return name + shown.replace("\n", newline + indent)


def _indent_at(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position].removeprefix("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _find_comma(text: str, position: int) -> int | None:
    at = _skip_trivia(text, position)
    return at if text[at : at + 1] == "," else None


def _after_comments(text: str, position: int) -> int:
    """Where the comments end that stand on the same line: they belong to what is before them."""
    found = _REST_OF_LINE.match(text, position)
    return found.end() if found else position


def _ends_in_line_comment(trivia: str) -> bool:
    comments = list(_COMMENT.finditer(trivia))
    return bool(comments) and comments[-1][0].startswith("//") and comments[-1].end() == len(trivia)


def _skip_trivia(text: str, position: int) -> int:
    found = _TRIVIA.match(text, position)
    return found.end() if found else position


def _wrong(text: str, position: int, why: str) -> BadData:
    line = text.count("\n", 0, position) + 1
    return BadData(f"line {line}: {why}")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def skip(self, position: int) -> int:
        return _skip_trivia(self.text, position)

    def read_value(self, at: int, depth: int) -> Node:
        if depth > _DEPTH_LIMIT:
            raise _wrong(self.text, at, f"nested more than {_DEPTH_LIMIT} deep")
        match self.text[at]:
            case "{":
                return self.read_members(at, depth)
            case "[":
                return self.read_items(at, depth)
            case '"':
                return self.read_scalar(at, _STRING, "this text does not end")
        return self.read_scalar(at, _WORD, "expected a value")

    def read_scalar(self, at: int, pattern: re.Pattern[str], why: str) -> Node:
        found = pattern.match(self.text, at)
        try:
            if found and found[0] not in ("NaN", "Infinity", "-Infinity"):
                return Node(at, found.end(), json.loads(found[0]))
        except ValueError:
            why = f"{found[0][:40]} is no value of JSON" if found else why
        raise _wrong(self.text, at, why)

    def read_members(self, start: int, depth: int) -> Node:
        keys: list[tuple[str, int]] = []
        children: list[Node] = []
        at = self.skip(start + 1)
        while self.text[at] != "}":
            if self.text[at] != '"':
                raise _wrong(self.text, at, "expected a key in quotation marks, or '}'")
            key = self.read_scalar(at, _STRING, "this key does not end")
            if key.value in dict(keys):
                raise _wrong(self.text, at, f"the key {json.dumps(key.value)} stands twice")
            keys.append((key.value, at))
            at = self.skip(key.end)
            if self.text[at] != ":":
                raise _wrong(self.text, at, "expected ':'")
            children.append(self.read_value(self.skip(at + 1), depth + 1))
            at = self.read_end(children[-1].end, "}")
        value = {key: child.value for (key, _), child in zip(keys, children, strict=True)}
        return Node(start, at + 1, value, tuple(children), tuple(keys))

    def read_items(self, start: int, depth: int) -> Node:
        children: list[Node] = []
        at = self.skip(start + 1)
        while self.text[at] != "]":
            children.append(self.read_value(at, depth + 1))
            at = self.read_end(children[-1].end, "]")
        return Node(start, at + 1, [child.value for child in children], tuple(children))

    def read_end(self, at: int, closing: str) -> int:
        """Behind a comma, or at the end of the list or object."""
        at = self.skip(at)
        if self.text[at] == ",":
            return self.skip(at + 1)
        if self.text[at] != closing:
            raise _wrong(self.text, at, f"expected ',' or '{closing}'")
        return at
