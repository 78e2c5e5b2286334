"""What a lock is on: one name for a file under any spelling, and whether two names or globs may mean the same file.

A name is relative to the top of the working tree, whichever it is. A glob knows `*`, `?`, `[...]` and `**` (any number
of folders). In doubt two of them overlap: a lock that is refused too often costs a question, one too few costs work.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from swarm_agents.errors import BadData
from swarm_agents.text import one_line, printable

NAME_LIMIT = 4096  # bytes, as the system has it

_GLOB = re.compile(r"[*?\[]")
_BEYOND = re.compile(r"\{[^{}]*,[^{}]*\}|\\")  # what shells or other tools understand besides
_SET = re.compile(r"\[[!^]?\]?[^\]]*\]")
_ANY = object()  # one character
_STAR = object()  # any number of them
_Token = object


class LockName(NamedTuple):
    """`folder`: it means everything below too. `any_case`: capitals make no difference."""

    path: str
    folder: bool = False
    any_case: bool = False


def resolve(spelled: str, where: Path, root: Path, any_case: bool = False) -> LockName:
    """The one name of what `spelled` means to somebody in the folder `where`: links are followed, `..` is resolved.

    Raises `BadData` for what is outside of `root`, in git's own folder, or cannot be a name.
    """
    _check(spelled)
    full = where / spelled
    if not os.path.lexists(full):
        if _BEYOND.search(spelled):
            shown = one_line(spelled, 60)
            raise BadData(f"{shown!r}: patterns know *, ?, [...] and **. Name each alternative by itself.")
        if _GLOB.search(spelled):
            return _resolve_glob(spelled, full, root, any_case)
    real = os.path.realpath(full)
    return LockName(_below(spelled, real, root), spelled.endswith("/") or os.path.isdir(real), any_case)


def overlap(one: LockName, other: LockName) -> bool:
    """Whether some file may be meant by both."""
    any_case = one.any_case or other.any_case
    return _paths_meet(_parts(one, any_case), _parts(other, any_case))


def _check(spelled: str) -> None:
    shown = one_line(spelled, 60)
    try:
        size = len(spelled.encode())
    except UnicodeEncodeError:
        raise BadData(f"{shown!r} is not valid UTF-8.") from None
    if not spelled or size > NAME_LIMIT:
        raise BadData(f"A path has 1 to {NAME_LIMIT} bytes; this one has {size}.")
    if "\n" in spelled or "\t" in spelled or printable(spelled) != spelled:
        raise BadData(f"{shown!r} is no path: it holds characters that cannot be seen.")


def _resolve_glob(spelled: str, full: Path, root: Path, any_case: bool) -> LockName:
    """Links are followed up to the first part that is a pattern."""
    parts = full.parts
    first = next(number for number, part in enumerate(parts) if _GLOB.search(part))
    plain, pattern = parts[:first], parts[first:]
    if ".." in pattern:
        raise BadData(f"{one_line(spelled, 60)!r} goes up again after a pattern; write it without '..'.")
    real = os.path.join(os.path.realpath(os.path.join(*plain)), *pattern)
    return LockName(_below(spelled, real, root), spelled.endswith("/"), any_case)


def _below(spelled: str, real: str, root: Path) -> str:
    name = os.path.relpath(real, os.path.realpath(root))
    if name == ".." or name.startswith("../"):
        raise BadData(f"{one_line(spelled, 60)!r} is not in this repository's working tree ({one_line(real, 200)}).")
    if name.split("/")[0] == ".git":
        raise BadData(f"{one_line(spelled, 60)!r} belongs to git and cannot be locked.")
    return name


def _parts(name: LockName, any_case: bool) -> list[str]:
    path = name.path
    if not path.isascii():
        import unicodedata  # some file systems take both forms of an accented letter for one name

        path = unicodedata.normalize("NFC", path)
    parts = [] if path == "." else (path.casefold() if any_case else path).split("/")
    return [*parts, "**"] if name.folder else parts


def _paths_meet(first: list[str], second: list[str]) -> bool:
    """Whether one path fits both, or a path that fits one is a folder above a path that fits the other.

    A state is how far each has come, and whether their last parts fitted each other. Only then may what has ended be
    a folder: `docs/a.md` is not taken for one because of `**/*.py`.
    """
    ahead = [(0, 0, False)]
    seen = set(ahead)
    while ahead:
        i, j, fitted = ahead.pop()
        only_stars_left = _only_stars(first[i:]) and _only_stars(second[j:])
        if (i == len(first) or j == len(second)) and (fitted or only_stars_left):
            return True
        for state in _path_steps(first, second, i, j):
            if state not in seen:
                seen.add(state)
                ahead.append(state)
    return False


def _path_steps(first: list[str], second: list[str], i: int, j: int) -> list[tuple[int, int, bool]]:
    steps = []
    if i < len(first) and "**" in first[i]:
        steps.append((i + 1, j, False))
        if j < len(second):
            steps.append((i, j + 1, False))
    if j < len(second) and "**" in second[j]:
        steps.append((i, j + 1, False))
        if i < len(first):
            steps.append((i + 1, j, False))
    if not steps and i < len(first) and j < len(second) and _parts_meet(first[i], second[j]):
        steps.append((i + 1, j + 1, True))
    return steps


def _only_stars(parts: list[str]) -> bool:
    return all("**" in part for part in parts)


def _parts_meet(first: str, second: str) -> bool:
    """Whether one file name fits both. What looks like a pattern may also be a name: `[id].tsx` exists."""
    if first == second:
        return True
    if not _GLOB.search(first) and not _GLOB.search(second):
        return False
    pattern, other = _tokens(first), _tokens(second)
    return _tokens_meet(pattern, other) or _tokens_meet([*first], other) or _tokens_meet(pattern, [*second])


def _tokens(part: str) -> list[_Token]:
    """A set is taken for any character: what it excludes is not worth a mistake."""
    found: list[_Token] = []
    at = 0
    while at < len(part):
        as_set = _SET.match(part, at) if part[at] == "[" else None
        found.append(_ANY if as_set or part[at] == "?" else _STAR if part[at] == "*" else part[at])
        at = as_set.end() if as_set else at + 1
    return found


def _tokens_meet(first: list[_Token], second: list[_Token]) -> bool:
    ahead = [(0, 0)]
    seen = set(ahead)
    while ahead:
        i, j = ahead.pop()
        if i == len(first) and j == len(second):
            return True
        for state in _token_steps(first, second, i, j):
            if state not in seen:
                seen.add(state)
                ahead.append(state)
    return False


def _token_steps(first: list[_Token], second: list[_Token], i: int, j: int) -> list[tuple[int, int]]:
    steps = []
    one = first[i] if i < len(first) else None
    other = second[j] if j < len(second) else None
    if one is _STAR:
        steps += [(i + 1, j)] + ([(i, j + 1)] if other is not None else [])
    if other is _STAR:
        steps += [(i, j + 1)] + ([(i + 1, j)] if one is not None else [])
    if one is not None and other is not None and (one is _ANY or other is _ANY or one == other):
        steps.append((i + 1, j + 1))
    return steps
