"""A field of one line. Several lines that are pasted are joined in it: Textual's own field keeps only the first."""

from textual.events import Paste
from textual.widget import Widget
from textual.widgets import Input


def fit_paste(paste: Paste, field: Widget | None) -> Paste:
    """What to give the field that has the focus: on one line for any field that has only one, the palette's too."""
    return Paste(join_lines(paste.text)) if isinstance(field, Input) else paste


def join_lines(text: str) -> str:
    """All words of a text on one line."""
    return " ".join(text.split())


class LineField(Input):
    """For what the terminal pastes the app calls `fit_paste`; ctrl+v pastes what was copied on the screen."""

    def action_paste(self) -> None:
        self.replace(join_lines(self.app.clipboard), *self.selection)
