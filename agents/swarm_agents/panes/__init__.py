"""The only room that talks to tmux: snapshots of servers, addresses of panes, guarded typing, servers of our own.

Uses `model`, `errors` and `text`. Importing it loads neither libtmux nor subprocess."""

from swarm_agents.panes.address import find_address, find_own_agent, find_own_pane, is_alive, set_agent, set_options
from swarm_agents.panes.human import display_line, jump_to, make_attach_command, ring_bell
from swarm_agents.panes.snapshot import Client, Pane, PendingSnapshot, ServerSnapshot, take_snapshot
from swarm_agents.panes.tmux import NoAnswer, ServerGone

__all__ = [
    "Client",
    "NoAnswer",
    "Pane",
    "PendingSnapshot",
    "ServerGone",
    "ServerSnapshot",
    "display_line",
    "find_address",
    "find_own_agent",
    "find_own_pane",
    "is_alive",
    "jump_to",
    "make_attach_command",
    "ring_bell",
    "set_agent",
    "set_options",
    "take_snapshot",
]
