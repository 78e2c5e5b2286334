"""The only part that talks to tmux. Importing it loads neither libtmux nor subprocess."""

from swarm_agents.panes.address import address, agent_of_own_pane, alive, own_pane, set_agent, set_options
from swarm_agents.panes.human import attach_command, display, jump, ring
from swarm_agents.panes.snapshot import Client, Look, Looking, Pane, look
from swarm_agents.panes.tmux import NoAnswer, ServerGone

__all__ = [
    "Client",
    "Look",
    "Looking",
    "NoAnswer",
    "Pane",
    "ServerGone",
    "address",
    "agent_of_own_pane",
    "alive",
    "attach_command",
    "display",
    "jump",
    "look",
    "own_pane",
    "ring",
    "set_agent",
    "set_options",
]
