"""Parsing lengths of time and moments of the command line."""

import pytest

from swarm_agents.cli.parsing import BadArgument
from swarm_agents.cli.times import SinceTime, parse_duration_s

NOW_MS = 1_800_000_000_000


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("7d", 604_800), ("4w", 2_419_200)]
)
def test_a_length_of_time_has_a_unit(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds
    assert SinceTime(text).at_ms(NOW_MS) == NOW_MS - seconds * 1000


@pytest.mark.parametrize(
    "text", ["", "5", "d", "-1d", "0s", "1.5h", "1y", "9" * 13 + "s", "999999999999w", "٣d", "1d\n"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_duration_s(text)


@pytest.mark.parametrize("text", ["2027-01-15T08:00:00Z", "2027-01-15T08:00", "2027-01-15T09:00+01:00"])
def test_a_moment_is_utc_unless_it_says_otherwise(text: str) -> None:
    assert SinceTime(text).at_ms(0) == NOW_MS


@pytest.mark.parametrize("text", ["yesterday", "2027-13-01", "", "1\n"])
def test_an_invalid_moment_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        SinceTime(text)
