"""Finds the line of swarm.toml that an error is about: only a wrong file is read again for it."""

import re
from collections.abc import Sequence

_NAMED_KEY = re.compile(r"(?:unknown key )?'([^']+)'")  # how a message about a key begins
_TABLE = re.compile(r"\s*\[+\s*(.+?)\s*\]+")
_ASSIGNMENT = re.compile(r"\s*([^=#\s][^=#]*?)\s*=")


def find_place(sources: Sequence[tuple[str, str]], message: str) -> str:
    """Which of these files, by path and text, sets the key that `message` begins with, and in which line.

    The first file that has the key is named, else the first that has its table, else the first. It reads lines, not
    TOML: a key within an inline table has the line of that table.
    """
    named = _NAMED_KEY.match(message)
    wanted = named[1].split(".") if named else []
    for length in range(len(wanted), 0, -1):
        for path, text in sources:
            for number, found in _list_keys(text):
                if found[:length] == wanted[:length]:
                    return f"{path}, line {number}"
    return sources[0][0]


def _list_keys(text: str) -> list[tuple[int, list[str]]]:
    """Each line that begins a table or sets a key, with the path of that."""
    found: list[tuple[int, list[str]]] = []
    table: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if begun := _TABLE.match(line):
            table = _split_path(begun[1])
            found.append((number, table))
        elif assigned := _ASSIGNMENT.match(line):
            found.append((number, table + _split_path(assigned[1])))
    return found


def _split_path(path: str) -> list[str]:
    return [part.strip().strip("\"'") for part in path.split(".")]
