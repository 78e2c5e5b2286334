"""Panes at a glance: what runs in each agent's pane, what is in the way there, and its screen. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from swarm_agents.courier import screen_reader, steps
from swarm_agents.courier.screen_reader import Seen, Sight, Situation
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import PaneAddress
from swarm_agents.panes import NoAnswer, ServerGone
from swarm_agents.roster import Agent
from swarm_agents.system.parallel import ParallelTasks
from swarm_agents.text import printable, without_escapes

READY = "ready"
"""A notice could be typed now."""
NO_TMUX = "no-tmux"
NO_ANSWER = "no-answer"
"""tmux could not be asked: nobody knows. A notice stays queued until it can be."""
LIMIT_S = 2.0  # for each server; a healthy one shows 200 panes in 30 ms
_ENDING_S = 1.0  # for a process of tmux that is ended after its limit


@dataclass(frozen=True)
class Preview:
    """One agent's pane. `state` is `READY`, `NO_ANSWER`, or why nothing can be typed there, from the closed list."""

    state: str
    program: str = ""
    """The title of its profile, else the names of what has its keyboard."""
    title: str = ""
    path: str = ""
    screen: tuple[str, ...] = ()
    """Its rows as tmux gives them, with their colours: not printable."""

    @property
    def obstacle(self) -> str | None:
        """Why a notice would not be typed now; None when it would."""
        return None if self.state == READY else self.state

    def lines(self, most: int) -> tuple[str, ...]:
        """The last rows with something in them, oldest first, as plain printable text."""
        rows = [plain(row) for row in self.screen]
        while rows and not rows[-1]:
            rows.pop()
        return tuple(rows[-most:]) if most else ()


def take(agents: Iterable[Agent], known: Mapping[str, Profile], limit_s: float = LIMIT_S) -> dict[str, Preview]:
    """By agent. One tmux process for each server, and none where nobody has a pane.

    A pane, or a server, that cannot be looked at hides no other one. Raises `Unavailable` when tmux is not installed.
    """
    found: dict[str, Preview] = {}
    by_socket: dict[str, dict[str, PaneAddress]] = defaultdict(dict)
    for agent in agents:
        if agent.pane is None:
            found[agent.name] = Preview(NO_TMUX)
        else:
            by_socket[agent.pane.socket][agent.name] = agent.pane

    looks: ParallelTasks[Seen] = ParallelTasks()
    seen = looks.run(
        {
            socket: partial(screen_reader.look, socket, on_it.values(), known, limit_s)
            for socket, on_it in by_socket.items()
        },
        limit_s + _ENDING_S,
    )
    for socket, addresses in by_socket.items():
        found |= _on_one_server(seen.get(socket) or NoAnswer(socket, "its look has not ended"), addresses)
    return found


def plain(row: str) -> str:
    """A row of a screen without what a terminal obeys."""
    return printable(without_escapes(row)).rstrip()


def _on_one_server(seen: Seen, addresses: Mapping[str, PaneAddress]) -> dict[str, Preview]:
    match seen:
        case NoAnswer():
            return dict.fromkeys(addresses, Preview(NO_ANSWER))
        case ServerGone():
            return dict.fromkeys(addresses, Preview("server-gone"))
        case Sight(look, now):
            return {
                name: _preview(now[pane]) if pane in now else Preview(steps.missing(look, pane))
                for name, pane in addresses.items()
            }


def _preview(now: Situation) -> Preview:
    running = " ".join(sorted(now.program.names)) if now.program else ""
    return Preview(
        state=steps.obstacle(now) or READY,
        program=now.profile.title if now.profile else printable(running),
        title=now.pane.title,
        path=now.pane.path,
        screen=tuple(now.screen),
    )
