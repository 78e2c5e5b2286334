"""Say something to agents: what is typed, and who will get it and who will not, before it is sent."""

from swarm_agents.messages import BODY_LIMIT
from swarm_agents.roster import Listed
from swarm_tui.dialogs.dialog import Dialog
from swarm_tui.dialogs.people import reached
from swarm_tui.orders import Send
from swarm_tui.snapshot import Snapshot
from swarm_tui.widgets.choices import Choices


class Compose(Dialog):
    """Starts in its text, because nothing happens before Enter, and then y, or Enter on the button."""

    AUTO_FOCUS = "Input"
    confirm = "Send"
    tone = "plain"
    field = ("Message", "what they shall know or do")
    recipient: str

    def recipients(self) -> list[Listed]:
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
