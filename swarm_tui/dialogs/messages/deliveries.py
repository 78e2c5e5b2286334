"""The deliveries of the last messages to each pane; one key types those again that did not arrive."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from swarm_agents.messages.deliveries import RETRYABLE_STATES
from swarm_agents.text import one_line
from swarm_agents.views.human_commands import RetryCommand
from swarm_agents.views.snapshot import Snapshot, View
from swarm_tui.actions import NOTHING_FAILED, READ_ONLY
from swarm_tui.dialogs.messages.message_details import MessageDetailsDialog
from swarm_tui.requests import CarryOutRequest, WatchDeliveriesRequest
from swarm_tui.settings import Settings
from swarm_tui.themes import STYLE
from swarm_tui.widgets.delivery_list import MEANS
from swarm_tui.widgets.delivery_matrix import DeliveryMatrix
from swarm_tui.widgets.row_list import RowList


class DeliveriesDialog(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,d", "close", show=False),
        Binding("r", "retry", show=False),
    ]
    AUTO_FOCUS = "DeliveryMatrix"

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        # Kept as attributes: while the dialog closes, a view still arrives, and a query would find no widgets.
        self._heading = Static(id="heading")
        self._matrix = DeliveryMatrix()
        self._chosen = Static(id="chosen")

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="-plain") as box:
            box.border_title = "Deliveries"
            retries = "" if self._settings.read_only else "r types it again · "
            box.border_subtitle = f"{retries}←→ message · enter details · esc closes"
            yield self._heading
            yield self._matrix
            yield self._chosen

    def on_mount(self) -> None:
        self.app.post_message(WatchDeliveriesRequest(True))

    def on_unmount(self) -> None:
        self.app.post_message(WatchDeliveriesRequest(False))

    def show(self, view: View) -> None:
        if isinstance(view, Snapshot) and view.recent_deliveries is not None:
            self._matrix.show(view.recent_deliveries, view.moment.wall_ms)

    def on_delivery_matrix_delivery_selected(self) -> None:
        self._heading.update(Content.assemble(*((text, STYLE[tone]) for text, tone in self._matrix.heading())))
        one = self._matrix.chosen
        if one is None:
            self._chosen.update("Nothing went there." if self._matrix.message else "")
        else:
            why = f", {one.reason}" if one.reason else ""
            means = one_line(one.detail, 200) or MEANS[one.state]
            self._chosen.update(Content(f"#{one.message} to {one_line(one.agent, 64)}: {one.state}{why}: {means}"))

    def on_row_list_row_chosen(self, chosen: RowList.RowChosen) -> None:
        chosen.stop()
        if self._matrix.message is not None:
            self.app.push_screen(MessageDetailsDialog(self._matrix.message, self._settings))

    def action_close(self) -> None:
        self.dismiss()

    def action_retry(self) -> None:
        if self._settings.read_only:
            self.notify(READ_ONLY, severity="warning")
        elif self._matrix.message is None:
            self.notify("There is no message here yet.", severity="warning")
        elif any(one.state in RETRYABLE_STATES for one in self._matrix.of_column()):
            self.app.post_message(CarryOutRequest(RetryCommand(self._matrix.message)))
        else:
            self.notify(NOTHING_FAILED, severity="warning")
