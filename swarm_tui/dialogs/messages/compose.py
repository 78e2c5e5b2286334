"""Send a message to agents: shows who will get it, and who will not, before it is sent."""

from textual.message import Message
from textual.widgets import Static

from swarm_agents.courier import previews
from swarm_agents.errors import Unavailable
from swarm_agents.hosts import screen_profiles
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.human_commands import SendCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.agent_rows import draw_way
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.settings import Settings
from swarm_tui.widgets.body_field import BodyField
from swarm_tui.widgets.choice_list import ChoiceList


class ComposeDialog(CommandDialog):
    """Starts in its text field: typing there sends nothing, only Enter and then `y`, or Enter on the button, does."""

    AUTO_FOCUS = "BodyField"
    confirm = "Send"
    tone = "plain"
    field = ("Message", "what they shall know or do")
    recipient: str

    class PanesSeen(Message):
        """The recipients' panes were read. By agent: what is in the way of a notice, or None."""

        def __init__(self, obstacles: dict[str, str | None]) -> None:
            super().__init__()
            self.obstacles = obstacles

    class PanesNotSeen(Message):
        def __init__(self, why: Unavailable) -> None:
            super().__init__()
            self.why = why

    def __init__(self, snapshot: Snapshot, settings: Settings) -> None:
        super().__init__(snapshot)
        self._settings = settings
        self.obstacles: dict[str, str | None] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._read_panes, thread=True, exit_on_error=False)

    def _read_panes(self) -> None:
        """In a thread: a tmux server that is stopped takes seconds."""
        agents = [listed.agent for listed in self.recipients() if listed.state != "left"]
        try:
            seen = previews.take(agents, screen_profiles.load_profiles(self._settings.config.profiles))
        except Unavailable as error:
            self.post_message(self.PanesNotSeen(error))
        else:
            self.post_message(self.PanesSeen({name: one.obstacle for name, one in seen.items()}))

    def on_compose_dialog_panes_seen(self, event: PanesSeen) -> None:
        self.obstacles = event.obstacles
        self.query_one("#facts Static", Static).update(self.facts())
        rows = [draw_way(listed, event.obstacles.get(listed.agent.name)) for listed in self.recipients()]
        self.query_one(ChoiceList).show(rows)

    def on_compose_dialog_panes_not_seen(self, event: PanesNotSeen) -> None:
        self.hint(f"The state of their panes is not known. {event.why.message}")

    def recipients(self) -> list[ListedAgent]:
        raise NotImplementedError

    def make_field(self, placeholder: str) -> BodyField:
        return BodyField(placeholder)

    def choices(self) -> ChoiceList:
        return ChoiceList("Who gets it", [draw_way(listed) for listed in self.recipients()], markable=False)

    def command(self) -> SendCommand | str:
        if not self.typed:
            return "There is nothing to send yet."
        return SendCommand(self.recipient, self.typed)

    def has_moved(self, snapshot: Snapshot) -> bool:
        return False
