"""The user's own patterns: they name failures as those of the tools do, and cannot stop a commit."""

import pytest

from swarm_agents.commit.signature.signature import make_signature
from swarm_agents.commit.signature.tools import Failure
from swarm_agents.commit.signature.user_patterns import find_failures_apart

ENDLESS = "^(?P<id>(a+)+)$"
GREEDY = r"(?P<id>(?:(x)|(y)|.)*)\Z(?!)"


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        (r"^(?P<file>\S+\.zig):\d+: (?P<id>.+)$", "src/a.zig:3: no", Failure("src/a.zig no", "")),
        (r"^bad: (?P<id>\S+) (?P<kind>\S+)$", "bad: a.b Overflow", Failure("a.b", "Overflow")),
        (r"^bad: (\S+) in (\S+)$", "bad: a.b in c", Failure("a.b c", "")),
        (r"^bad: .+$", "bad: a.b", Failure("bad: a.b", "")),
    ],
)
def test_the_groups_of_a_pattern_are_the_name(pattern: str, line: str, found: Failure) -> None:
    assert find_failures_apart([pattern], f"before\n{line}\nafter\n") == [found]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(ENDLESS, "a" * 64 + "b"), (ENDLESS, ("a" * 1_000 + "b\n") * 60), (GREEDY, "x" * 65_536)],
    ids=["one line", "many lines", "one long line"],
)
def test_a_pattern_that_needs_too_long_is_ended(pattern: str, text: str) -> None:
    assert find_failures_apart([pattern], text) is None


def test_an_output_is_read_without_patterns_that_need_too_long_which_is_said() -> None:
    output = "FAILED a.py::test_x - TypeError\n" + "a" * 64 + "b\n"

    assert make_signature(output, patterns=(ENDLESS,)) == make_signature(output)._replace(patterns_ended=True)


def test_a_pattern_that_matches_everywhere_names_a_bounded_number() -> None:
    found = find_failures_apart(["^(?P<id>.)"], "a\n" * 30_000)

    assert found is not None
    assert len(found) == 500
