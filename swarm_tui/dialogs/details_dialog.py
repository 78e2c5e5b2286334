"""One thing at length: a report that a worker reads, and reads again when a snapshot says that it may have changed."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker

from swarm_agents.db.database import Database
from swarm_agents.views.snapshot import Snapshot, View
from swarm_tui import worker_errors
from swarm_tui.settings import Settings

Details = tuple[str, Content]
"""The title of the box, and its text."""


class DetailsDialog(ModalScreen[None]):
    """Subclasses define `read` and `key_of`. The scroll position stays when the text changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("space,pagedown,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("g,home", "edge(False)", show=False),
        Binding("G,end", "edge(True)", show=False),
    ]

    heading: str = ""

    @dataclass
    class DetailsRead(Message):
        details: Details

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._last_key: object = object()  # equal to no key
        self._can_show = False
        self._box = Vertical(id="box", classes="-plain")
        self._scroll = VerticalScroll(id="details", can_focus=False)
        self._text = Static("…")

    # A subclass defines:

    def read(self, db: Database) -> Details:
        """The details as they are now. Called in a worker's thread."""
        raise NotImplementedError

    def key_of(self, snapshot: Snapshot) -> object:
        """The part of a snapshot that differs when there may be something new to read."""
        raise NotImplementedError

    # The rest is the same for all.

    def compose(self) -> ComposeResult:
        self._box.border_title = self.heading
        self._box.border_subtitle = "j k space g G scroll · esc closes"
        with self._box, self._scroll:
            yield self._text

    def on_mount(self) -> None:
        self._can_show = True
        self._start_reading()

    def show(self, view: View) -> None:
        if self._can_show and isinstance(view, Snapshot):
            key = self.key_of(view)
            if key != self._last_key:
                self._last_key = key
                self._start_reading()

    def on_details_dialog_details_read(self, event: DetailsRead) -> None:
        title, text = event.details
        self._box.border_title = title
        self._text.update(text)

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, by: int) -> None:
        self._scroll.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._scroll.scroll_relative(y=by * max(1, self._scroll.size.height - 1), animate=False)

    def action_edge(self, last: bool) -> None:
        self._scroll.scroll_to(y=self._scroll.max_scroll_y if last else 0, animate=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker_errors.show_error(self.app, event)

    def _start_reading(self) -> None:
        self.run_worker(self._read, thread=True, group="details", exit_on_error=False)

    def _read(self) -> None:
        with self._settings.open_database() as db:
            details = self.read(db)
        self.post_message(self.DetailsRead(details))
