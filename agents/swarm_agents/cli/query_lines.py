"""Formats the rows of a query: as a table for people, and as CSV or JSON, which carry the data as it is."""

from __future__ import annotations

import base64
import csv
import io
import math

from swarm_agents.db.query import Cell, QueryResult
from swarm_agents.text import printable
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

CELL_LIMIT = 100  # characters of a cell in a table

_LINE_PICTURES = str.maketrans({"\n": "␊", "\t": "␉"})


def format_table(result: QueryResult, headers: bool) -> list[str]:
    """Aligned columns, a line for each row. What a terminal would obey is made visible, and long cells are cut."""
    from tabulate import tabulate  # 30 ms, which only a table costs

    rows = [[_format_cell(cell) for cell in row] for row in result.rows]
    heads = [_format_cell(name) for name in result.columns] if headers else []
    style = "simple" if headers else "plain"
    return tabulate(rows, heads, style, disable_numparse=True, preserve_whitespace=True).splitlines()


def format_csv(result: QueryResult, headers: bool) -> list[str]:
    """CSV with texts as they are, an empty field for null, and blobs as SQL writes them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(([result.columns] if headers else []) + [tuple(map(_format_field, row)) for row in result.rows])
    return [text.getvalue().removesuffix("\n")] if text.getvalue() else []


def make_query_data(result: QueryResult) -> dict[str, Any]:
    """Rows as objects; of two columns with one name the second is called `NAME_2`."""
    names = _make_unique(result.columns)
    rows = [dict(zip(names, map(_make_json_value, row), strict=True)) for row in result.rows]
    return {"columns": names, "rows": rows, "more": result.more}


def _format_cell(cell: Cell) -> str:
    text = "null" if cell is None else printable(str(_format_field(cell))).translate(_LINE_PICTURES)
    return text if len(text) <= CELL_LIMIT else text[: CELL_LIMIT - 1] + "…"


def _format_field(cell: Cell) -> Cell:
    return f"x'{cell.hex()}'" if isinstance(cell, bytes) else cell


def _make_json_value(cell: Cell) -> Any:
    """Blobs as sqlite-utils writes them; infinity, which JSON has no number for, as a text."""
    if isinstance(cell, bytes):
        return {"$base64": True, "encoded": base64.b64encode(cell).decode()}
    return str(cell) if isinstance(cell, float) and math.isinf(cell) else cell


def _make_unique(columns: tuple[str, ...]) -> list[str]:
    names: list[str] = []
    for column in columns:
        name, number = column, 2
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return names
