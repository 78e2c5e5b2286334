"""Tells one thing at length: read from the database by a worker, read again when it may have changed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker

from swarm_agents.db.database import Database, Transaction
from swarm_agents.views.snapshot import Snapshot, View
from swarm_tui import worker_errors
from swarm_tui.settings import Settings

if TYPE_CHECKING:
    from swarm_tui.app import SwarmApp


Details = tuple[str, Content]
"""The title of the box, and its text."""


class DetailsDialog(ModalScreen[None]):
    """Subclasses say `read` and `told_by`. The place one reads at stays while the story goes on."""

    app: "SwarmApp"

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
        story: Details

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._seen = object()  # like nothing that a snapshot says
        self._stands = False
        self._box = Vertical(id="box", classes="-plain")
        self._story = VerticalScroll(id="story", can_focus=False)
        self._body = Static("…")

    # What a subclass says.

    def read(self, tx: Transaction) -> Details:
        """The story as it is now; called by a worker."""
        raise NotImplementedError

    def told_by(self, snapshot: Snapshot) -> object:
        """What of a snapshot says that there may be more to tell, when it is another one than before."""
        raise NotImplementedError

    # The rest is the same for all.

    def compose(self) -> ComposeResult:
        self._box.border_title = self.heading
        self._box.border_subtitle = "j k space g G scroll · esc closes"
        with self._box, self._story:
            yield self._body

    def on_mount(self) -> None:
        self._stands = True
        self._read_again()

    def show(self, view: View) -> None:
        if self._stands and isinstance(view, Snapshot):
            told_by = self.told_by(view)
            if told_by != self._seen:
                self._seen = told_by
                self._read_again()

    def on_details_dialog_details_read(self, read: DetailsRead) -> None:
        title, text = read.story
        self._box.border_title = title
        self._body.update(text)

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, by: int) -> None:
        self._story.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._story.scroll_relative(y=by * max(1, self._story.size.height - 1), animate=False)

    def action_edge(self, last: bool) -> None:
        self._story.scroll_to(y=self._story.max_scroll_y if last else 0, animate=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker_errors.of_worker(self.app, event)

    def _read_again(self) -> None:
        self.run_worker(self._read, thread=True, group="story", exit_on_error=False)

    def _read(self) -> None:
        with Database(self._settings.database, self.app.clock) as db, db.reading() as tx:
            story = self.read(tx)
        self.post_message(self.DetailsRead(story))
