"""The line of agents that wait for green, first in line first, each with the time it has left."""

from swarm_agents.build.waiters import Waiter
from swarm_agents.model import Moment
from swarm_agents.text import one_line
from swarm_tui import times
from swarm_tui.widgets.row_list import Cell, RowList

_WITH_TICKET = 40  # cells; below, the place in line says enough


class WaiterList(RowList):
    empty = "no agent waits"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._waiting: tuple[Waiter, ...] = ()
        self._now = 0
        self.border_title = "Waiting"

    def show(self, waiting: tuple[Waiter, ...], moment: Moment) -> None:
        self._now = moment.wall_ms
        if waiting == self._waiting:
            self.refresh_times()
            return
        self._waiting = waiting
        self.set_title(f"Waiting {len(waiting)}" if waiting else "Waiting")
        self.update_rows()

    def tick(self, moment: Moment) -> None:
        self._now = moment.wall_ms
        self.refresh_times()

    def count(self) -> int:
        return len(self._waiting)

    def cells(self, index: int, width: int) -> list[Cell]:
        waiter = self._waiting[index]
        left = waiter.deadline - self._now
        name_width = max(6, min(20, width - 22))
        return [
            (f"{index + 1:>2}. ", "dim"),
            (f"{one_line(waiter.agent, name_width):<{name_width}} ", "plain"),
            (f"{times.left(left):>6} left" if left > 0 else " asks again", "plain" if left > 0 else "dim"),
            (f"  ticket {waiter.ticket}" if width >= _WITH_TICKET else "", "dim"),
        ]
