"""The things that a dialog lets one choose from; the row with the mark is chosen, whatever has the focus."""

from swarm_tui.widgets.row_list import Cell, RowList


class ChoiceList(RowList):
    def __init__(self, title: str, rows: list[list[Cell]], chosen: int = 0, markable: bool = True) -> None:
        super().__init__()
        self._lines = rows
        self._markable = markable
        self.cursor = chosen
        self.border_title = title

    def on_mount(self) -> None:
        self.update_rows()
        self._scroll_to_cursor()

    def show(self, rows: list[list[Cell]]) -> None:
        self._lines = rows
        self.update_rows()

    def count(self) -> int:
        return len(self._lines)

    def cells(self, index: int, width: int) -> list[Cell]:
        mark: list[Cell] = [("▸ " if index == self.cursor else "  ", "key")] if self._markable else []
        return [*mark, *self._lines[index]]

    def is_cursor_visible(self) -> bool:
        return self._markable
