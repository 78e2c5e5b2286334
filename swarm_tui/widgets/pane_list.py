"""Each agent's pane in a row: how it is, what runs there, and the last line that it shows."""

from collections.abc import Mapping

from textual.message import Message

from swarm_agents.courier.previews import NO_TMUX, Preview
from swarm_agents.roster import Agent
from swarm_agents.text import one_line
from swarm_tui import symbols
from swarm_tui.widgets.row_list import Cell, RowList

_WITH_PROGRAM = 90  # cells
_NOT_SEEN = Preview("not seen yet")


class PaneList(RowList):
    class PaneSelected(Message):
        """The cursor is on another agent."""

    empty = "no agent has joined: swarm agent join NAME"

    def __init__(self) -> None:
        super().__init__()
        self._agents: tuple[Agent, ...] = ()
        self._seen: Mapping[str, Preview] = {}
        self.border_title = "Panes"

    def show(self, agents: tuple[Agent, ...], seen: Mapping[str, Preview]) -> None:
        """What was last seen of these agents' panes. An agent that is not in `seen` was not read yet."""
        if (agents, seen) == (self._agents, self._seen):
            return
        chosen = self.chosen
        self._agents, self._seen = agents, seen
        names = [agent.name for agent in agents]
        if chosen and chosen.name in names:
            self.cursor = names.index(chosen.name)
        self.set_title(self._title())
        self.update_rows()

    @property
    def chosen(self) -> Agent | None:
        """The agent under the cursor."""
        return self._agents[self.cursor] if self.cursor < len(self._agents) else None

    def cursor_moved(self) -> None:
        self.post_message(self.PaneSelected())

    def is_cursor_visible(self) -> bool:
        return True  # its pane is shown, wherever the focus is

    def count(self) -> int:
        return len(self._agents)

    def cells(self, index: int, width: int) -> list[Cell]:
        agent = self._agents[index]
        at = self._seen.get(agent.name, _NOT_SEEN)
        sign = symbols.pane(at.state)
        last = at.last_lines(1)
        name_width = 20 if width >= _WITH_PROGRAM else 14
        return [
            (f"{sign.symbol} ", sign.tone),
            (f"{one_line(agent.name, name_width):<{name_width}} ", "strong"),
            (f"{sign.word:<15} ", sign.tone),
            (f"{agent.pane.pane_id if agent.pane else '':<5} ", "dim"),
            (f"{one_line(at.program, 14):<14} " if width >= _WITH_PROGRAM else "", "dim"),
            (one_line(last[0], 200) if last else "", "dim" if sign.tone == "dim" else "plain"),
        ]

    def _title(self) -> str:
        if not self._agents:
            return "Panes"
        states = [self._seen[agent.name].state for agent in self._agents if agent.name in self._seen]
        asks, lost = states.count("dialog"), sum(symbols.pane(state).tone == "bad" for state in states)
        in_panes = len(self._agents) - states.count(NO_TMUX)
        counts = [f"{in_panes}"] + [f"{asks} ask{'s' * (asks == 1)} you"] * bool(asks) + [f"{lost} gone"] * bool(lost)
        return f"Panes {', '.join(counts)}"
