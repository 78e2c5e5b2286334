"""Answer a message: the answer goes to its sender, in its thread."""

from textual.content import Content

from swarm_agents.model import HUMAN, SWARM, MessageType
from swarm_agents.text import one_line
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.human_commands import SendCommand
from swarm_agents.views.message_pages import LogRow
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.messages.compose import ComposeDialog
from swarm_tui.settings import Settings
from swarm_tui.themes import STYLE


def find_answer_recipient(row: LogRow) -> str | None:
    """The recipient of an answer: the sender, or for a human's own message its recipient. None for the swarm's own."""
    other = row.recipient if row.sender == HUMAN else row.sender
    return None if other in (SWARM, HUMAN) else other


class AnswerDialog(ComposeDialog):
    field = ("Answer", "what they shall know or do")

    def __init__(self, snapshot: Snapshot, settings: Settings, answered: LogRow) -> None:
        super().__init__(snapshot, settings)
        self._answered = answered
        self.recipient = find_answer_recipient(answered) or ""
        self.heading = f"Answer to message {answered.id}"

    def facts(self) -> Content:
        message = self._answered
        return Content.assemble(
            (f"{one_line(message.sender, 64)} ", "bold"),
            (f"{one_line(message.type, 20)}\n", STYLE["dim"]),
            one_line(message.body, 300),
        )

    def recipients(self) -> list[ListedAgent]:
        to = self.recipient
        return [one for one in self.opened_with.agents if to in (one.agent.name, one.agent.role, "all")]

    def command(self) -> SendCommand | str:
        command = super().command()
        if isinstance(command, str):
            return command
        type_ = MessageType.ANSWER if self._answered.type == MessageType.QUESTION else MessageType.INFO
        return SendCommand(command.recipient, command.body, type_, self._answered.id)
