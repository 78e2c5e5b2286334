"""All messages, live: a million of them cost what a screenful does.

A line is addressed by its message's id, so there is nothing to count and nothing to skip. Lines that were not read yet
are requested by `PageWanted` and arrive through `add_page`. While it follows, the newest message is visible.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass

from textual.message import Message

from swarm_agents.model import HUMAN, SWARM
from swarm_agents.text import one_line
from swarm_agents.views.message_pages import LogRow
from swarm_agents.views.snapshot import Snapshot
from swarm_tui import times
from swarm_tui.widgets.row_list import Cell, RowList

PAGE = 128  # ids that one read brings: more than a screen, less than a millisecond
_KEPT_ROWS = 4_096  # some 2 MB; what is further away is read again
_TYPE_TONES = {"BLOCKED": "bad", "CHALLENGE": "bad", "QUESTION": "ask", "REVIEW-REQUEST": "ask", "COMPLETED": "good"}


class MessageLog(RowList):
    empty = "no message yet"

    @dataclass
    class PageWanted(Message):
        """Please read these ids, both included, and pass them to `add_page`."""

        first: int
        last: int

    @dataclass
    class SearchWanted(Message):
        """Please search these ids, both included, and pass those that match to `add_matches`."""

        words: str
        first: int
        last: int
        older: bool

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._rows: dict[int, LogRow] = {}
        self._asked: set[int] = set()
        self._first = 0
        self._last = 0
        self._found: array[int] | None = None  # ids that match the filter, oldest first
        self._seen_up_to = 0
        self.following = True
        self.words = ""
        self.border_title = "Messages"

    def show(self, snapshot: Snapshot) -> None:
        """Add the newest messages; while the log follows, scroll to them."""
        self._rows.update((row.id, row) for row in snapshot.tail)
        self._drop_far_rows()
        if (snapshot.first_message, snapshot.last_message) == (self._first, self._last):
            return
        id_at_cursor, news = self._id_at_cursor, self._last + 1
        self._first, self._last = snapshot.first_message, snapshot.last_message
        if self._found is None:
            self._restore_cursor(id_at_cursor)
        else:
            self.post_message(self.SearchWanted(self.words, news, self._last, older=False))
            self._update_title()

    def add_page(self, rows: tuple[LogRow, ...], first: int, last: int) -> None:
        """The answer to `PageWanted`. An id without a row was removed."""
        self._asked.discard(first // PAGE)
        self._rows.update((row.id, row) for row in rows)
        missing = set(range(first, last + 1)) - {row.id for row in rows}
        self._rows.update((id_, LogRow(id_, 0, "", "", "", "(this message was removed)")) for id_ in missing)
        self._drop_far_rows()
        self.refresh()

    # Filter.

    def filter(self, words: str) -> None:
        """Show only messages that match, as `add_matches` brings them; without words, all again."""
        if words == self.words:
            return
        id_at_cursor = self._id_at_cursor
        self.words = words
        self._found = array("q") if words else None
        self.empty = "no message has these words" if words else MessageLog.empty
        self._restore_cursor(id_at_cursor)
        if words and self._last:
            self.post_message(self.SearchWanted(words, self._first, self._last, older=True))

    def add_matches(self, words: str, ids: list[int], older: bool) -> None:
        """More ids that match, older or newer than those so far. Ignored when the filter changed meanwhile."""
        if self._found is None or words != self.words:
            return
        id_at_cursor, more = self._id_at_cursor, array("q", ids)
        self._found = more + self._found if older else self._found + more
        self._restore_cursor(id_at_cursor)

    # Following.

    def action_edge(self, last: bool) -> None:
        self.following = last
        super().action_edge(last)

    def cursor_moved(self) -> None:
        self.following = self.cursor >= self.count() - 1
        self._update_title()

    def on_mouse_scroll_up(self) -> None:
        self.following = False
        self._update_title()

    # Rows.

    @property
    def chosen_id(self) -> int | None:
        return self._id_at(self.cursor) if self.cursor < self.count() else None

    def count(self) -> int:
        if self._found is not None:
            return len(self._found)
        return self._last - self._first + 1 if self._last else 0

    def cells(self, index: int, width: int) -> list[Cell]:
        id_ = self._id_at(index)
        row = self._rows.get(id_)
        if row is None:
            self._want(id_)
            return [(f" {id_}  …", "dim")]
        return _cells(row, width)

    @property
    def _id_at_cursor(self) -> int:
        return self.chosen_id or 0

    def _id_at(self, index: int) -> int:
        return self._found[index] if self._found is not None else self._first + index

    def _restore_cursor(self, id_at_cursor: int) -> None:
        """After the rows changed: stay on the message that had the cursor, or at the end while following."""
        if self.following:
            self.cursor = max(0, self.count() - 1)
        elif self._found is None:
            self.cursor = max(0, id_at_cursor - self._first)
        else:
            self.cursor = bisect_left(self._found, id_at_cursor)
        self.update_rows()
        if self.following:
            self.scroll_to(y=max(0, self.count() - 1), animate=False, force=True, immediate=True)
        self._update_title()

    def _update_title(self) -> None:
        if self.following:
            self._seen_up_to = self._last
        unseen = self._last - self._seen_up_to
        state = "follows" if self.following else f"paused{f', {unseen} new' if unseen else ''} (G follows)"
        self.set_title(f"Messages {self.count():,}" if self.count() else "Messages")
        if self.border_subtitle != state:
            self.border_subtitle = state

    def _want(self, id_: int) -> None:
        page = id_ // PAGE
        if page not in self._asked:
            self._asked.add(page)
            self.post_message(self.PageWanted(max(self._first, page * PAGE), min(self._last, page * PAGE + PAGE - 1)))

    def _drop_far_rows(self) -> None:
        if len(self._rows) > _KEPT_ROWS and self.count():
            here = self._id_at(min(self.scroll_offset.y, self.count() - 1))
            near = sorted(self._rows, key=lambda id_: abs(id_ - here))[: _KEPT_ROWS // 2]
            self._rows = {id_: self._rows[id_] for id_ in near}

    def forget(self) -> None:
        """Drop every row: the next ones may come from another database."""
        self._rows.clear()
        self._asked.clear()
        self._first = self._last = self._seen_up_to = 0
        self._found = array("q") if self.words else None


def _cells(row: LogRow, width: int) -> list[Cell]:
    if not row.at:
        return [(f" {row.id}  {row.body}", "dim")]
    wide = width >= 100
    who = f"{one_line(row.sender, 18)} → {one_line(row.recipient, 18)}"
    who_width = 28 if wide else 20
    tone = "dim" if row.sender == SWARM else "key" if row.sender == HUMAN else "strong"
    kind = one_line(row.type, 14)
    return [
        (f" {times.of_day(row.at) if wide else times.of_day_short(row.at)}  ", "dim"),
        (f"{who[:who_width]:<{who_width}} ", tone),
        (
            f"{kind:<9} " if kind not in ("INFO", "STATUS") else (" " * 10 if wide else ""),
            _TYPE_TONES.get(row.type, "dim"),
        ),
        (one_line(row.body, max(10, width)), "dim" if row.sender == SWARM else "plain"),
    ]
