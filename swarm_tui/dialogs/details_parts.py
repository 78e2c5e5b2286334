"""The parts that every story of a dialog is made of: a headed part, a named fact, a moment and how long ago it was."""

from collections.abc import Sequence

from textual.content import Content

from swarm_tui import times
from swarm_tui.themes import STYLE

Line = Content | str


def part(title: str, lines: Sequence[Line]) -> list[Line]:
    """Nothing where there are no lines."""
    return [Content(), Content.styled(title, "bold $primary"), *lines] if lines else []


def fact(name: str, what: Content, width: int) -> Content:
    """`width` is what all names beside each other need, in cells."""
    return Content.assemble((f"  {name:<{width}} ", STYLE["dim"]), what)


def when(at: int, now: int) -> str:
    """UTC milliseconds in; the time of day, and how long ago that was."""
    return f"{times.of_day(at)} ({times.roughly(max(0, now - at))} ago)"
