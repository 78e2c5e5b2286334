"""Give the red build to an agent that the human chooses."""

from textual.content import Content

from swarm_agents.roster import Agent
from swarm_agents.text import one_line
from swarm_agents.views.human_commands import AssignCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.agent_rows import draw_agent, find_candidates
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.themes import STYLE
from swarm_tui.widgets.choice_list import ChoiceList


class AssignDialog(CommandDialog):
    heading = "Give the build to an agent?"
    confirm = "Assign"
    tone = "busy"
    field = None

    def __init__(self, snapshot: Snapshot, selected: Agent | None) -> None:
        super().__init__(snapshot)
        self._candidates = find_candidates(snapshot)
        names = [listed.agent.name for listed in self._candidates]
        self._first = names.index(selected.name) if selected and selected.name in names else 0

    def facts(self) -> Content:
        build = self.opened_with.build
        taken = (
            f"  It is taken from {build.fixer}, who is told to stop; that attempt does not count.\n"
            if build.fixer
            else ""
        )
        return Content.assemble(
            (one_line(build.breakage, 200) + "\n\n", STYLE["dim"]),
            "What happens:\n",
            taken,
            f"  The agent below gets attempt {build.attempt} of {build.max_attempts} and is told in its pane.",
        )

    def choices(self) -> ChoiceList:
        rows = [draw_agent(listed, self.opened_with) for listed in self._candidates]
        return ChoiceList("To whom (j k)", rows, self._first)

    def command(self) -> AssignCommand | str:
        if not self._candidates:
            return "No other agent is here."
        chosen = self._candidates[self.query_one(ChoiceList).cursor]
        return AssignCommand(self.opened_with.build.fence, chosen.agent.name)
