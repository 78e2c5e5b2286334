"""A field for a text of several lines: what is pasted keeps its lines. Enter submits it, ctrl+j begins a new line."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea


class BodyField(TextArea):
    """Grows with its text up to the height that its style allows, then scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", show=False, priority=True),
        Binding("ctrl+j", "new_line", show=False),
    ]

    class Submitted(Message):
        """Enter was pressed in it."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, compact=True, highlight_cursor_line=False, tab_behavior="focus")

    @property
    def value(self) -> str:
        return self.text

    def action_submit(self) -> None:
        self.post_message(self.Submitted())

    def action_new_line(self) -> None:
        self.insert("\n")
