"""The deliveries of the last messages: a row for each agent, a column for each message, live."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from swarm_agents.model import Delivery
from swarm_agents.text import one_line
from swarm_tui import symbols, times
from swarm_tui.widgets.row_list import Cell, RowList

_NAME, _PANE, _CELL = 12, 5, 17  # characters


class DeliveryMatrix(RowList):
    """Newest message first. The cursor is on one delivery: a row by `RowList`, a column by left and right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "column(-1)", show=False),
        Binding("l,right", "column(1)", show=False),
    ]
    empty = "no message has gone to anybody yet"

    class DeliverySelected(Message):
        """The cursor is on another delivery, or what it is on has changed."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[str, int], Delivery] = {}
        self._agents: list[tuple[str, str]] = []
        self._messages: list[int] = []
        self._message: int | None = None
        self._now = 0

    @property
    def message(self) -> int | None:
        """That of the chosen column; it stays chosen when newer ones come."""
        return self._message

    @property
    def chosen(self) -> Delivery | None:
        if self._message is None or not self._agents:
            return None
        return self._found.get((self._agents[self.cursor][0], self._message))

    def of_column(self) -> list[Delivery]:
        return [one for one in self._found.values() if one.message == self._message]

    def show(self, deliveries: Sequence[Delivery], now: int) -> None:
        self._now = now
        self._found = {(one.agent, one.message): one for one in deliveries}
        self._messages = sorted({one.message for one in deliveries}, reverse=True)
        panes = {one.agent: one.pane or "-" for one in reversed(deliveries)}
        self._agents = sorted(panes.items())
        if self._message not in self._messages:
            self._message = self._messages[0] if self._messages else None
        self.update_rows()
        self.post_message(self.DeliverySelected())

    def heading(self) -> list[Cell]:
        """The numbers of the messages in sight."""
        cells: list[Cell] = [(" " * (_NAME + _PANE + 2), "plain")]
        for message in self._in_sight(self._row_width):
            chosen = message == self._message
            cells.append((f"{'▸' if chosen else ' '}#{message}".ljust(_CELL), "key" if chosen else "dim"))
        return cells

    def count(self) -> int:
        return len(self._agents)

    def cells(self, index: int, width: int) -> list[Cell]:
        agent, pane = self._agents[index]
        cells: list[Cell] = [(f"{one_line(agent, _NAME):<{_NAME}} {pane:<{_PANE}} ", "plain")]
        for message in self._in_sight(width):
            mark = "▸" if message == self._message and index == self.cursor else " "
            one = self._found.get((agent, message))
            sign = symbols.DELIVERY[one.state] if one else None
            age = times.age(max(0, self._now - one.at)) if one else ""
            cells.append((f"{mark}{sign or ''!s:<11} {age:>3} ".ljust(_CELL), sign.tone if sign else "dim"))
        return cells

    def cursor_moved(self) -> None:
        self.post_message(self.DeliverySelected())

    def action_column(self, by: int) -> None:
        if self._message is not None:
            at = self._messages.index(self._message) + by
            self._message = self._messages[max(0, min(at, len(self._messages) - 1))]
            self.update_rows()
            self.post_message(self.DeliverySelected())

    def _in_sight(self, width: int) -> list[int]:
        fit = max(1, (width - _NAME - _PANE - 2) // _CELL)
        at = self._messages.index(self._message) if self._message in self._messages else 0
        first = max(0, at - fit + 1)
        return self._messages[first : first + fit]
