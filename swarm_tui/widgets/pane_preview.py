"""What one pane shows, as far as there is room for its end: in its own colours, and nothing that a terminal obeys."""

from typing import ClassVar

from rich.ansi import AnsiDecoder
from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from swarm_agents.courier.previews import Preview, strip_escapes
from swarm_agents.roster import Agent
from swarm_agents.text import one_line, printable, without_escapes

_COLOURS_MOST = 2_000  # changes of colour, 25 us each; agents' screens have some hundreds


class PanePreview(Widget):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane--about"}

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Agent | None, Preview | None] = (None, None)
        self._rows: list[Text] = []
        self.border_title = "Preview"

    def show(self, agent: Agent | None, at: Preview | None) -> None:
        """The pane of that agent as it was seen last; nothing of it where there is none."""
        if (agent, at) == self._shown:
            return
        self._shown = (agent, at)
        self._rows = painted(at.screen) if at else []
        self.border_title = f"Preview of {agent.name}" if agent else "Preview"  # names are harmless, titles markup
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, ground = self.size.width, self.rich_style
        if y == 0:
            dim = self.get_component_rich_style("pane--about", partial=True)
            return Strip([Segment(self._about(), ground + dim)]).adjust_cell_length(width, ground)
        room = self.size.height - 1
        rows = self._rows[-room:]
        if y > len(rows):
            return Strip.blank(width, ground)
        segments = rows[y - 1].render(self.app.console)
        painted_row = [Segment(text, ground + style if style else ground) for text, style, _ in segments]
        return Strip(painted_row).adjust_cell_length(width, ground)

    def _about(self) -> str:
        at = self._shown[1]
        parts = (at.program, at.title, at.path) if at else ()
        return one_line(" · ".join(part for part in parts if part), 300) or "there is nothing to be seen"


def painted(screen: tuple[str, ...]) -> list[Text]:
    """The rows up to the last with something in it. A colour goes on from one row to the next, as tmux means it.

    A picture, with a colour for each cell, is shown without: it would hold up the screen for half a second.
    """
    rows = list(screen)
    while rows and not strip_escapes(rows[-1]):
        rows.pop()
    if sum(row.count("\x1b") for row in rows) > _COLOURS_MOST:
        return [_harmless(Text(strip_escapes(row))) for row in rows]
    decoder = AnsiDecoder()
    return [_harmless(decoder.decode_line(without_escapes(row, but_colours=True))) for row in rows]


def _harmless(row: Text) -> Text:
    row.plain = printable(row.plain.expandtabs(8))
    return row
