"""The demo's private tmux server: the dashboard in the first window, the agents' panes in the second."""

import os
import signal
import sys
from dataclasses import dataclass, field

from swarm_agents.demo.commands import find_commands_folder, make_environment
from swarm_agents.demo.repository import DemoRepository
from swarm_agents.demo.sources import AGENTS, COLLEAGUE
from swarm_agents.model import PaneAddress
from swarm_agents.panes import private
from swarm_agents.panes.address import set_option
from swarm_agents.panes.private import PaneCommand
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.text import one_line

DASHBOARD_WINDOW = "dashboard"
_WIDTH, _HEIGHT = 160, 48  # until a terminal is attached
_KEPT = {"remain-on-exit": "on"}  # so a killed agent leaves a dead pane, which the swarm must handle
_AGENTS_WINDOW = _KEPT | {"pane-border-status": "top", "pane-border-format": " #{@swarm_agent} "}


@dataclass
class DemoServer:
    """The running server, and which agent is in which pane."""

    repository: DemoRepository
    pace: float
    dashboard: PaneAddress
    panes: dict[str, PaneAddress] = field(default_factory=dict)

    def restart(self, agent: str) -> None:
        """Start the agent again in its old pane, after its program has ended."""
        self.panes[agent] = private.respawn_pane(self.panes[agent], _make_command(self.repository, agent, self.pace))

    def kill(self, agent: str) -> None:
        """Kill the agent with SIGKILL, as the kernel does when memory runs out."""
        os.kill(self.panes[agent].pane_pid, signal.SIGKILL)

    def has_ended(self, agent: str) -> bool:
        """Whether the agent's program has ended, for any reason. False when tmux does not answer."""
        seen = take_snapshot(self.repository.socket)
        pane = seen.panes.get(self.panes[agent].pane_id) if isinstance(seen, ServerSnapshot) else None
        return pane is not None and pane.dead

    def find_dashboard_end(self) -> str | None:
        """None while the dashboard runs; else the last line on its screen."""
        seen = take_snapshot(self.repository.socket, [self.dashboard.pane_id])
        if not isinstance(seen, ServerSnapshot):
            return f"tmux does not answer: {seen}"
        pane = seen.panes.get(self.dashboard.pane_id)
        if pane is not None and not pane.dead:
            return None
        lines = [one_line(line, 200) for line in seen.screens.get(self.dashboard.pane_id, ())]
        return next((line for line in reversed(lines) if line and "Pane is dead" not in line), "it ended")

    def all_ended(self) -> bool:
        return all(self.has_ended(agent) for agent in self.panes)


def start(repository: DemoRepository, pace: float) -> DemoServer:
    """Start the server, the dashboard and the agents."""
    dashboard = PaneCommand([str(find_commands_folder() / "swarm-tui")], str(repository.main_tree), {})
    first = private.start_server(
        repository.socket, DASHBOARD_WINDOW, dashboard, make_environment(COLLEAGUE), _WIDTH, _HEIGHT
    )
    private.set_window_options(first, _KEPT)
    server = DemoServer(repository, pace, first)
    for agent in AGENTS:
        _start_agent(server, agent)
    return server


def _start_agent(server: DemoServer, agent: str) -> None:
    command = _make_command(server.repository, agent, server.pace)
    if server.panes:
        pane = private.add_pane(next(iter(server.panes.values())), command)
    else:
        pane = private.add_window(server.repository.socket, "agents", command)
        private.set_window_options(pane, _AGENTS_WINDOW)
    server.panes[agent] = pane
    set_option(pane, "@swarm_profile", "plain")


def _make_command(repository: DemoRepository, agent: str, pace: float) -> PaneCommand:
    tree = str(repository.worktree_of(agent))
    inherited = make_environment(agent)
    own = {name: value for name, value in inherited.items() if name.startswith("GIT_")} | {"SWARM_AGENT": agent}
    # env: tmux gives a pane the PATH of its client. -P: Python must not import packages of the working tree.
    command = ["env", f"PATH={inherited['PATH']}", sys.executable, "-P", "-m", "swarm_agents.demo.agent"]
    journal = repository.journals / f"{agent}.jsonl"
    return PaneCommand([*command, agent, tree, str(journal), str(pace)], tree, own)
