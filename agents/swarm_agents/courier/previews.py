"""Previews of agents' panes: the program, what keeps a notice from being typed, and the screen. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from swarm_agents.courier import screen_reader, steps
from swarm_agents.courier.screen_reader import PaneSnapshot, ReadingResult, ScreenReading
from swarm_agents.hosts.screen_profiles import Profile
from swarm_agents.model import PaneAddress
from swarm_agents.panes.tmux import NoAnswer, ServerGone
from swarm_agents.roster import Agent
from swarm_agents.system.parallel import ParallelTasks
from swarm_agents.text import printable, without_escapes

READY = "ready"
"""A notice could be typed now."""
NO_TMUX = "no-tmux"
NO_ANSWER = "no-answer"
"""tmux did not answer, so nothing is known of the pane. Notices stay queued until it answers."""
LIMIT_S = 2.0  # for each server; a healthy one shows 200 panes in 30 ms
_ENDING_S = 1.0  # for a process of tmux that is ended after its limit


@dataclass(frozen=True)
class Preview:
    """One agent's pane. `state` is `READY`, `NO_ANSWER`, or a reason for not typing (docs/deliveries.md)."""

    state: str
    program: str = ""
    """The title of its profile, else the names of the program that reads its keyboard."""
    submit_key: str = ""
    """The key that submits a notice there; '' without a profile."""
    title: str = ""
    path: str = ""
    screen: tuple[str, ...] = ()
    """Its rows as tmux captures them, with escape sequences: not printable."""

    @property
    def obstacle(self) -> str | None:
        """Why a notice would not be typed now; None when it would."""
        return None if self.state == READY else self.state

    @property
    def is_lost(self) -> bool:
        """Whether the pane does not run the agent's process any more."""
        return self.state in ("gone", "replaced", "dead", "server-gone")

    @property
    def is_living(self) -> bool:
        """Whether the agent's process was seen in the pane."""
        return not self.is_lost and self.state not in (NO_TMUX, NO_ANSWER, "unreadable")

    def last_lines(self, most: int) -> tuple[str, ...]:
        """The last rows down to the last one that is not empty, from top to bottom, as printable text."""
        rows = [strip_escapes(row) for row in self.screen]
        while rows and not rows[-1]:
            rows.pop()
        return tuple(rows[-most:]) if most else ()


def take(agents: Iterable[Agent], known: Mapping[str, Profile], limit_s: float = LIMIT_S) -> dict[str, Preview]:
    """Previews by agent. Starts one tmux process for each server, and none for agents without a pane.

    A pane or server that cannot be read does not affect the others. Raises `Unavailable` when tmux is not installed.
    """
    found: dict[str, Preview] = {}
    by_socket: dict[str, dict[str, PaneAddress]] = defaultdict(dict)
    for agent in agents:
        if agent.pane is None:
            found[agent.name] = Preview(NO_TMUX)
        else:
            by_socket[agent.pane.socket][agent.name] = agent.pane

    readings: ParallelTasks[ReadingResult] = ParallelTasks()
    seen = readings.run(
        {
            socket: partial(screen_reader.read_panes, socket, on_it.values(), known, limit_s)
            for socket, on_it in by_socket.items()
        },
        limit_s + _ENDING_S,
    )
    for socket, addresses in by_socket.items():
        found |= _preview_server(seen.get(socket) or NoAnswer(socket, "it took too long"), addresses)
    return found


def strip_escapes(row: str) -> str:
    """A row of a screen without escape sequences and control characters."""
    return printable(without_escapes(row)).rstrip()


def _preview_server(seen: ReadingResult, addresses: Mapping[str, PaneAddress]) -> dict[str, Preview]:
    match seen:
        case NoAnswer():
            return dict.fromkeys(addresses, Preview(NO_ANSWER))
        case ServerGone():
            return dict.fromkeys(addresses, Preview("server-gone"))
        case ScreenReading(snapshot, now):
            return {
                name: _make_preview(now[pane]) if pane in now else Preview(steps.explain_missing_pane(snapshot, pane))
                for name, pane in addresses.items()
            }


def _make_preview(now: PaneSnapshot) -> Preview:
    running = " ".join(sorted(now.program.names)) if now.program else ""
    return Preview(
        state=steps.find_obstacle(now) or READY,
        program=now.profile.title if now.profile else printable(running),
        submit_key=now.profile.submit_key if now.profile else "",
        title=now.pane.title,
        path=now.pane.path,
        screen=tuple(now.screen),
    )
