"""The top line: which swarm this is, in which mode, and what time it is."""

from textual.content import Content
from textual.widgets import Static

from swarm_agents.model import Moment
from swarm_agents.text import one_line
from swarm_tui import times
from swarm_tui.settings import Settings
from swarm_tui.themes import STYLE, block


class TitleLine(Static):
    def __init__(self, settings: Settings, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._settings = settings
        self._time = ""

    def tick(self, moment: Moment) -> None:
        time = times.of_day_short(moment.wall_ms)
        if time != self._time:
            self._time = time
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        marks: list[tuple[str, str]] = []
        if self._settings.read_only:
            marks = [(" READ-ONLY ", block("busy")), ("  ", "")]
        right = Content.assemble(*marks, self._time)
        room = max(0, self.size.width - 4 - right.cell_length)
        name = one_line(_name(self._settings), max(1, room - 9))
        left = Content.assemble((" swarm", "bold $primary"), "  ", (name, STYLE["dim"]))
        self.update(left.pad_right(max(1, room + 3 - left.cell_length)) + right, layout=False)


def _name(settings: Settings) -> str:
    """The repository for the usual place of a database, its path for any other."""
    path = settings.database
    if path.parent.name == "swarm" and path.parent.parent.name == ".git":
        return path.parent.parent.parent.name
    return str(path)
