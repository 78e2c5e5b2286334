"""Say something to agents: what is typed, and who will get it and who will not, before it is sent."""

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.message import Message
from textual.widgets import Static

from swarm_agents.errors import Unavailable
from swarm_agents.messages.messages import BODY_LIMIT
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.dialog import Dialog
from swarm_tui.dialogs.people import reached
from swarm_tui.orders import Send
from swarm_tui.widgets.choices import Choices

if TYPE_CHECKING:
    from swarm_tui.app import SwarmApp


class Compose(Dialog):
    """Starts in its text, because nothing happens before Enter, and then y, or Enter on the button."""

    AUTO_FOCUS = "Input"
    confirm = "Send"
    tone = "plain"
    field = ("Message", "what they shall know or do")
    recipient: str

    class Looked(Message):
        """How the recipients' panes look now: by agent, what is in the way."""

        def __init__(self, obstacles: dict[str, str | None]) -> None:
            super().__init__()
            self.obstacles = obstacles

    class CouldNotLook(Message):
        def __init__(self, why: Unavailable) -> None:
            super().__init__()
            self.why = why

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.obstacles: dict[str, str | None] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        own_profiles = cast("SwarmApp", self.app).settings.config.profiles
        self.run_worker(partial(self._look, own_profiles), thread=True, exit_on_error=False)

    def _look(self, own_profiles: dict[str, Any]) -> None:
        """In a thread: a tmux server that is stopped takes seconds."""
        from swarm_agents.courier import previews
        from swarm_agents.hosts import screen_profiles

        agents = [listed.agent for listed in self.recipients() if listed.state != "left"]
        try:
            seen = previews.take(agents, screen_profiles.load_profiles(own_profiles))
        except Unavailable as error:
            self.post_message(self.CouldNotLook(error))
        else:
            self.post_message(self.Looked({name: one.obstacle for name, one in seen.items()}))

    def on_compose_looked(self, event: Looked) -> None:
        self.obstacles = event.obstacles
        self.query_one("#facts Static", Static).update(self.facts())
        rows = [reached(listed, event.obstacles.get(listed.agent.name)) for listed in self.recipients()]
        self.query_one(Choices).show(rows)

    def on_compose_could_not_look(self, event: CouldNotLook) -> None:
        self.hint(f"How their panes are is not known. {event.why.message}")

    def recipients(self) -> list[ListedAgent]:
        raise NotImplementedError

    def choices(self) -> Choices:
        return Choices("Who gets it", [reached(listed) for listed in self.recipients()], markable=False)

    def order(self) -> Send | str:
        size = len(self.typed.encode())
        if not size:
            return "There is nothing to send yet."
        if size > BODY_LIMIT:
            return f"The message has {size} bytes; {BODY_LIMIT} are the limit. Put it into a file and name that."
        return Send(self.recipient, self.typed)

    def moved(self, snapshot: Snapshot) -> bool:
        return False
