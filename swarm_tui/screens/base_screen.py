"""What every screen of the dashboard has: a title, the keys that make sense now, trouble in place of what it shows.

A screen is a function of one view. Its methods `do_<action>` are the actions of the registry.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable

from textual.containers import Vertical
from textual.screen import Screen
from textual.worker import Worker

from swarm_agents.errors import BadConfig
from swarm_agents.model import Moment, PaneAddress
from swarm_agents.roster import Agent
from swarm_agents.views.snapshot import Snapshot, SnapshotFailure, View
from swarm_tui import worker_errors
from swarm_tui.actions import Action
from swarm_tui.settings import Settings
from swarm_tui.widgets.config_line import ConfigLine
from swarm_tui.widgets.failure_panel import FailurePanel
from swarm_tui.widgets.key_bar import KeyBar
from swarm_tui.widgets.title_line import TitleLine


class BaseScreen(Screen[None]):
    """Subclasses define `show_swarm` and `tick_swarm`, and put the widgets that show the swarm into `_swarm`."""

    def __init__(self, settings: Settings, registry: tuple[Action, ...]) -> None:
        super().__init__(classes="-reading")
        self.registry = registry
        self._settings = settings
        self._view: View | None = None
        self._last_snapshot: Snapshot | None = None
        self._can_show = False
        # Kept as attributes: while the app closes, the clock still ticks, and a query would find no widgets.
        self._title_line = TitleLine(settings)
        self._config_line = ConfigLine()
        self._trouble = FailurePanel()
        self._swarm = Vertical(id="swarm")
        self._keys = KeyBar(registry, settings.read_only)

    # A subclass defines:

    def show_swarm(self, snapshot: Snapshot) -> None:
        raise NotImplementedError

    def tick_swarm(self, moment: Moment) -> None:
        raise NotImplementedError

    def recover(self) -> None:
        """The database can be read again; perhaps it is another one."""

    # The rest is the same for all.

    def on_mount(self) -> None:
        self._can_show = True
        if self._view is not None:
            self.show(self._view)

    def show(self, view: View) -> None:
        if isinstance(self._view, SnapshotFailure) and isinstance(view, Snapshot):
            self.recover()
        self._view = view
        self.remove_class("-reading", update=self._can_show)
        self.set_class(isinstance(view, SnapshotFailure), "-trouble", update=self._can_show)
        if not self._can_show:
            return  # no widget is mounted yet: on_mount shows it, and no class is left to change then
        self._keys.show(view)
        match view:
            case SnapshotFailure():
                self._trouble.show(view, self._last_snapshot)
            case Snapshot():
                self._last_snapshot = view
                self._trouble.over()
                self._title_line.tick(view.moment)
                self.show_swarm(view)

    def show_config_error(self, error: BadConfig | None) -> None:
        """A line that stays while swarm.toml is wrong."""
        self._config_line.show(error)

    def tick(self, moment: Moment) -> None:
        """The screen's one clock: ages and countdowns."""
        if not self._can_show:
            return
        self._title_line.tick(moment)
        if isinstance(self._view, SnapshotFailure):
            self._trouble.tick(moment)
        else:
            self.tick_swarm(moment)

    def action_act(self, name: str) -> None:
        action = next(one for one in self.registry if one.name == name)
        refusal = action.refusal(self._view, self._settings.read_only)
        if refusal:
            self.notify(refusal, severity="warning", markup=False)
        else:
            getattr(self, f"do_{name}")()

    def on_key_bar_key_clicked(self, event: KeyBar.KeyClicked) -> None:
        self.action_act(event.action.name)

    def do_broadcast(self) -> None:
        from swarm_tui.dialogs.messages.broadcast import (
            BroadcastDialog,  # reads screens: 50 ms more before the first paint
        )

        self.app.push_screen(BroadcastDialog(self._snapshot, self._settings))

    def jump_to(self, agent: Agent | None) -> None:
        """Show the agent's pane in the human's terminal."""
        if agent is None or agent.pane is None:
            name = agent.name if agent else "The selected agent"
            self.notify(f"{name} has no tmux pane that is known here.", severity="warning", markup=False)
        else:
            pane = agent.pane
            self._in_thread(lambda: _jump(pane), "jump")

    def message_to(self, agent: Agent | None) -> None:
        from swarm_tui.dialogs.messages.message_agent import (
            MessageAgentDialog,  # reads screens: 50 ms more before the first paint
        )

        if agent is None or agent.left_at is not None:
            self.notify("Select an agent that is here: tab to the agents, then m.", severity="warning")
        else:
            self.app.push_screen(MessageAgentDialog(self._snapshot, self._settings, agent))

    def open_incident(self, number: int | None) -> None:
        """Without a number the open incident, else the last one."""
        from swarm_tui.dialogs.build.incident_details import IncidentDetailsDialog  # 5 ms more before the first paint

        self.app.push_screen(IncidentDetailsDialog(self._settings, number))

    def do_palette(self) -> None:
        self.app.action_command_palette()

    def do_help(self) -> None:
        from swarm_tui.dialogs.help import HelpDialog  # after the first paint

        self.app.push_screen(HelpDialog())

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        worker_errors.show_error(self.app, event)

    def _in_thread(self, work: Callable[[], None], group: str, exclusive: bool = False) -> None:
        self.run_worker(_run_in_daemon(work), group=group, exclusive=exclusive, exit_on_error=False)

    @property
    def _snapshot(self) -> Snapshot:
        assert isinstance(self._view, Snapshot), "an action that needs the swarm's state is refused without it"
        return self._view


async def _run_in_daemon(work: Callable[[], None]) -> None:
    """In a thread that does not keep the program from ending: a stopped tmux server would hold it up for seconds."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    context = contextvars.copy_context()

    def tell(error: BaseException | None) -> None:
        if ended.cancelled():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            context.run(work)
        except BaseException as raised:  # noqa: BLE001 - passed on to the worker, whose screen shows it
            error = raised
        with contextlib.suppress(RuntimeError):  # the program is closing
            loop.call_soon_threadsafe(tell, error)

    threading.Thread(target=run, daemon=True).start()
    await ended


def _jump(pane: PaneAddress) -> None:
    from swarm_agents.panes import human  # loads libtmux: 90 ms more before the first paint

    human.jump_to(pane)
