"""Wires the dashboard together: the feed takes snapshots, the screens show them, commands are carried out."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from textual.app import App
from textual.events import Event, Paste
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker

from swarm_agents.build.outcomes import FenceRejected
from swarm_agents.errors import SwarmError
from swarm_agents.views import human_commands, snapshot
from swarm_agents.views.human_commands import HumanCommand, MessageSent
from swarm_agents.views.snapshot import Snapshot, View
from swarm_agents.views.snapshot_feed import SnapshotFeed
from swarm_tui import themes, toasts, worker_errors
from swarm_tui.pace import find_pause_s
from swarm_tui.requests import CarryOutRequest, ShowThreadRequest, WatchDeliveriesRequest, WatchMessageRequest
from swarm_tui.screens.base_screen import BaseScreen
from swarm_tui.screens.overview import OverviewScreen
from swarm_tui.settings import Settings
from swarm_tui.widgets.line_field import fit_paste

if TYPE_CHECKING:
    from textual.command import Provider

    from swarm_tui.background import BackgroundFailed, BackgroundThread, ConfigRead

LEAVE_LIMIT_S = 2.0  # to put the terminal back, once a signal says to end
TOAST_S = 8.0


@runtime_checkable
class ViewReceiver(Protocol):
    """A screen or a dialog that is shown every new view."""

    def show(self, view: View) -> None: ...


class ViewChanged(Message):
    """The feed has a new view. A newer one replaces it while it waits."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewChanged)


class CommandFinished(Message):
    """What came of a command: what it returned, or its error."""

    def __init__(self, command: HumanCommand, outcome: object | SwarmError) -> None:
        super().__init__()
        self.command = command
        self.outcome = outcome


def _load_action_provider() -> "type[Provider]":
    from swarm_tui.palette import ActionProvider  # loads textual.command, after the first paint

    return ActionProvider


