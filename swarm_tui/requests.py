"""What screens and dialogs ask of the app, as typed messages: they never import it."""

from textual.message import Message

from swarm_agents.views.human_commands import HumanCommand


class CarryOutRequest(Message):
    """A human confirmed a dialog: please carry it out."""

    def __init__(self, command: HumanCommand) -> None:
        super().__init__()
        self.command = command
