"""Shown in place of the swarm while its database cannot be read: why, what to do, and what was seen last."""

from textual.content import Content
from textual.widgets import Static

from swarm_agents.model import Moment
from swarm_agents.text import printable
from swarm_agents.views.snapshot import Snapshot, SnapshotFailure
from swarm_tui import symbols, times
from swarm_tui.themes import STYLE, block


class FailurePanel(Static):
    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._view: SnapshotFailure | None = None
        self._last: Snapshot | None = None
        self._since = 0

    def show(self, view: SnapshotFailure, last: Snapshot | None) -> None:
        if self._view is None:
            self._since = view.at
        self._view, self._last = view, last
        self._draw(view.at)

    def over(self) -> None:
        self._view = None

    def tick(self, moment: Moment) -> None:
        self._draw(moment.wall_ms)

    def _draw(self, now: int) -> None:
        if self._view is None:
            return
        error = self._view.error
        parts: list[Content | str | tuple[str, str]] = [
            (f" {symbols.UNKNOWN} ", block("ask")),
            ("  Could not read the swarm's database.\n\n", "bold"),
            printable(error.message),
            "\n",
        ]
        if error.next:
            parts += ["\nRun: ", (printable(error.next), STYLE["key"]), "\n"]
        parts += [
            (f"\nUnknown for {times.lasting(max(0, now - self._since))}. ", STYLE["ask"]),
            ("This is no statement about the build: agents may be at work.\n", ""),
            (_seen(self._last, now), STYLE["dim"]),
            ("\nIt is tried again twice a second; this screen comes back by itself.", STYLE["dim"]),
        ]
        self.update(Content.assemble(*parts))


def _seen(last: Snapshot | None, now: int) -> str:
    if last is None:
        return "Nothing was seen since this screen was started."
    fixer = f", {last.build.fixer} repairing it" if last.build.fixer else ""
    ago = times.lasting(max(0, now - last.moment.wall_ms))
    return f"Seen last, {ago} ago: {symbols.BUILD[last.build.status].word}{fixer}, {len(last.waiting)} waiting."
