"""Say that the human, who held the role, repaired the build."""

from textual.content import Content

from swarm_agents.views.human_commands import DeclareFixedCommand
from swarm_tui.dialogs.command_dialog import CommandDialog


class DeclareDialog(CommandDialog):
    heading = "You repaired the build?"
    confirm = "Declare fixed"
    tone = "plain"

    def facts(self) -> Content:
        waiting = len(self.opened_with.waiting)
        told = f"{waiting} waiting agents are" if waiting else "Everybody is"
        return Content(
            f"Incident {self.opened_with.build.incident} is closed on your word; no check is run.\n\n"
            "What happens:\n"
            f"  {told} told that it is green, and commits go on.\n"
            "  If it is not green, the next refused commit opens a new incident."
        )

    def command(self) -> DeclareFixedCommand:
        return DeclareFixedCommand(self.opened_with.build.fence, self.typed)
