"""Writes the tables and views of docs/data.md from the schema, so that the page cannot differ from the database.

Run it as `python -m tests.support.data_page` after a table, a view or a comment in `schema.sql` or `views.sql` changed.
What stands above the mark in that page is written by hand.
"""

import re
import sqlite3
import tempfile
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from swarm_agents.db import database

PAGE = Path(__file__).parents[2] / "docs" / "data.md"

_MARK = "<!-- Below this line"
_TITLES = {"view": "Views", "table": "Tables"}
_CHOICES = re.compile(r"check \((\w+) in \(('[^)]*)\)\)")


class Relation(NamedTuple):
    """A table or a view. `sql` is the statement that creates it, with its comments."""

    kind: str
    name: str
    sql: str
    columns: tuple[str, ...]


def page() -> str:
    """What docs/data.md has to be."""
    by_hand, mark, rest = PAGE.read_text(encoding="utf-8").partition(_MARK)
    head = by_hand + mark + rest.partition("\n")[0]
    found = relations()
    parts = [f"## {title}\n\n{_list(found, kind)}" for kind, title in _TITLES.items()]
    return "\n\n".join([head, *parts]) + "\n"


def relations() -> list[Relation]:
    """Every view and table of a new database, in the order of the schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "swarm.db"
        database.create(path)
        with closing(sqlite3.connect(path)) as connection:
            created = connection.execute(
                "select type, name, sql from sqlite_schema where type in ('table', 'view') "
                "and name not like 'sqlite!_%' escape '!' and name not like '!_%' escape '!' order by rowid"
            ).fetchall()
            return [_read(connection, *row) for row in created]


def sentence(relation: Relation) -> str:
    """What the comment beside `create` says; '' without one."""
    return _sentence(_comment(relation.sql.splitlines()[0]))


def meaning(relation: Relation, column: str) -> str:
    """What the comment beside the column says, and the values that it may have; '' without both."""
    said = next((_comment(line) for line in relation.sql.splitlines()[1:] if _defines(line, column)), "")
    choices = dict(_CHOICES.findall(relation.sql)).get(column, "")
    listed = "one of " + ", ".join(re.findall(r"[\w-]+", choices)) if choices else ""
    return "; ".join(part for part in (said.rstrip(",.:"), listed) if part)


def _read(connection: sqlite3.Connection, kind: str, name: str, sql: str) -> Relation:
    return Relation(kind, name, sql, tuple(row[1] for row in connection.execute(f"pragma table_info({name})")))


def _list(found: list[Relation], kind: str) -> str:
    return "\n\n".join(_part(one) for one in found if one.kind == kind)


def _part(relation: Relation) -> str:
    lines = [f"### `{relation.name}`", "", sentence(relation), ""]
    for said, columns in groupby(relation.columns, lambda column: meaning(relation, column)):
        names = ", ".join(f"`{column}`" for column in columns)
        lines.append(f"* {names}: {said}" if said else f"* {names}")
    return "\n".join(lines)


def _defines(line: str, column: str) -> bool:
    """Whether the line of a `create` statement ends the definition of that column."""
    code = re.sub(r"^select ", "", line.partition("--")[0].strip()).rstrip(",")
    return bool(re.match(rf"{column}( +(text|integer)\b|$)", code) or f" {code}".endswith(f" as {column}"))


def _comment(line: str) -> str:
    return line.partition("--")[2].strip()


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:].rstrip('.')}." if said else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
