"""The parts that every text of details is made of: headed parts, named facts, moments, leases, events."""

from collections.abc import Sequence

from textual.content import Content

from swarm_agents.events import Event
from swarm_agents.text import one_line
from swarm_tui import times
from swarm_tui.themes import STYLE

Line = Content | str


def part(title: str, lines: Sequence[Line]) -> list[Line]:
    """Nothing where there are no lines."""
    return [Content(), Content.styled(title, "bold $primary"), *lines] if lines else []


def fact(name: str, value: Content | str, width: int) -> Content:
    """`width` is that of the longest name below each other, in cells."""
    text = Content(value) if isinstance(value, str) else value
    return Content.assemble((f"  {name:<{width}} ", STYLE["dim"]), text)


def moment(at: int, now: int) -> str:
    """UTC milliseconds in; the time of day, and how long ago that was."""
    return f"{times.of_day(at)} ({times.roughly(max(0, now - at))} ago)"


def lease(expires_at: int, now: int) -> str:
    left = expires_at - now
    return f"{times.left(left)} left" if left > 0 else "ran out"


def events(found: Sequence[Event]) -> list[Line]:
    """What happened to a task or a lock. Its name, with which each event begins, is left out."""
    return part("What happened", [_event(event) for event in found])


def _event(event: Event) -> Content:
    kind = event.kind.partition("_")[2].replace("_", "-")
    return Content.assemble(
        (f"  {times.of_day(event.at)}  ", STYLE["dim"]),
        f"{one_line(event.actor, 24)}: ",
        (kind, "bold"),
        f"  {one_line(event.detail.partition(': ')[2], 200)}".rstrip(),
    )
