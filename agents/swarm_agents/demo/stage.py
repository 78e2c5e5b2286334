"""The stage: a private tmux server with the dashboard in its first window and the agents side by side in its second."""

import os
import signal
import sys
from dataclasses import dataclass, field

from swarm_agents.demo.commands import commands_folder, surroundings
from swarm_agents.demo.sources import AGENTS, COLLEAGUE
from swarm_agents.demo.world import World
from swarm_agents.model import PaneAddress
from swarm_agents.panes import private
from swarm_agents.panes.address import set_option
from swarm_agents.panes.private import PaneCommand
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.text import one_line

DASHBOARD_WINDOW = "dashboard"
_WIDTH, _HEIGHT = 160, 48  # until a terminal is attached, which brings its own
_KEPT = {"remain-on-exit": "on"}  # a killed agent leaves a dead pane: just what the swarm must cope with
_AGENTS_WINDOW = _KEPT | {"pane-border-status": "top", "pane-border-format": " #{@swarm_agent} "}


@dataclass
class Stage:
    """Who plays in which pane."""

    world: World
    pace: float
    dashboard: PaneAddress
    panes: dict[str, PaneAddress] = field(default_factory=dict)

    def restart(self, agent: str) -> None:
        """The agent comes back in its old pane, after its program has died."""
        self.panes[agent] = private.respawn_pane(self.panes[agent], _play(self.world, agent, self.pace))

    def kill(self, agent: str) -> None:
        """kill -9, as the kernel does when memory runs out."""
        os.kill(self.panes[agent].pane_pid, signal.SIGKILL)

    def dead(self, agent: str) -> bool:
        """Whether the agent's program has ended, for whichever reason. False when tmux does not answer."""
        seen = take_snapshot(self.world.socket)
        pane = seen.panes.get(self.panes[agent].pane_id) if isinstance(seen, ServerSnapshot) else None
        return pane is not None and pane.dead

    def dashboard_ended(self) -> str | None:
        """None while it runs; else the last line that it left on its screen."""
        seen = take_snapshot(self.world.socket, [self.dashboard.pane_id])
        if not isinstance(seen, ServerSnapshot):
            return f"tmux does not answer: {seen}"
        pane = seen.panes.get(self.dashboard.pane_id)
        if pane is not None and not pane.dead:
            return None
        lines = [one_line(line, 200) for line in seen.screens.get(self.dashboard.pane_id, ())]
        return next((line for line in reversed(lines) if line and "Pane is dead" not in line), "it ended")

    def everybody_left(self) -> bool:
        return all(self.dead(agent) for agent in self.panes)


def set_up(world: World, pace: float) -> Stage:
    """Start the server, the dashboard and the agents."""
    dashboard = PaneCommand([str(commands_folder() / "swarm-tui")], str(world.repository), {})
    first = private.start_server(world.socket, DASHBOARD_WINDOW, dashboard, surroundings(COLLEAGUE), _WIDTH, _HEIGHT)
    private.set_window_options(first, _KEPT)
    stage = Stage(world, pace, first)
    for agent in AGENTS:
        _enter(stage, agent)
    return stage


def _enter(stage: Stage, agent: str) -> None:
    play = _play(stage.world, agent, stage.pace)
    if stage.panes:
        pane = private.add_pane(next(iter(stage.panes.values())), play)
    else:
        pane = private.add_window(stage.world.socket, "agents", play)
        private.set_window_options(pane, _AGENTS_WINDOW)
    stage.panes[agent] = pane
    set_option(pane, "@swarm_profile", "plain")


def _play(world: World, agent: str, pace: float) -> PaneCommand:
    tree = str(world.tree_of(agent))
    theirs = surroundings(agent)
    mine = {name: value for name, value in theirs.items() if name.startswith("GIT_")} | {"SWARM_AGENT": agent}
    # env: tmux gives a pane the PATH of whoever asked for it. -P: the working tree's own packages are not for us.
    command = ["env", f"PATH={theirs['PATH']}", sys.executable, "-P", "-m", "swarm_agents.demo.agent"]
    journal = world.journals / f"{agent}.jsonl"
    return PaneCommand([*command, agent, tree, str(journal), str(pace)], tree, mine)
