"""A JSON text whose parts know on which line they begin. In what is read as a task no key may stand twice."""

import bisect
import json
from typing import Any, NamedTuple

from swarm_agents.errors import BadData
from swarm_agents.tasks.formats.raw_task import make_error
from swarm_agents.text import one_line


class JsonPart(NamedTuple):
    """A value, and where it begins in the text."""

    at: int
    value: Any


class JsonText:
    """A valid JSON text. Raises `BadData` with the line for any other."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._text = text
        self._line_ends = [at for at, letter in enumerate(text) if letter == "\n"]
        self._first_line = first_line
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise make_error(first_line + error.lineno - 1, f"this is not JSON: {error.msg}") from None
        except ValueError as error:  # a number of thousands of digits
            raise make_error(first_line, f"this JSON cannot be read: {one_line(str(error), 100)}") from None
        except RecursionError:
            raise BadData("This JSON is nested too deeply.") from None

    def get_line(self, at: int) -> int:
        return self._first_line + bisect.bisect_left(self._line_ends, at)

    def read(self, is_task: bool = False) -> JsonPart:
        """The whole. `is_task`: and not a list of tasks or what holds one."""
        return self._read_part(self._skip_space(0), is_task)[0]

    def read_members(self, at: int) -> dict[str, JsonPart]:
        """The values of the object that begins here, by their keys; no key of it stands twice."""
        found: dict[str, JsonPart] = {}
        at = self._skip_space(at + 1)
        while self._text[at] != "}":
            key, end = self._read_part(at)
            if key.value in found:
                raise self._make_twice_error(at, key.value)
            found[key.value], end = self._read_part(self._skip_space(self._skip_space(end) + 1))
            at = self._skip_space(end)
            at = self._skip_space(at + 1) if self._text[at] == "," else at
        return found

    def read_items(self, at: int) -> list[JsonPart]:
        """The tasks in the array that begins here."""
        found: list[JsonPart] = []
        at = self._skip_space(at + 1)
        while self._text[at] != "]":
            part, end = self._read_part(at, is_task=True)
            found.append(part)
            at = self._skip_space(end)
            at = self._skip_space(at + 1) if self._text[at] == "," else at
        return found

    def _read_part(self, at: int, is_task: bool = False) -> tuple[JsonPart, int]:
        try:
            value, end = (_STRICT_DECODER if is_task else _DECODER).raw_decode(self._text, at)
        except _KeyTwiceError as error:
            raise self._make_twice_error(at, str(error)) from None
        return JsonPart(at, value), end

    def _make_twice_error(self, at: int, key: str) -> BadData:
        return make_error(self.get_line(at), f"the key {one_line(key, 40)!r} stands twice")

    def _skip_space(self, at: int) -> int:
        while at < len(self._text) and self._text[at] in " \t\r\n":
            at += 1
        return at


class _KeyTwiceError(Exception):
    """The key."""


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise _KeyTwiceError(key)
        made[key] = value
    return made


_DECODER = json.JSONDecoder()
_STRICT_DECODER = json.JSONDecoder(object_pairs_hook=_make_object)