class SwarmApp(App[None]):
    TITLE = "swarm"
    CSS_PATH: ClassVar = [
        "app.tcss",
        "screens/overview.tcss",
        "screens/panes.tcss",
        "screens/work.tcss",
        "widgets/row_list.tcss",
        "widgets/build_banner.tcss",
        "widgets/attention_list.tcss",
        "widgets/message_log.tcss",
        "widgets/key_bar.tcss",
        "widgets/title_line.tcss",
        "widgets/config_line.tcss",
        "widgets/failure_panel.tcss",
        "dialogs/dialogs.tcss",
    ]
    # Textual declares these as variables of its instances, so they cannot be ClassVar here.
    COMMANDS = {_load_action_provider}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-high"), (34, "-roomy")]  # noqa: RUF012

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self._view: View | None = None
        self._notified_up_to: int | None = None
        self._next_tick: Timer | None = None
        self._has_started = False
        self._watched_message: int | None = None
        self._feed = SnapshotFeed(settings.database, lambda view: self._post(ViewChanged(view)), settings.clock)
        self._background: BackgroundThread | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        for theme in themes.ALL:
            self.register_theme(theme)
        self.theme = settings.theme
        self.stylesheet.set_variables(self.get_css_variables())  # else the first paint has the colours of another theme
        self.animation_level = "none"

    def get_default_screen(self) -> OverviewScreen:
        """The overview, with the swarm in its first paint. Where it cannot be read, the feed says why."""
        overview = OverviewScreen(self.settings)
        with contextlib.suppress(SwarmError), self.settings.open_database() as db:
            self._view = snapshot.take(db, snapshot.NOTHING_EXTRA)
            overview.show(self._view)
        return overview

    def on_mount(self) -> None:
        self._own_loop = asyncio.get_running_loop()
        self._feed.start()
        self._schedule_tick()

    async def on_event(self, event: Event) -> None:
        await super().on_event(fit_paste(event, self.focused) if isinstance(event, Paste) else event)

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the theme. What Textual asks for while it starts waits for the first paint, which has the theme."""
        if self._has_started:
            super().refresh_css(animate)
        else:
            self._has_started = True
            self.call_after_refresh(super().refresh_css, animate)

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
        if self._background:
            self._background.stop()

    # Views.

    def on_view_changed(self, changed: ViewChanged) -> None:
        self._view = changed.view
        for screen in self.screen_stack:
            self._show_on(screen)
        self._schedule_tick()
        if isinstance(changed.view, Snapshot):
            self._notify_news(changed.view)
        self.call_after_refresh(self._painted, changed.view)

    def _painted(self, view: View) -> None:
        """Only now may an escalation count as announced: before, it was on no screen."""
        if self._background is None:
            self._start_background()
        if self.settings.read_only:
            return
        if isinstance(view, Snapshot) and (view.escalations or view.unacknowledged) and self._background:
            self._background.mark_escalations_shown()

    def _start_background(self) -> None:
        from swarm_tui.background import BackgroundThread  # talks to tmux: 60 ms more before the first paint

        self._background = BackgroundThread(self.settings, self._post, self._feed.look)
        self._background.start()

    def _show_on(self, screen: object) -> None:
        if self._view is not None and isinstance(screen, ViewReceiver):
            screen.show(self._view)

    def _notify_news(self, shown: Snapshot) -> None:
        """Toasts come from the audit trail: also for acts of others, and only once committed."""
        latest = shown.events[-1].id if shown.events else 0
        if self._notified_up_to is not None:
            for event in shown.events:
                toast = toasts.to_toast(event) if event.id > self._notified_up_to else None
                if toast:
                    self.notify(toast.text, severity=toast.severity, timeout=TOAST_S, markup=False)
        self._notified_up_to = latest

    def tick(self) -> None:
        """Draw what changes with the time, and wake when the next text does."""
        moment = self.settings.clock()
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen):
                screen.tick(moment)
        self._schedule_tick()

    def _schedule_tick(self) -> None:
        if self._next_tick:
            self._next_tick.stop()
        self._next_tick = self.set_timer(find_pause_s(self._view, self.settings.clock()), self.tick)

    # Requests.

    def on_carry_out_request(self, request: CarryOutRequest) -> None:
        work = partial(self._carry_out, request.command)
        self.run_worker(work, thread=True, group="commands", exit_on_error=False)

    def _carry_out(self, command: HumanCommand) -> None:
        try:
            with self.settings.open_database() as db:
                outcome = command.carry_out(db, self.settings.config)
        except SwarmError as error:
            outcome = error
        self._post(CommandFinished(command, outcome))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker_errors.show_error(self, event)

    def on_command_finished(self, finished: CommandFinished) -> None:
        match finished.outcome:
            case FenceRejected(build):
                self.notify(toasts.describe_refusal(build), severity="warning", timeout=15, markup=False)
            case SwarmError() as error:
                self.notify(error.message, severity="error", timeout=15, markup=False)
            case MessageSent(message):
                self._open_message(message)
            case outcome:
                if why := human_commands.find_refusal(outcome):
                    self.notify(f"Nothing was changed: {why}", severity="warning", timeout=15, markup=False)

    def _open_message(self, message: int) -> None:
        from swarm_tui.dialogs.messages import message_details  # reads screens: 50 ms more before the first paint

        self.push_screen(message_details.MessageDetailsDialog(message, self.settings))

    def on_open_panes_request(self) -> None:
        from swarm_tui.screens.panes import PanesScreen  # reads screens: 50 ms more before the first paint

        self._open(PanesScreen(self.settings))

    def on_open_work_request(self) -> None:
        from swarm_tui.screens.work import WorkScreen  # 10 ms more before the first paint

        self._feed.request(work=True)
        self._open(WorkScreen(self.settings), lambda _: self._feed.request(work=False))

    def _open(self, screen: BaseScreen, when_closed: Callable[[None], None] | None = None) -> None:
        self.push_screen(screen, when_closed)
        screen.call_later(self._show_on, screen)
        screen.call_later(screen.show_config_error, self.settings.live_config.error)

    def on_show_thread_request(self, request: ShowThreadRequest) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, OverviewScreen):
                screen.filter_log(f"thread:{request.message}")

    def on_watch_message_request(self, request: WatchMessageRequest) -> None:
        if request.watched:
            self._watched_message = request.message
        elif self._watched_message == request.message:  # else a dialog closed after the next one opened
            self._watched_message = None
        self._feed.request(message=self._watched_message)

    def on_watch_deliveries_request(self, request: WatchDeliveriesRequest) -> None:
        self._feed.request(deliveries=request.watched)

    def on_background_failed(self, failed: "BackgroundFailed") -> None:
        self.notify(f"No notices are typed now: {failed.error.message}", severity="warning", timeout=15, markup=False)

    def on_config_read(self, read: "ConfigRead") -> None:
        if read.error:
            text = f"The old configuration goes on: {read.error.message}"
            self.notify(text, severity="error", timeout=15, markup=False)
        else:
            self.notify("swarm.toml was read again and is in effect.", timeout=TOAST_S, markup=False)
        for screen in self.screen_stack:
            if isinstance(screen, BaseScreen):
                screen.show_config_error(read.error)

    def _post(self, message: Message) -> None:
        """From another thread; the app may be closing."""
        with contextlib.suppress(RuntimeError):
            self.post_message(message)
