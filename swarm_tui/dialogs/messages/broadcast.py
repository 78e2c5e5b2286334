"""Send a message to all agents."""

from textual.content import Content

from swarm_agents.model import EVERYONE
from swarm_agents.views.agents import ListedAgent
from swarm_tui.dialogs.agent_rows import describe_ways, find_present
from swarm_tui.dialogs.messages.compose import ComposeDialog


class BroadcastDialog(ComposeDialog):
    heading = "Broadcast to all agents"
    recipient = EVERYONE

    def facts(self) -> Content:
        present = find_present(self.opened_with)
        told = f" get it: {describe_ways(present, self.obstacles)}." if present else " are here."
        in_panes = sum(listed.agent.pane is not None for listed in present)
        busy = " It interrupts work, so say it once." if in_panes > 1 else ""
        return Content.assemble((f"{len(present)} agents", "bold"), told, busy)

    def recipients(self) -> list[ListedAgent]:
        return sorted(self.opened_with.agents, key=lambda listed: (listed.state == "left", listed.agent.pane is None))
