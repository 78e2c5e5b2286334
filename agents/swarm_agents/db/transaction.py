"""What a transaction gives its reader and writer: one moment, statements with named parameters, savepoints."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from swarm_agents.errors import SwarmError
from swarm_agents.model import Moment

Row = sqlite3.Row


class Part:
    """How a part of an act ended: `error` says why it was undone, '' when it was not."""

    error = ""


class Transaction:
    """One act: what it reads is one state, what it writes is there whole or not at all. `now` is its one moment."""

    def __init__(self, connection: sqlite3.Connection, moment: Moment) -> None:
        self._connection = connection
        self.moment = moment
        self.now = moment.wall_ms

    @property
    def clock(self) -> dict[str, int | str]:
        """The parameters `:mono` and `:boot` of a statement that asks for deadlines: no wall clock moves them."""
        return {"mono": self.moment.mono_ms, "boot": self.moment.boot_id}

    def execute(self, sql: str, **values: Any) -> list[Row]:
        """Run one statement with named parameters; its rows, all of them."""
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None: for a conditional update, None says that the guard did not hold."""
        rows = self.execute(sql, **values)
        return rows[0] if rows else None

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement that writes, once for each of these; for what returns nothing."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def apart(self) -> Iterator[Part]:
        """A part of the act that may fail without the rest: what it wrote is undone then, and the act goes on."""
        part = Part()
        self._connection.execute("savepoint apart")
        try:
            yield part
        except (sqlite3.Error, SwarmError) as error:
            if not self._connection.in_transaction:  # a full disk ends all of it
                raise
            self._connection.execute("rollback to apart")
            part.error = str(error) or type(error).__name__
        self._connection.execute("release apart")


def among(values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """A list for `in`, and its parameters: one statement for what else were one each."""
    named = {f"among{n}": value for n, value in enumerate(values)}
    return f"({', '.join(f':{name}' for name in named)})", named
