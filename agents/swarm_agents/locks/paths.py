"""Names of locks: one name for each spelling of a path, and whether two names or globs can match the same file.

A name is relative to the top of any working tree. A glob knows `*`, `?`, `[...]` and `**` (any number of folders). In
doubt two names overlap: a lock refused too often costs a question, a lock granted too often costs work.
"""

from __future__ import annotations

import os

from swarm_agents.errors import BadData
from swarm_agents.text import one_line, printable
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

NAME_LIMIT = 4096  # bytes, as PATH_MAX

# Patterns of `re`, which loads as slowly as a hook answers, and which plain names do without.
_UNSUPPORTED = r"\{[^{}]*,[^{}]*\}|\\"  # what shells and other tools know as well
_SET = r"\[[!^]?\]?[^\]]*\]"
_ANY = object()  # one character
_STAR = object()  # any number of characters
_Token = object


class LockName(NamedTuple):
    """A resolved path or glob. `folder`: with everything below it; `any_case`: upper and lower case are equal."""

    path: str
    folder: bool = False
    any_case: bool = False


def resolve(spelled: str, where: Path, root: Path, any_case: bool = False) -> LockName:
    """The name of the path `spelled` in the folder `where`. Follows symbolic links and resolves `..`.

    Raises `BadData` for a path outside of `root` or inside `.git`, and for one that is no valid path.
    """
    _check(spelled)
    full = where / spelled
    if not os.path.lexists(full):
        if _has_unsupported_pattern(spelled):
            shown = one_line(spelled, 60)
            raise BadData(f"{shown!r}: patterns know *, ?, [...] and **. Name each alternative separately.")
        if _is_glob(spelled):
            return _resolve_glob(spelled, full, root, any_case)
    real = os.path.realpath(full)
    return LockName(_relative_to(spelled, real, root), spelled.endswith("/") or os.path.isdir(real), any_case)


def overlap(one: LockName, other: LockName) -> bool:
    """Whether both can match the same file."""
    any_case = one.any_case or other.any_case
    return _paths_overlap(_split(one, any_case), _split(other, any_case))


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text or "[" in text


def _has_unsupported_pattern(spelled: str) -> bool:
    if "{" not in spelled and "\\" not in spelled:
        return False
    import re  # see `_UNSUPPORTED`

    return re.search(_UNSUPPORTED, spelled) is not None


def _check(spelled: str) -> None:
    shown = one_line(spelled, 60)
    try:
        size = len(spelled.encode())
    except UnicodeEncodeError:
        raise BadData(f"{shown!r} is not valid UTF-8.") from None
    if not spelled or size > NAME_LIMIT:
        raise BadData(f"A path has 1 to {NAME_LIMIT} bytes; this one has {size}.")
    if "\n" in spelled or "\t" in spelled or printable(spelled) != spelled:
        raise BadData(f"{shown!r} is no path: it contains invisible characters.")


def _resolve_glob(spelled: str, full: Path, root: Path, any_case: bool) -> LockName:
    """Follows links up to the first part that is a pattern."""
    parts = full.parts
    first = next(number for number, part in enumerate(parts) if _is_glob(part))
    plain, pattern = parts[:first], parts[first:]
    if ".." in pattern:
        raise BadData(f"{one_line(spelled, 60)!r} has '..' after a pattern; write it without.")
    real = os.path.join(os.path.realpath(os.path.join(*plain)), *pattern)
    return LockName(_relative_to(spelled, real, root), spelled.endswith("/"), any_case)


def _relative_to(spelled: str, real: str, root: Path) -> str:
    name = os.path.relpath(real, os.path.realpath(root))
    if name == ".." or name.startswith("../"):
        raise BadData(f"{one_line(spelled, 60)!r} is not in this repository's working tree ({one_line(real, 200)}).")
    if name.split("/")[0] == ".git":
        raise BadData(f"{one_line(spelled, 60)!r} belongs to git and cannot be locked.")
    return name


def _split(name: LockName, any_case: bool) -> list[str]:
    path = name.path
    if not path.isascii():
        import unicodedata  # most paths are ASCII

        path = unicodedata.normalize("NFC", path)  # some file systems treat both forms of an accent as equal
    parts = [] if path == "." else (path.casefold() if any_case else path).split("/")
    return [*parts, "**"] if name.folder else parts


def _paths_overlap(first: list[str], second: list[str]) -> bool:
    """Whether a path matches both, or a path that matches one is a folder above a path that matches the other.

    Walks both patterns at once. A state is the position in each, and whether the last parts matched each other: only
    then may the pattern that has ended be a folder. So `docs/a.md` is no folder just because of `**/*.py`.
    """
    ahead = [(0, 0, False)]
    seen = set(ahead)
    while ahead:
        i, j, matched = ahead.pop()
        only_stars_left = _are_only_stars(first[i:]) and _are_only_stars(second[j:])
        if (i == len(first) or j == len(second)) and (matched or only_stars_left):
            return True
        for state in _next_path_states(first, second, i, j):
            if state not in seen:
                seen.add(state)
                ahead.append(state)
    return False


def _next_path_states(first: list[str], second: list[str], i: int, j: int) -> list[tuple[int, int, bool]]:
    steps = []
    if i < len(first) and "**" in first[i]:
        steps.append((i + 1, j, False))
        if j < len(second):
            steps.append((i, j + 1, False))
    if j < len(second) and "**" in second[j]:
        steps.append((i, j + 1, False))
        if i < len(first):
            steps.append((i + 1, j, False))
    if not steps and i < len(first) and j < len(second) and _parts_overlap(first[i], second[j]):
        steps.append((i + 1, j + 1, True))
    return steps


def _are_only_stars(parts: list[str]) -> bool:
    return all("**" in part for part in parts)


def _parts_overlap(first: str, second: str) -> bool:
    """Whether a file name matches both. A part that looks like a pattern may also be a name, such as `[id].tsx`."""
    if first == second:
        return True
    if not _is_glob(first) and not _is_glob(second):
        return False
    pattern, other = _tokenize(first), _tokenize(second)
    return _tokens_overlap(pattern, other) or _tokens_overlap([*first], other) or _tokens_overlap(pattern, [*second])


def _tokenize(part: str) -> list[_Token]:
    """Characters and wildcards. A set such as `[a-z]` counts as any character, to be on the safe side."""
    import re  # see `_SET`

    set_pattern = re.compile(_SET)
    found: list[_Token] = []
    at = 0
    while at < len(part):
        as_set = set_pattern.match(part, at) if part[at] == "[" else None
        found.append(_ANY if as_set or part[at] == "?" else _STAR if part[at] == "*" else part[at])
        at = as_set.end() if as_set else at + 1
    return found


def _tokens_overlap(first: list[_Token], second: list[_Token]) -> bool:
    ahead = [(0, 0)]
    seen = set(ahead)
    while ahead:
        i, j = ahead.pop()
        if i == len(first) and j == len(second):
            return True
        for state in _next_token_states(first, second, i, j):
            if state not in seen:
                seen.add(state)
                ahead.append(state)
    return False


def _next_token_states(first: list[_Token], second: list[_Token], i: int, j: int) -> list[tuple[int, int]]:
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
