"""The version of tmux, and what is known of it: which ones were tried, and what differs."""

import re

from swarm_agents.errors import Unavailable
from swarm_agents.panes import tmux
from swarm_agents.text import one_line

TRIED = ("3.3a", "3.5a", "3.7c", "3.8")  # with the tests of panes, courier and demo, see docs/limits.md
_OLDEST = (3, 2)  # the first with `new-window -e`
# From this version on, until the next one that is listed.
_KNOWN = (
    ((3, 2), "a paste into a dead pane ends the server, so every paste asks first; 3.4 refuses it"),
    ((3, 4), ""),
    ((3, 7), "it refuses tabs and line ends in window names"),
    ((3, 8), "a dead pane has no process id, and window names may not have tabs and line ends"),
)


def read_version() -> str:
    """The version of the tmux on the PATH, as it names it: 3.3a, next-3.9. Raises `Unavailable`."""
    printed = tmux.run_program(["-V"])
    if not printed.startswith("tmux "):
        raise Unavailable(f"tmux -V does not name a version: {one_line(printed, 100)!r}.")
    return one_line(printed.removeprefix("tmux "), 40)


def describe_version(version: str) -> str:
    """What is known of that version, in one line. Raises `Unavailable` when it is too old."""
    found = re.search(r"([0-9]+)\.([0-9]+)", version)
    if found is None:
        return f"{version}, not tried"
    number = int(found[1]), int(found[2])
    if number < _OLDEST:
        raise Unavailable(f"tmux {version} is too old: 3.2 is the oldest that can start the swarm's panes.")
    tried = "tried" if version in TRIED else f"not tried, but {', '.join(TRIED)} were"
    note = next(note for first, note in reversed(_KNOWN) if number >= first)
    return f"{version}, {tried}{': ' if note else ''}{note}"
