"""What needs the human: escalations first, then failed announcements, deliveries and commits round the gate.

Not shown when nothing does.
"""

from typing import NamedTuple

from swarm_agents.escalations.announcements import Announcement
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.events import Event
from swarm_agents.model import Moment
from swarm_agents.text import one_line
from swarm_agents.views.snapshot import Snapshot, UngatedCommits, UnreachedAgent
from swarm_tui import symbols, times
from swarm_tui.symbols import Sign
from swarm_tui.widgets.row_list import Cell, RowList

MOST_ROWS = 3  # `n` reaches those further down
AttentionItem = Escalation | Announcement | UngatedCommits | UnreachedAgent


class _AttentionRow(NamedTuple):
    item: AttentionItem
    at: int


class AttentionList(RowList):
    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._rows: list[_AttentionRow] = []
        self._now = 0

    def show(self, snapshot: Snapshot) -> None:
        self._now = snapshot.moment.wall_ms
        rows = [_AttentionRow(escalation, escalation.raised_at) for escalation in snapshot.escalations]
        rows += [_AttentionRow(unannounced, unannounced.at) for unannounced in snapshot.unannounced]
        rows += [_AttentionRow(escalation, escalation.raised_at) for escalation in snapshot.unacknowledged]
        rows += [_AttentionRow(snapshot.ungated, snapshot.ungated.newest.at)] if snapshot.ungated else []
        rows += [_AttentionRow(lost, lost.newest.at) for lost in snapshot.unreached]
        if rows != self._rows:
            self._rows = rows
            self.display = bool(rows)
            self.set_title(f"Needs you {len(rows)}")
            self.styles.height = 1 + min(MOST_ROWS, len(rows))
            self.update_rows()

    def tick(self, moment: Moment) -> None:
        self._now = moment.wall_ms
        self.refresh_times()

    @property
    def items(self) -> list[AttentionItem]:
        return [row.item for row in self._rows]

    def count(self) -> int:
        return len(self._rows)

    def cells(self, index: int, width: int) -> list[Cell]:
        row = self._rows[index]
        sign, text, why = _describe(row.item)
        return [
            (f" {sign.symbol} {sign.word:<16} ", sign.tone),
            (f"{times.age(max(0, self._now - row.at)):>4}  ", "dim"),
            (text, "plain"),
            (f" ({why})" if why else "", "dim"),
        ]


def _describe(item: AttentionItem) -> tuple[Sign, str, str]:
    """Its sign, its text, and the reason."""
    match item:
        case Escalation(message=int()) as asked:
            return Sign("?", "not acknowledged", "ask"), one_line(asked.reason, 200), ""
        case Escalation() as asked:
            return Sign("‼", f"escalation {asked.id}", "ask"), one_line(asked.reason, 200), ""
        case Announcement() as unannounced:
            ends = "given up" if unannounced.state == "retired" else "tried again"
            text = f"escalation {unannounced.escalation} was not told by {unannounced.channel}, {ends}"
            return Sign("✗", "not told", "bad"), text, one_line(unannounced.reason, 120)
        case UngatedCommits(count, newest):
            text = f"{one_line(newest.actor, 30)}: {one_line(newest.detail, 60)} {_how(newest)}"
            return Sign("↷", "went round", "busy"), text, f"and {count - 1} more" if count > 1 else ""
        case UnreachedAgent(agent, count, newest):
            state = symbols.DELIVERY[newest.state]
            which = "a notice" if count == 1 else f"{count} notices"
            reason = one_line(newest.reason, 40) if newest.reason else ""
            return (
                Sign(state.symbol, "not reached", state.tone),
                f"{one_line(agent, 30)}: {which} {state.word}",
                reason,
            )


def _how(passed_by: Event) -> str:
    """How a commit went round the gate. It belongs to an incident when the build was red."""
    if passed_by.kind == "bypassed":
        return "let by on request"
    return "landed while the build was red" if passed_by.incident else "landed without the hook"
