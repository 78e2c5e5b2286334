"""What needs the human: unanswered escalations first, then agents that were not reached. Gone when nothing does."""

from dataclasses import dataclass

from swarm_agents.model import Escalation, Moment
from swarm_agents.text import one_line
from swarm_tui import signs, times
from swarm_tui.snapshot import Lost, Snapshot
from swarm_tui.widgets.row_list import Cell, RowList

MOST_ROWS = 3  # what is further down is one `n` away
Item = Escalation | Lost


@dataclass(frozen=True)
class _Row:
    item: Item
    at: int


class Attention(RowList):
    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._rows: list[_Row] = []
        self._now = 0

    def show(self, snapshot: Snapshot) -> None:
        self._now = snapshot.moment.wall_ms
        rows = [_Row(escalation, escalation.raised_at) for escalation in snapshot.escalations]
        rows += [_Row(lost, lost.newest.at) for lost in snapshot.lost]
        if rows != self._rows:
            self._rows = rows
            self.display = bool(rows)
            self.set_title(f"Needs you {len(rows)}")
            self.styles.height = 1 + min(MOST_ROWS, len(rows))
            self.rows_changed()

    def tick(self, moment: Moment) -> None:
        self._now = moment.wall_ms
        self.time_went_on()

    @property
    def items(self) -> list[Item]:
        return [row.item for row in self._rows]

    def count(self) -> int:
        return len(self._rows)

    def cells(self, index: int, width: int) -> list[Cell]:
        row = self._rows[index]
        age = times.age(max(0, self._now - row.at))
        match row.item:
            case Escalation() as asked:
                return [
                    (f" {signs.Sign('‼', 'escalation', 'ask')} {asked.id}  ", "ask"),
                    (f"{age:>4}  ", "dim"),
                    (one_line(asked.reason, 200), "plain"),
                ]
            case Lost(agent, count, newest):
                sign = signs.DELIVERY[newest.state]
                which = "a notice" if count == 1 else f"{count} notices"
                return [
                    (f" {sign.symbol} not reached ", sign.tone),
                    (f"{age:>4}  ", "dim"),
                    (f"{one_line(agent, 30)}: {which} {sign.word}", "plain"),
                    (f" ({one_line(newest.reason, 40)})" if newest.reason else "", "dim"),
                ]
