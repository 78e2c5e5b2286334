"""Wires the dashboard together: the feed looks, the keeper acts, the screens show, and orders are carried out."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from textual.app import App
from textual.message import Message
from textual.worker import Worker

from swarm_agents.build.outcomes import FenceRejected
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.views.snapshot import Snapshot, View, at_rest
from swarm_agents.views.snapshot_feed import Feed
from swarm_tui import orders, themes, toasts, worker_errors
from swarm_tui.orders import Done, Order, Ordered, Refused, Sent
from swarm_tui.screens.base_screen import Board
from swarm_tui.screens.overview import Overview
from swarm_tui.settings import Settings

if TYPE_CHECKING:
    from textual.command import Provider

    from swarm_tui.background import Keeper

TICK_S = 1.0
TICKS_AT_REST = 5  # while nothing counts down, ages are drawn that often
LEAVE_LIMIT_S = 2.0  # to put the terminal back, once a signal says to end
TOAST_S = 8.0


@runtime_checkable
class Shows(Protocol):
    """A screen or a dialog that wants every new view."""

    def show(self, view: View) -> None: ...


class Looked(Message):
    """The feed has a new view. A newer one replaces it while it waits."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Looked)


class CarriedOut(Message):
    """What an order came to."""

    def __init__(self, order: Order, outcome: Done | Sent | Refused | FenceRejected | SwarmError) -> None:
        super().__init__()
        self.order = order
        self.outcome = outcome


class KeeperFailed(Message):
    def __init__(self, error: SwarmError) -> None:
        super().__init__()
        self.error = error


def _palette() -> "type[Provider]":
    from swarm_tui.palette import BoardActions  # opened rarely, and the start must be quick

    return BoardActions


