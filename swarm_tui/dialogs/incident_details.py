"""The red period from its beginning, or the last one: what `enter` on the banner opens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker

from swarm_agents.db.database import Database
from swarm_tui import complaints, incident_story
from swarm_tui.incident_story import Story
from swarm_tui.settings import Settings
from swarm_tui.snapshot import Snapshot, View

if TYPE_CHECKING:
    from swarm_tui.app import SwarmApp


class IncidentDetails(ModalScreen[None]):
    """Read again when the build, its attempts or its line changed; the place one reads at stays."""

    app: "SwarmApp"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,i", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("space,pagedown,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("g,home", "edge(False)", show=False),
        Binding("G,end", "edge(True)", show=False),
    ]

    @dataclass
    class Read(Message):
        story: Story | None

    def __init__(self, settings: Settings, number: int | None = None) -> None:
        """Without a number the open incident, else the last one."""
        super().__init__()
        self._number = number
        self._settings = settings
        self._seen: object = None
        self._stands = False
        self._box = Vertical(id="box", classes="-plain")
        self._story = VerticalScroll(id="story", can_focus=False)
        self._body = Static("…")

    def compose(self) -> ComposeResult:
        self._box.border_title = "Incident"
        self._box.border_subtitle = "j k space g G scroll · esc closes"
        with self._box, self._story:
            yield self._body

    def on_mount(self) -> None:
        self._stands = True
        self._read_again()

    def show(self, view: View) -> None:
        """A snapshot says that there may be more to tell; the story itself is read by a worker."""
        if self._stands and isinstance(view, Snapshot):
            told_by = (view.build, view.attempts, view.waiting)
            if told_by != self._seen:
                self._seen = told_by
                self._read_again()

    def on_incident_details_read(self, read: Read) -> None:
        if read.story is None:
            self._body.update("There was no such red period.")
            return
        self._box.border_title = f"Incident {read.story.incident.id}"
        self._body.update(incident_story.told(read.story))

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll(self, by: int) -> None:
        self._story.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._story.scroll_relative(y=by * max(1, self._story.size.height - 1), animate=False)

    def action_edge(self, last: bool) -> None:
        self._story.scroll_to(y=self._story.max_scroll_y if last else 0, animate=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        complaints.of_worker(self.app, event)

    def _read_again(self) -> None:
        self.run_worker(self._read, thread=True, group="story", exit_on_error=False)

    def _read(self) -> None:
        with Database(self._settings.database, self.app.clock) as db, db.reading() as tx:
            story = incident_story.read(tx, self._number)
        self.post_message(self.Read(story))
