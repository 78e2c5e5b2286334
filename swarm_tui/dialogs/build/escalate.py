"""Stop the agents and make the red build a question to the human."""

from textual.content import Content

from swarm_agents.text import one_line
from swarm_agents.views.human_commands import EscalateCommand
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.themes import STYLE


class EscalateDialog(CommandDialog):
    heading = "Make this build your question?"
    confirm = "Escalate"
    tone = "ask"

    def facts(self) -> Content:
        build, waiting = self.opened_with.build, self.opened_with.waiting
        held = f"  {build.fixer} is told to stop, and its fence is void.\n" if build.fixer else ""
        sent = f"  {len(waiting)} waiting agents return and do something else.\n" if waiting else ""
        return Content.assemble(
            (one_line(build.breakage, 200) + "\n\n", STYLE["dim"]),
            "What happens:\n",
            held,
            sent,
            "  No agent may repair the build until you answer: retry, assign, take over, or declare passing.",
        )

    def command(self) -> EscalateCommand:
        return EscalateCommand(self.opened_with.build.fence, self.typed)
