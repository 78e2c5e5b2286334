"""Answer an escalation about the build: retry, assign, take over, or declare passing."""

from textual.content import Content

from swarm_agents.escalations.escalations import Escalation, Resolution
from swarm_agents.text import printable
from swarm_agents.views.human_commands import ResolveCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.agent_rows import draw_agent, find_candidates
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.widgets.choice_list import ChoiceList
from swarm_tui.widgets.row_list import Cell


class ResolveDialog(CommandDialog):
    confirm = "Answer"
    tone = "ask"
    field = ("Say to the agents", "(may be empty)")

    def __init__(self, snapshot: Snapshot, take_over: bool = False) -> None:
        super().__init__(snapshot)
        self._escalation: Escalation = snapshot.escalations[0]
        self.heading = f"Escalation {self._escalation.id}: what shall be done?"
        self._options: list[tuple[Resolution, str | None]] = [
            (Resolution.RETRY, None),
            (Resolution.TAKE_OVER, None),
            (Resolution.DECLARE_PASSING, None),
            *[(Resolution.ASSIGN, listed.agent.name) for listed in find_candidates(snapshot)],
        ]
        self._first = 1 if take_over else 0

    def facts(self) -> Content:
        # Without the commands at its end: here they are the rows below.
        return Content(printable(self._escalation.text.partition("\nYou can:")[0]))

    def choices(self) -> ChoiceList:
        most = self.opened_with.build.max_attempts
        rows: list[list[Cell]] = [
            [("retry            ", "strong"), (f"agents may try again, {most} new attempts", "dim")],
            [("take over        ", "strong"), ("you repair it; agents leave it alone for 8 hours", "dim")],
            [("declare passing  ", "strong"), ("on your word; no check is run", "dim")],
        ]
        rows += [
            [("assign to ", "strong"), *draw_agent(one, self.opened_with)] for one in find_candidates(self.opened_with)
        ]
        return ChoiceList("Your answer (j k)", rows, self._first)

    def command(self) -> ResolveCommand:
        option, agent = self._options[self.query_one(ChoiceList).cursor]
        return ResolveCommand(self._escalation.id, option, agent, self.typed)

    def has_moved(self, snapshot: Snapshot) -> bool:
        return all(escalation.id != self._escalation.id for escalation in snapshot.escalations)
