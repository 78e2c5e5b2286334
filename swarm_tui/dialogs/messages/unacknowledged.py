"""Answer the escalation about a message that was not acknowledged: send it again, or excuse the recipients."""

from textual.content import Content

from swarm_agents.escalations.escalations import AckResolution, Escalation
from swarm_agents.text import printable
from swarm_agents.views.human_commands import AnswerUnacknowledgedCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.widgets.choice_list import ChoiceList
from swarm_tui.widgets.row_list import Cell


class UnacknowledgedDialog(CommandDialog):
    confirm = "Answer"
    tone = "ask"
    field = ("Reason", "(may be empty; told to those to whom it is said again)")

    def __init__(self, snapshot: Snapshot, escalation: Escalation) -> None:
        super().__init__(snapshot)
        self._escalation = escalation
        self.heading = f"Escalation {escalation.id}: message {escalation.message} was not acknowledged"

    def facts(self) -> Content:
        # Without the commands at its end: here they are the rows below.
        return Content(printable(self._escalation.text.partition("\nYou can:")[0]))

    def choices(self) -> ChoiceList:
        rows: list[list[Cell]] = [
            [("say it again  ", "strong"), ("now, once; you are asked again when it does not help", "dim")],
            [("excuse        ", "strong"), ("wait for their acknowledgement no more", "dim")],
        ]
        return ChoiceList("Your answer (j k)", rows)

    def command(self) -> AnswerUnacknowledgedCommand:
        option = (AckResolution.SAY_AGAIN, AckResolution.EXCUSE)[self.query_one(ChoiceList).cursor]
        return AnswerUnacknowledgedCommand(self._escalation.id, option, self.typed)

    def has_moved(self, snapshot: Snapshot) -> bool:
        return all(one.id != self._escalation.id for one in snapshot.unacknowledged)

    def describe_move(self, snapshot: Snapshot) -> str:
        return "It was acknowledged or answered meanwhile."
