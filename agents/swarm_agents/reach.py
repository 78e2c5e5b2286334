"""Who would get a notice now, and who would not and why: asked before a broadcast is sent, changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from swarm_agents import panes, sight, steps
from swarm_agents.model import Agent, PaneAddress
from swarm_agents.panes import Look, NoAnswer, ServerGone
from swarm_agents.profiles import Profile

NO_ANSWER = "no-answer"
"""tmux could not be asked: nobody knows. The notice stays queued until it can be."""


def obstacles(agents: Iterable[Agent], known: Mapping[str, Profile]) -> dict[str, str | None]:
    """By agent: None when its pane is ready for a notice now, else the reason, or `NO_ANSWER`."""
    found: dict[str, str | None] = {}
    by_socket: dict[str, dict[str, PaneAddress]] = defaultdict(dict)
    for agent in agents:
        if agent.pane is None:
            found[agent.name] = "no-tmux"
        else:
            by_socket[agent.pane.socket][agent.name] = agent.pane
    for socket, addresses in by_socket.items():
        seen = panes.look(socket, [pane.pane_id for pane in addresses.values()])
        found |= _on_one_server(seen, addresses, known)
    return found


def _on_one_server(
    seen: Look | ServerGone | NoAnswer, addresses: Mapping[str, PaneAddress], known: Mapping[str, Profile]
) -> dict[str, str | None]:
    match seen:
        case NoAnswer():
            return dict.fromkeys(addresses, NO_ANSWER)
        case ServerGone():
            return dict.fromkeys(addresses, "server-gone")
        case Look():
            now = sight.situations(seen, addresses.values(), known)
            return {
                name: steps.obstacle(now[pane]) if pane in now else steps.missing(seen, pane)
                for name, pane in addresses.items()
            }
