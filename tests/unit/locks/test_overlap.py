"""Overlap of names and globs: whatever two of them may both mean is never called free, and what is plainly apart is."""

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
def test_what_two_patterns_both_match_is_never_free(path: str, one: str, other: str) -> None:
    if matches(one, path) and matches(other, path):
        assert overlap(LockName(one), LockName(other)) and overlap(LockName(other), LockName(one))


@given(FILE, st.data())
def test_two_patterns_made_of_one_file_are_never_free(path: str, data: st.DataObject) -> None:
    one, other = data.draw(made_wild(path)), data.draw(made_wild(path))

    assert matches(one, path) and matches(other, path)
    assert overlap(LockName(one), LockName(other))


@given(FILE, PATTERN, st.booleans())
def test_a_file_that_a_pattern_matches_is_never_free_in_any_case_on_request(
    path: str, pattern: str, any_case: bool
) -> None:
    if matches(pattern, path):
        spelled = path.upper() if any_case else path
        assert overlap(LockName(spelled), LockName(pattern, any_case=any_case))
        assert overlap(LockName(pattern, any_case=any_case), LockName(spelled))


@given(FILE, FILE)
def test_of_two_plain_names_only_the_same_and_those_below_overlap(one: str, other: str) -> None:
    if "[" in one + other:
        return

    below = one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")

    assert overlap(LockName(one), LockName(other)) == below


@given(FILE, PATTERN)
def test_a_folder_means_all_that_is_below_it(path: str, pattern: str) -> None:
    if matches(pattern, f"{path}/x"):
        assert overlap(LockName(path, folder=True), LockName(pattern))


@given(PATTERN, PATTERN)
def test_overlap_has_no_direction(one: str, other: str) -> None:
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
def test_what_is_plainly_apart_is_free(one: str, other: str) -> None:
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
def test_what_may_meet_overlaps(one: str, other: str) -> None:
    assert overlap(LockName(one), LockName(other))


def test_everything_is_below_the_top() -> None:
    assert overlap(LockName(".", folder=True), LockName("a/b"))
    assert overlap(LockName(".", folder=True), LockName("*.py"))


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert not overlap(LockName("*a" * 100 + "b"), LockName("*a" * 100 + "c"))
    assert not overlap(LockName("**/x/" * 50 + "a.py"), LockName("**/y/" * 50 + "a.md"))


def matches(pattern: str, path: str) -> bool:
    """An oracle of its own: the pattern as a regular expression. As a plain name it means itself, too."""
    return pattern == path or re.fullmatch(_expression(pattern), path) is not None


def _expression(pattern: str) -> str:
    parts = pattern.split("/")
    said = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            said += ".*" if last else "(?:[^/]+/)*"
        else:
            said += _part(part) + ("" if last else "/")
    return said


def _part(part: str) -> str:
    said, at = "", 0
    while at < len(part):
        closed = part.find("]", at + 2) if part[at] == "[" else -1
        if closed > 0:
            inside = part[at + 1 : closed]
            said += f"[^/{re.escape(inside[1:])}]" if inside.startswith("!") else f"[{re.escape(inside)}]"
            said = said.replace("\\-", "-")
            at = closed
        else:
            said += {"*": "[^/]*", "?": "[^/]"}.get(part[at]) or re.escape(part[at])
        at += 1
    return said


@st.composite
def made_wild(draw: st.DrawFn, path: str) -> str:
    """The path with some of its parts and letters replaced by what matches them."""
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
