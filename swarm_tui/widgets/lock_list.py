"""Every lock by its path: who has it, why, and for how long still."""

from swarm_agents.locks.locks import Lock
from swarm_agents.model import Moment
from swarm_agents.text import one_line
from swarm_tui import times
from swarm_tui.widgets.row_list import Cell, RowList


class LockList(RowList):
    empty = "no lock yet: swarm lock acquire PATH"

    def __init__(self) -> None:
        super().__init__()
        self._locks: tuple[Lock, ...] = ()
        self._now = 0
        self.border_title = "Locks"

    def show(self, locks: tuple[Lock, ...], moment: Moment) -> None:
        self._now = moment.wall_ms
        if locks == self._locks:
            self.refresh_times()
            return
        chosen = self.chosen
        self._locks = locks
        paths = [lock.path for lock in locks]
        if chosen and chosen.path in paths:
            self.cursor = paths.index(chosen.path)
        self.set_title(f"Locks {len(locks)}" if locks else "Locks")
        self.update_rows()

    def tick(self, moment: Moment) -> None:
        self._now = moment.wall_ms
        self.refresh_times()

    @property
    def chosen(self) -> Lock | None:
        """The lock under the cursor."""
        return self._locks[self.cursor] if self.cursor < len(self._locks) else None

    def is_cursor_visible(self) -> bool:
        return True  # keys act on it, wherever the focus is

    def count(self) -> int:
        return len(self._locks)

    def cells(self, index: int, width: int) -> list[Cell]:
        lock = self._locks[index]
        left = lock.expires_at - self._now
        path_width = max(16, min(48, width - 40))
        return [
            ("■ ", "busy"),
            (f"{one_line(lock.path, path_width):<{path_width}} ", "strong"),
            (f"{one_line(lock.holder, 14):<14} ", "plain"),
            (f"{times.left(left):>6} left  " if left > 0 else "    ran out  ", "dim"),
            (one_line(lock.reason, 100), "dim"),
        ]
