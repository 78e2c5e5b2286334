"""A list that draws only the lines that are seen: the base of every table here, from three rows to a million."""

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style as ToneStyle

from swarm_tui.themes import STYLE

Cell = tuple[str, str]
"""A text and its tone. The text must be printable already, and one line."""


class RowList(ScrollView, can_focus=True):
    """Subclasses define `count` and `cells`. Call `update_rows` when either changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--selected"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", show=False),
        Binding("k,up", "step(-1)", show=False),
        Binding("g,home", "edge(False)", show=False),
        Binding("G,end", "edge(True)", show=False),
        Binding("pagedown,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("enter", "choose", show=False),
    ]

    @dataclass
    class RowChosen(Message):
        """Enter, or a click on the row that has the cursor."""

        rows: "RowList"
        index: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self._styles: dict[str, Style] = {}
        self._drawn: dict[int, list[Cell]] = {}

    # A subclass defines:

    def count(self) -> int:
        raise NotImplementedError

    def cells(self, index: int, width: int) -> list[Cell]:
        raise NotImplementedError

    empty: str = "nothing"
    """The text that is shown when there is no row."""

    # Drawing.

    def set_title(self, title: str) -> None:
        """Never with a text from outside: titles are markup."""
        if title != self.border_title:
            self.border_title = title

    def update_rows(self) -> None:
        """Call it when the number of rows or their contents changed. The cursor stays within the rows."""
        self.cursor = max(0, min(self.cursor, self.count() - 1))
        self._drawn.clear()
        size = Size(self.scrollable_content_region.width, self.count())
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def refresh_times(self) -> None:
        """Draw only those visible lines whose text changed with the time: an idle screen costs next to nothing."""
        width, top = self._row_width, self.scroll_offset.y
        for index in range(top, min(top + self.size.height, self.count())):
            if index in self._drawn and self.cells(index, width) != self._drawn[index]:
                self.refresh_line(index)

    @property
    def _row_width(self) -> int:
        return self.scrollable_content_region.width or self.size.width

    def render_line(self, y: int) -> Strip:
        width = self._row_width
        index = self.scroll_offset.y + y
        ground = self.rich_style
        if index >= self.count():
            text = self.empty if y == 0 and self.count() == 0 else ""
            return Strip([Segment(text, ground + self._tone("dim"))]).adjust_cell_length(width, ground)
        if index == self.cursor and self.is_cursor_visible():
            ground += self._cursor_style()
        cells = self._drawn[index] = self.cells(index, width)
        segments = [Segment(text, ground + self._tone(tone)) for text, tone in cells]
        return Strip(segments).adjust_cell_length(width, ground)

    def is_cursor_visible(self) -> bool:
        return self.has_focus

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def _tone(self, tone: str) -> Style:
        style = self._styles.get(tone)
        if style is None:
            style = self._styles[tone] = ToneStyle.parse(STYLE[tone]).rich_style
        return style

    def _cursor_style(self) -> Style:
        if self.app.no_color:  # a tinted ground is no cursor then
            return Style(reverse=True) if self.has_focus else Style(underline=True)
        name = "rows--cursor" if self.has_focus else "rows--selected"
        return self.get_component_rich_style(name, partial=True)

    # Moving.

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, and scroll to it."""
        before, self.cursor = self.cursor, max(0, min(index, self.count() - 1))
        self.refresh_line(before)
        self.refresh_line(self.cursor)
        self._scroll_to_cursor()
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """For subclasses: the user moved the cursor."""

    def _scroll_to_cursor(self) -> None:
        height = max(1, self.scrollable_content_region.height)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True, immediate=True)

    def action_step(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.scrollable_content_region.height - 1))

    def action_edge(self, last: bool) -> None:
        self.move_to(self.count() - 1 if last else 0)

    def action_choose(self) -> None:
        if self.count():
            self.post_message(self.RowChosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.get_content_offset_capture(self).y
        if not 0 <= index < self.count():
            return
        if index == self.cursor and event.chain > 1:
            self.action_choose()
        self.move_to(index)

    def on_resize(self) -> None:
        self.update_rows()
        self._scroll_to_cursor()

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)
