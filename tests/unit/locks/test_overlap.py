"""Overlap of names and globs: true whenever one file matches both, false for those that are clearly different."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_agents.locks.paths import LockName, overlap

CHARS = "ab.["
PLAIN = st.text(CHARS, min_size=1, max_size=3).filter(lambda part: part not in (".", ".."))
WILD = st.lists(st.sampled_from([*CHARS, "*", "?", "[ab]", "[!a]", "[a-b]"]), min_size=1, max_size=4).map("".join)
PART = st.one_of(PLAIN, WILD, st.just("**"))
PATTERN = st.lists(PART, min_size=1, max_size=4).map("/".join)
FILE = st.lists(PLAIN, min_size=1, max_size=4).map("/".join)


@given(FILE, PATTERN, PATTERN)
def test_two_patterns_that_match_one_file_overlap(path: str, one: str, other: str) -> None:
    if matches(one, path) and matches(other, path):
        assert overlap(LockName(one), LockName(other)) and overlap(LockName(other), LockName(one))


@given(FILE, st.data())
def test_two_patterns_made_from_one_file_overlap(path: str, data: st.DataObject) -> None:
    one, other = data.draw(made_wild(path)), data.draw(made_wild(path))

    assert matches(one, path) and matches(other, path)
    assert overlap(LockName(one), LockName(other))


@given(FILE, PATTERN, st.booleans())
def test_with_any_case_a_pattern_overlaps_a_file_in_upper_case(path: str, pattern: str, any_case: bool) -> None:
    if matches(pattern, path):
        spelled = path.upper() if any_case else path
        assert overlap(LockName(spelled), LockName(pattern, any_case=any_case))
        assert overlap(LockName(pattern, any_case=any_case), LockName(spelled))


@given(FILE, FILE)
def test_plain_names_overlap_only_when_equal_or_one_is_below_the_other(one: str, other: str) -> None:
    if "[" in one + other:
        return

    below = one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")

    assert overlap(LockName(one), LockName(other)) == below


@given(FILE, PATTERN)
def test_a_folder_overlaps_everything_below_it(path: str, pattern: str) -> None:
    if matches(pattern, f"{path}/x"):
        assert overlap(LockName(path, folder=True), LockName(pattern))


@given(PATTERN, PATTERN)
def test_overlap_is_symmetric(one: str, other: str) -> None:
    assert overlap(LockName(one), LockName(other)) == overlap(LockName(other), LockName(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/a.py", "src/b.py"),
        ("src/*.py", "src/a.md"),
        ("src/*.py", "lib/a.py"),
        ("src/**", "docs/a.md"),
        ("**/*.py", "README.md"),
        ("**/*.py", "docs/a.md"),
        ("**/*.py", "**/*.md"),
        ("src/*.py", "src/deep/a.py"),
        ("src/?.py", "src/ab.py"),
        ("src/test_*", "src/main.py"),
        ("Src/a.py", "src/a.py"),
        ("srcs/a.py", "src/**"),
    ],
)
def test_names_without_a_common_file_do_not_overlap(one: str, other: str) -> None:
    assert not overlap(LockName(one), LockName(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/**", "src/a/b/c.py"),
        ("src/**", "src"),
        ("**", "a"),
        ("**/a.py", "a.py"),
        ("src/**/a.py", "src/a.py"),
        ("src/*", "src/deep/a.py"),
        ("*.py", "a*"),
        ("a*c", "*b*"),
        ("[ab].py", "a.py"),
        ("app/[id]/page.tsx", "app/[id]/page.tsx"),
        ("app/[id]/page.tsx", "app/????/page.tsx"),
        ("app/[id]", "app/d"),
        ("src/new", "src/new/*.py"),
        ("a**b", "a/x/b"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_names_that_may_match_one_file_overlap(one: str, other: str) -> None:
    assert overlap(LockName(one), LockName(other))


def test_the_top_folder_overlaps_everything() -> None:
    assert overlap(LockName(".", folder=True), LockName("a/b"))
    assert overlap(LockName(".", folder=True), LockName("*.py"))


def test_hostile_patterns_are_compared_quickly() -> None:
    assert not overlap(LockName("*a" * 100 + "b"), LockName("*a" * 100 + "c"))
    assert not overlap(LockName("**/x/" * 50 + "a.py"), LockName("**/y/" * 50 + "a.md"))


def matches(pattern: str, path: str) -> bool:
    """An independent oracle: the pattern as a regular expression. A pattern also matches itself as a plain name."""
    return pattern == path or re.fullmatch(_expression(pattern), path) is not None


def _expression(pattern: str) -> str:
    parts = pattern.split("/")
    expression = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            expression += ".*" if last else "(?:[^/]+/)*"
        else:
            expression += _part(part) + ("" if last else "/")
    return expression


def _part(part: str) -> str:
    expression, at = "", 0
    while at < len(part):
        closed = part.find("]", at + 2) if part[at] == "[" else -1
        if closed > 0:
            inside = part[at + 1 : closed]
            expression += f"[^/{re.escape(inside[1:])}]" if inside.startswith("!") else f"[{re.escape(inside)}]"
            expression = expression.replace("\\-", "-")
            at = closed
        else:
            expression += {"*": "[^/]*", "?": "[^/]"}.get(part[at]) or re.escape(part[at])
        at += 1
    return expression


@st.composite
def made_wild(draw: st.DrawFn, path: str) -> str:
    """The path, with some parts and letters replaced by wildcards that match them."""
    parts = []
    for part in path.split("/"):
        how = draw(st.sampled_from(["same", "letters", "star", "stars"]))
        if how == "same" or "[" in part:
            parts.append(part if how != "stars" else "**")
        elif how == "letters":
            parts.append("".join(draw(st.sampled_from([letter, "?", f"[{letter}]", "*"])) for letter in part))
        else:
            parts.append("*" if how == "star" else "**")
    return "/".join(parts)
