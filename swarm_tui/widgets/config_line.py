"""One line while swarm.toml is wrong: which line of it, why, and that the configuration before it goes on."""

from textual.content import Content
from textual.widgets import Static

from swarm_agents.errors import BadConfig
from swarm_agents.text import one_line
from swarm_tui.themes import block


class ConfigLine(Static):
    """Not shown while swarm.toml is right."""

    def __init__(self) -> None:
        super().__init__()
        self.display = False

    def show(self, error: BadConfig | None) -> None:
        self.display = error is not None
        if error:
            mark = (" ✗ configuration ", block("bad"))
            self.update(Content.assemble(mark, "  ", one_line(error.message, 300), "; the old one goes on"))
