"""Screen 1: is the build passing, since when, who repairs it, who waits, what needs the human, the messages."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.worker import get_current_worker

from swarm_agents.escalations.announcements import Announcement
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.model import Moment
from swarm_agents.roster import Agent
from swarm_agents.views import message_pages
from swarm_agents.views.message_pages import LogRow
from swarm_agents.views.snapshot import Snapshot, UngatedCommits, UnreachedAgent
from swarm_tui import actions
from swarm_tui.requests import OpenPanesRequest, OpenWorkRequest
from swarm_tui.screens.base_screen import BaseScreen
from swarm_tui.settings import Settings
from swarm_tui.widgets.agent_list import AgentList
from swarm_tui.widgets.attention_list import AttentionItem, AttentionList
from swarm_tui.widgets.build_banner import BuildBanner
from swarm_tui.widgets.line_field import LineField
from swarm_tui.widgets.message_log import MessageLog
from swarm_tui.widgets.row_list import RowList
from swarm_tui.widgets.waiter_list import WaiterList


class OverviewScreen(BaseScreen):
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings(actions.OVERVIEW)]
    AUTO_FOCUS = "MessageLog"

    @dataclass
    class PageRead(Message):
        rows: tuple[LogRow, ...]
        first: int
        last: int

    @dataclass
    class MessagesFound(Message):
        words: str
        ids: list[int]
        older: bool

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, actions.OVERVIEW)
        self._banner = BuildBanner()
        self._attention = AttentionList()
        self._people = Horizontal(id="people")
        self._agents = AgentList()
        self._waiting = WaiterList()
        self._log = MessageLog()

    def compose(self) -> ComposeResult:
        yield self._title_line
        yield self._config_line
        yield self._trouble
        with self._swarm:
            yield self._banner
            yield self._attention
            with self._people:
                yield self._agents
                yield self._waiting
            yield self._log
        yield self._keys

    def recover(self) -> None:
        self._log.forget()

    def tick_swarm(self, moment: Moment) -> None:
        self._banner.tick(moment)
        self._attention.tick(moment)
        self._agents.tick(moment)
        self._waiting.tick(moment)

    def show_swarm(self, snapshot: Snapshot) -> None:
        self._banner.show(snapshot)
        self._attention.show(snapshot)
        self._agents.show(snapshot.agents, snapshot.waiting, snapshot.moment, snapshot.host_states)
        self._waiting.show(snapshot.waiting, snapshot.moment)
        self._people.set_class(not snapshot.waiting, "-no-waiters")
        self._size_people(snapshot)
        self._log.show(snapshot)
        if self.focused is None:  # no hidden widget can have the focus
            self.call_after_refresh(self._focus_log)

    def _focus_log(self) -> None:
        if self.focused is None:
            self._log.focus()

    def _size_people(self, snapshot: Snapshot) -> None:
        """As high as the people need, but never more than a third of the screen: the log is below."""
        rows = max(1, len(snapshot.agents), len(snapshot.waiting))
        people = self._people
        height = 1 + min(rows, max(3, (self.app.size.height - 6) // 3))
        if people.styles.height is None or people.styles.height.value != height:
            people.styles.height = height

    def on_resize(self) -> None:
        if self._last_snapshot:
            self._size_people(self._last_snapshot)

    # What a human can do.

    def do_deliveries(self) -> None:
        from swarm_tui.dialogs.messages.deliveries import (
            DeliveriesDialog,  # reads screens: 50 ms more before the first paint
        )

        self.app.push_screen(DeliveriesDialog(self._settings))

    def do_message(self) -> None:
        self.message_to(self._agents.chosen)

    def do_force_release(self) -> None:
        from swarm_tui.dialogs.build.force_release import ForceReleaseDialog  # after the first paint

        self.app.push_screen(ForceReleaseDialog(self._snapshot))

    def do_assign(self) -> None:
        selected = self._chosen_agent() if self._agents.has_focus else None  # else the first in line
        from swarm_tui.dialogs.build.assign import AssignDialog  # after the first paint

        self.app.push_screen(AssignDialog(self._snapshot, selected))

    def do_escalate(self) -> None:
        from swarm_tui.dialogs.build.escalate import EscalateDialog  # after the first paint

        self.app.push_screen(EscalateDialog(self._snapshot))

    def do_resolve(self, take_over: bool = False) -> None:
        asked = self._selected_escalation()
        if asked is not None and asked.message is not None and not take_over:
            self._answer_about_message(asked)
        else:
            from swarm_tui.dialogs.build.resolve import ResolveDialog  # after the first paint

            self.app.push_screen(ResolveDialog(self._snapshot, take_over))

    def do_take_over(self) -> None:
        self.do_resolve(take_over=True)

    def do_declare(self) -> None:
        from swarm_tui.dialogs.build.declare import DeclareDialog  # after the first paint

        self.app.push_screen(DeclareDialog(self._snapshot))

    def do_next(self) -> None:
        attention = self._attention
        follow = attention.cursor + 1 if attention.has_focus else 0
        attention.focus()
        attention.move_to(follow % attention.count())

    def do_panes(self) -> None:
        self.app.post_message(OpenPanesRequest())

    def do_work(self) -> None:
        self.app.post_message(OpenWorkRequest())

    def do_incident(self) -> None:
        self.open_incident(None)

    def do_jump(self) -> None:
        self.jump_to(self._chosen_agent())

    def do_filter(self) -> None:
        found = self.query("#filter")
        if not found:
            hint = "only messages with…   also type:QUESTION from:NAME thread:12"
            box = LineField(self._log.words, placeholder=hint, id="filter", compact=True)
            self._swarm.mount(box, before=self._log)
        (found.first(LineField) if found else box).focus()

    def filter_log(self, typed: str) -> None:
        """Show only the messages that match, as if the filter had been typed."""
        for box in self.query("#filter").results(LineField):
            box.value = typed
        if not self.query("#filter"):
            self._swarm.mount(LineField(typed, id="filter", compact=True), before=self._log)
        self._log.filter(typed)
        self._log.focus()

    def do_back(self) -> None:
        log = self._log
        if self.query("#filter"):
            self.query("#filter").remove()
            log.filter("")
            log.focus()
        elif not log.has_focus:
            log.focus()
        else:
            log.action_edge(True)

    def do_quit(self) -> None:
        self.app.exit()

    def _selected_escalation(self) -> Escalation | None:
        """The one that the cursor in the attention is on, else the first: one about the build, if there is one."""
        asked = [*self._snapshot.escalations, *self._snapshot.unacknowledged]
        items = self._attention.items
        match items[self._attention.cursor] if self._attention.has_focus and items else None:
            case Escalation(id=selected) | Announcement(escalation=selected):
                return next((one for one in asked if one.id == selected), None)
        return asked[0] if asked else None

    def _answer_about_message(self, asked: Escalation) -> None:
        from swarm_tui.dialogs.messages.unacknowledged import UnacknowledgedDialog  # after the first paint

        self.app.push_screen(UnacknowledgedDialog(self._snapshot, asked))

    # Details.

    def on_build_banner_incident_wanted(self) -> None:
        self.action_act("incident")

    def on_row_list_row_chosen(self, event: RowList.RowChosen) -> None:
        match event.rows:
            case AttentionList() as attention:
                self._open(attention.items[event.index])
            case MessageLog() as log if log.chosen_id:
                self._open_message(log.chosen_id)
            case AgentList():
                self.action_act("message")

    def _open(self, item: AttentionItem) -> None:
        match item:
            case Escalation() | Announcement():
                self.action_act("resolve")
            case UngatedCommits(newest=newest) if newest.incident:
                self.open_incident(newest.incident)
            case UngatedCommits():
                self.notify("The build was green. 'swarm events' lists all of them, 'git show' what one changed.")
            case UnreachedAgent(newest=newest):
                self._open_message(newest.message)

    def _open_message(self, message: int) -> None:
        from swarm_tui.dialogs.messages.message_details import (
            MessageDetailsDialog,  # reads screens: 50 ms more before the first paint
        )

        self.app.push_screen(MessageDetailsDialog(message, self._settings))

    # What the log asks for.

    def on_message_log_page_wanted(self, wanted: MessageLog.PageWanted) -> None:
        self._in_thread(lambda: self._read(wanted), "pages")

    def on_message_log_search_wanted(self, wanted: MessageLog.SearchWanted) -> None:
        self._in_thread(lambda: self._search(wanted), "search", exclusive=wanted.older)

    def on_input_changed(self, event: LineField.Changed) -> None:
        self._log.filter(event.value.strip())

    def on_input_submitted(self) -> None:
        self._log.focus()

    def on_overview_screen_page_read(self, page: PageRead) -> None:
        self._log.add_page(page.rows, page.first, page.last)

    def on_overview_screen_messages_found(self, found: MessagesFound) -> None:
        self._log.add_matches(found.words, found.ids, found.older)

    # In other threads. They post messages and touch no widget.

    def _read(self, wanted: MessageLog.PageWanted) -> None:
        with self._settings.open_database() as db:
            rows = message_pages.read_page(db, wanted.first, wanted.last)
        self.post_message(self.PageRead(rows, wanted.first, wanted.last))

    def _search(self, wanted: MessageLog.SearchWanted) -> None:
        worker = get_current_worker()
        with self._settings.open_database() as db:
            for ids in message_pages.search(db, wanted.words, wanted.first, wanted.last):
                if worker.is_cancelled:
                    return
                if ids:
                    self.post_message(self.MessagesFound(wanted.words, ids, wanted.older))

    def _chosen_agent(self) -> Agent | None:
        agent = self._agents.chosen
        return agent if agent and agent.left_at is None else None
