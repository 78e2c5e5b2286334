"""The deliveries of one message: a row for each pane, live. Only `read` means that it arrived."""

from swarm_agents.model import Delivery, DeliveryState
from swarm_agents.text import one_line
from swarm_tui import symbols, times
from swarm_tui.widgets.row_list import Cell, RowList

MEANS = {
    DeliveryState.QUEUED: "waits for the courier",
    DeliveryState.TYPED: "in the pane, not yet submitted",
    DeliveryState.SUBMITTED: "the agent has not read it yet",
    DeliveryState.READ: "the agent took it from its inbox",
    DeliveryState.SKIPPED: "nothing was typed; it is in the inbox",
    DeliveryState.FAILED: "the pane cannot be reached; it is in the inbox",
    DeliveryState.UNKNOWN: "it is not known whether it was typed",
}


class DeliveryList(RowList):
    empty = "no notice goes into a pane"

    def __init__(self) -> None:
        super().__init__()
        self._deliveries: tuple[Delivery, ...] = ()
        self._now = 0
        self.border_title = "What became of it"

    def show(self, deliveries: tuple[Delivery, ...], now: int) -> None:
        read = sum(one.state is DeliveryState.READ for one in deliveries)
        self.set_title(f"What became of it: {read} of {len(deliveries)} read")
        self._now = now
        if deliveries != self._deliveries:
            self._deliveries = deliveries
            self.update_rows()

    def count(self) -> int:
        return len(self._deliveries)

    def cells(self, index: int, width: int) -> list[Cell]:
        one = self._deliveries[index]
        sign = symbols.DELIVERY[one.state]
        why = f"{one.reason}: " if one.reason else ""
        means = one.detail or MEANS[one.state]
        return [
            (f"{one_line(one.agent, 16):<16} ", "plain"),
            (f"{one.pane or '-':<5} ", "dim"),
            (f"{sign!s:<11} ", sign.tone),
            (f"{times.age(max(0, self._now - one.at)):>4}  ", "dim"),
            (one_line(why + means, 200), "dim"),
        ]
