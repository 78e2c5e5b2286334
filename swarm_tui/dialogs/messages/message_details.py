"""One message with its whole body and its deliveries. It also opens once a message of the human was sent."""

from collections.abc import Callable
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

from swarm_agents.messages.deliveries import RETRYABLE_STATES
from swarm_agents.text import one_line, printable
from swarm_agents.views import message_pages
from swarm_agents.views.human_commands import RetryCommand
from swarm_agents.views.message_pages import LogRow
from swarm_agents.views.snapshot import Snapshot, View
from swarm_tui import times, worker_errors
from swarm_tui.actions import NOTHING_FAILED, READ_ONLY
from swarm_tui.dialogs.messages.answer import AnswerDialog, find_answer_recipient
from swarm_tui.requests import CarryOutRequest, ShowThreadRequest, WatchMessageRequest
from swarm_tui.settings import Settings
from swarm_tui.themes import STYLE
from swarm_tui.widgets.delivery_list import DeliveryList


class MessageDetailsDialog(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "close", show=False),
        Binding("r", "retry", show=False),
        Binding("a", "answer", show=False),
        Binding("t", "thread", show=False),
        Binding("space", "scroll_body", show=False),
    ]
    AUTO_FOCUS = "DeliveryList"

    @dataclass
    class MessageRead(Message):
        row: LogRow

    def __init__(self, message: int, settings: Settings) -> None:
        super().__init__()
        self._message = message
        self._settings = settings
        self._snapshot: Snapshot | None = None
        self._row: LogRow | None = None
        self._postponed: Callable[[], None] | None = None
        # Kept as attributes: while the dialog closes, a view still arrives, and a query would find no widgets.
        self._body = Static("…")
        self._deliveries = DeliveryList()

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="-plain") as box:
            box.border_title = f"Message {self._message}"
            acts = "" if self._settings.read_only else "a answers · r types it again · "
            box.border_subtitle = f"{acts}t thread · space scrolls · esc closes"
            with VerticalScroll(id="body"):
                yield self._body
            yield self._deliveries

    def on_mount(self) -> None:
        self.app.post_message(WatchMessageRequest(self._message, watched=True))
        self.run_worker(self._read, thread=True, group="pages", exit_on_error=False)

    def on_unmount(self) -> None:
        self.app.post_message(WatchMessageRequest(self._message, watched=False))

    def show(self, view: View) -> None:
        """A snapshot taken before this message was requested has none of its deliveries."""
        if isinstance(view, Snapshot) and view.watched_message == self._message:
            self._snapshot = view  # requested in on_mount, so the widgets are mounted
            self._deliveries.show(view.watched, view.moment.wall_ms)
            self._catch_up()

    def on_message_details_dialog_message_read(self, read: MessageRead) -> None:
        row = self._row = read.row
        who = f"{one_line(row.sender, 64)} → {one_line(row.recipient, 64)}"
        within = f"  in thread {row.thread}" if row.thread != row.id else ""
        head = f"{times.of_day(row.at)}  {who}  {one_line(row.type, 20)}{within}\n\n"
        self._body.update(Content.assemble((head, STYLE["dim"]), printable(row.body)))
        self._catch_up()

    def action_close(self) -> None:
        self.dismiss()

    def action_scroll_body(self) -> None:
        self.query_one("#body").scroll_page_down(animate=False)

    def action_retry(self) -> None:
        if self._settings.read_only:
            self.notify(READ_ONLY, severity="warning")
        elif self._snapshot is None or self._row is None:
            self._postponed = self.action_retry
        elif any(one.state in RETRYABLE_STATES for one in self._snapshot.watched):
            self.app.post_message(CarryOutRequest(RetryCommand(self._message)))
        else:
            self.notify(NOTHING_FAILED, severity="warning")

    def action_thread(self) -> None:
        if self._snapshot is None or self._row is None:
            self._postponed = self.action_thread
        elif self._row.thread is not None:
            self.dismiss()
            self.app.post_message(ShowThreadRequest(self._row.thread))

    def action_answer(self) -> None:
        """To its sender. The swarm itself reads no answers."""
        if self._settings.read_only:
            self.notify(READ_ONLY, severity="warning")
        elif self._snapshot is None or self._row is None:
            self._postponed = self.action_answer
        elif find_answer_recipient(self._row) is None:
            self.notify("The swarm itself sent this message, so it cannot be answered.", severity="warning")
        else:
            self.app.push_screen(AnswerDialog(self._snapshot, self._settings, self._row), self._close_once_answered)

    def _catch_up(self) -> None:
        """Do what a key asked for before the message was read: people type faster than the screen."""
        if self._postponed is not None and self._snapshot is not None and self._row is not None:
            postponed, self._postponed = self._postponed, None
            postponed()

    def _close_once_answered(self, confirmed: bool | None) -> None:
        if confirmed:
            self.dismiss()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker_errors.show_error(self.app, event)

    def _read(self) -> None:
        with self._settings.open_database() as db:
            row = message_pages.read_message(db, self._message)
        self.post_message(self.MessageRead(row))
