"""Screen 2: what each agent's pane shows, read once a second while the screen is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from swarm_agents.courier import previews
from swarm_agents.courier.previews import Preview
from swarm_agents.errors import SwarmError, Unavailable
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import Moment
from swarm_agents.roster import Agent
from swarm_agents.views.snapshot import Snapshot
from swarm_tui import actions
from swarm_tui.screens.base_screen import BaseScreen
from swarm_tui.settings import Settings
from swarm_tui.widgets.build_banner import BuildBanner
from swarm_tui.widgets.pane_list import PaneList
from swarm_tui.widgets.pane_preview import PanePreview

READ_EVERY_S = 1.0


class PanesScreen(BaseScreen):
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.PANES)]
    AUTO_FOCUS = "PaneList"

    @dataclass
    class PreviewsTaken(Message):
        seen: Mapping[str, Preview]

    @dataclass
    class PreviewsFailed(Message):
        why: SwarmError

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, actions.PANES)
        self._banner = BuildBanner()
        self._list = PaneList()
        self._pane = PanePreview()
        self._agents: tuple[Agent, ...] = ()
        self._seen: Mapping[str, Preview] = {}
        self._is_reading = False
        self._complained = ""

    def compose(self) -> ComposeResult:
        yield self._title_line
        yield self._config_line
        yield self._trouble
        with self._swarm:
            yield self._banner
            yield self._list
            yield self._pane
        yield self._keys

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(READ_EVERY_S, self._start_reading)

    def show_swarm(self, snapshot: Snapshot) -> None:
        self._banner.show(snapshot)
        first = not self._agents
        self._agents = tuple(listed.agent for listed in snapshot.agents if listed.state != "left")
        self._show_panes()
        if first:
            self._start_reading()
        if self.focused is None:
            self.call_after_refresh(self._list.focus)

    def tick_swarm(self, moment: Moment) -> None:
        self._banner.tick(moment)

    def _show_panes(self) -> None:
        self._list.show(self._agents, self._seen)
        self._show_chosen()

    def _show_chosen(self) -> None:
        agent = self._list.chosen
        self._pane.show(agent, self._seen.get(agent.name) if agent else None)

    # Reading the panes: in a thread, because a stopped tmux server takes seconds. A read that would overlap is dropped.

    def _start_reading(self) -> None:
        if self._agents and not self._is_reading:
            self._is_reading = True
            agents = self._agents
            self._in_thread(lambda: self._read_panes(agents), "panes")

    def _read_panes(self, agents: tuple[Agent, ...]) -> None:
        try:
            seen = previews.take(agents, screen_profiles.load_profiles(self._settings.config.profiles))
        except Unavailable as error:
            self.post_message(self.PreviewsFailed(error))
        else:
            self.post_message(self.PreviewsTaken(seen))

    def on_panes_screen_previews_taken(self, event: PreviewsTaken) -> None:
        self._is_reading = False
        self._complained = ""
        self._seen = event.seen
        self._show_panes()

    def on_panes_screen_previews_failed(self, event: PreviewsFailed) -> None:
        self._is_reading = False
        self._seen = {}
        self._show_panes()
        if event.why.message != self._complained:
            self._complained = event.why.message
            self.notify(event.why.message, severity="error", markup=False)

    # What a human can do.

    def on_pane_list_pane_selected(self) -> None:
        self._show_chosen()

    def on_row_list_row_chosen(self) -> None:
        self.action_act("jump")

    def on_build_banner_incident_wanted(self) -> None:
        self.open_incident(None)

    def do_jump(self) -> None:
        self.jump_to(self._list.chosen)

    def do_message(self) -> None:
        self.message_to(self._list.chosen)

    def do_back(self) -> None:
        self.dismiss()