class SwarmApp(App[None]):
    TITLE = "swarm"
    CSS_PATH: ClassVar = [
        "app.tcss",
        "screens/overview.tcss",
        "screens/panes.tcss",
        "screens/work.tcss",
        "widgets/row_list.tcss",
        "widgets/banner.tcss",
        "widgets/attention.tcss",
        "widgets/message_log.tcss",
        "widgets/key_bar.tcss",
        "widgets/title_line.tcss",
        "widgets/trouble.tcss",
        "dialogs/dialog.tcss",
    ]
    # Textual declares these as variables of its instances, so they cannot be ClassVar here.
    COMMANDS = {_palette}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-high"), (34, "-roomy")]  # noqa: RUF012

    def __init__(self, settings: Settings, clock: Clock = host_clock) -> None:
        super().__init__()
        self.settings = settings
        self.clock = clock
        self._view: View | None = None
        self._told_to: int | None = None
        self._ticks = 0
        self._feed = Feed(settings.database, lambda view: self._post(Looked(view)), clock)
        self._keeper: Keeper | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        for theme in themes.ALL:
            self.register_theme(theme)
        self.theme = settings.theme
        self.animation_level = "none"

    def get_default_screen(self) -> Overview:
        return Overview(self.settings)

    def on_mount(self) -> None:
        self._own_loop = asyncio.get_running_loop()
        self._feed.start()
        self.set_interval(TICK_S, self._tick)

    def leave_by_signal(self) -> None:
        """Put the terminal back and end; end anyway where that cannot be done. For handlers of signals.

        Where the terminal is gone, Textual waits for good for a thread that writes to it, and there is nothing to put
        back either.
        """
        deadline = threading.Timer(LEAVE_LIMIT_S, os._exit, (1,))
        deadline.daemon = True
        deadline.start()
        if self._own_loop:
            self._own_loop.call_soon_threadsafe(self.exit)

    def on_unmount(self) -> None:
        self._feed.stop()
        if self._keeper:
            self._keeper.stop()

    # What was seen.

    def on_looked(self, looked: Looked) -> None:
        self._view = looked.view
        for screen in self.screen_stack:
            self._show_on(screen)
        if isinstance(looked.view, Snapshot):
            self._tell_news(looked.view)
        if not self.settings.read_only:
            self.call_after_refresh(self._painted, looked.view)

    def _painted(self, view: View) -> None:
        """Only now is what stands in the view told: an escalation that nobody could see yet is not."""
        if self._keeper is None:
            self._start_keeper()
        else:
            self._keeper.nudge(watches=not (isinstance(view, Snapshot) and at_rest(view)))
        if isinstance(view, Snapshot) and (view.escalations or view.unacknowledged) and self._keeper:
            self._keeper.escalations_were_seen()

    def _start_keeper(self) -> None:
        from swarm_tui.background import Keeper  # 40 ms, and the first picture comes first

        self._keeper = Keeper(self.settings, lambda error: self._post(KeeperFailed(error)), self.clock)
        self._keeper.start()

    def _show_on(self, screen: object) -> None:
        if self._view is not None and isinstance(screen, Shows):
            screen.show(self._view)

    def _tell_news(self, snapshot: Snapshot) -> None:
        """Toasts come from the audit trail: whoever did it, and only once it is committed."""
        latest = snapshot.events[-1].id if snapshot.events else 0
        if self._told_to is not None:
            for event in snapshot.events:
                toast = toasts.toast(event) if event.id > self._told_to else None
                if toast:
                    self.notify(toast.text, severity=toast.severity, timeout=TOAST_S, markup=False)
        self._told_to = latest

    def _tick(self) -> None:
        self._ticks += 1
        if isinstance(self._view, Snapshot) and at_rest(self._view) and self._ticks % TICKS_AT_REST:
            return
        moment = self.clock()
        for screen in self.screen_stack:
            if isinstance(screen, Board):
                screen.tick(moment)

    # What was ordered.

    def on_ordered(self, ordered: Ordered) -> None:
        self.carry_out(ordered.order)

    def carry_out(self, order: Order) -> None:
        work = partial(self._carry_out, order)
        self.run_worker(work, thread=True, group="orders", exit_on_error=False)

    def _carry_out(self, order: Order) -> None:
        outcome: Done | Sent | Refused | FenceRejected | SwarmError
        try:
            with Database(self.settings.database, self.clock) as db:
                outcome = orders.carry_out(db, order, self.settings.config)
        except SwarmError as error:
            outcome = error
        self._post(CarriedOut(order, outcome))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker_errors.of_worker(self, event)

    def on_carried_out(self, carried: CarriedOut) -> None:
        match carried.outcome:
            case FenceRejected(build):
                self.notify(toasts.refused(build), severity="warning", timeout=15, markup=False)
            case Refused(why):
                self.notify(f"Nothing was changed: {why}", severity="warning", timeout=15, markup=False)
            case SwarmError() as error:
                self.notify(error.message, severity="error", timeout=15, markup=False)
            case Sent(message):
                from swarm_tui.dialogs.messages.message_details import MessageDetails

                self.push_screen(MessageDetails(message, self.settings))

    def open_panes(self) -> None:
        from swarm_tui.screens.panes import PanesScreen

        self._open(PanesScreen(self.settings))

    def open_work(self) -> None:
        from swarm_tui.screens.work import WorkScreen

        self._feed.watch(work=True)
        self._open(WorkScreen(self.settings), lambda _: self._feed.watch(work=False))

    def _open(self, board: Board, then: Callable[[None], None] | None = None) -> None:
        self.push_screen(board, then)
        board.call_later(self._show_on, board)

    def show_thread(self, message: int) -> None:
        """Only the messages of one thread, on the overview."""
        for screen in self.screen_stack:
            if isinstance(screen, Overview):
                screen.filter_log(f"thread:{message}")

    def watch_message(self, message: int | None) -> None:
        """Let the snapshots tell what becomes of that message."""
        self._feed.watch(message=message)

    def watch_deliveries(self, watched: bool) -> None:
        """Let the snapshots tell what becomes of the last messages."""
        self._feed.watch(deliveries=watched)

    def on_keeper_failed(self, failed: KeeperFailed) -> None:
        self.notify(f"No notices are typed now: {failed.error.message}", severity="warning", timeout=15, markup=False)

    def _post(self, message: Message) -> None:
        """From another thread; the app may be closing."""
        with contextlib.suppress(RuntimeError):
            self.post_message(message)
