"""Send a message to one agent."""

from textual.content import Content

from swarm_agents.roster import Agent
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.snapshot import Snapshot
from swarm_tui import times
from swarm_tui.dialogs.messages.compose import ComposeDialog
from swarm_tui.settings import Settings


class MessageAgentDialog(ComposeDialog):
    def __init__(self, snapshot: Snapshot, settings: Settings, agent: Agent) -> None:
        super().__init__(snapshot, settings)
        self._agent = agent
        self.recipient = agent.name
        self.heading = f"Message to {agent.name}"

    def facts(self) -> Content:
        seen = times.age(max(0, self.opened_with.moment.wall_ms - self._agent.seen_at))
        return Content.assemble((self._agent.name, "bold"), f", role {self._agent.role}, seen {seen}.")

    def recipients(self) -> list[ListedAgent]:
        return [listed for listed in self.opened_with.agents if listed.agent.name == self._agent.name]
