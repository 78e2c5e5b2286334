"""An open transaction: its one moment in time, statements with named parameters, savepoints."""

from __future__ import annotations

from contextlib import contextmanager

from swarm_agents.errors import SwarmError
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any
else:
    import _sqlite3 as sqlite3  # the same, without converters of dates

Row = sqlite3.Row


class Savepoint:
    """`error` says why the block was rolled back; '' when it was not."""

    error = ""


class Transaction:
    """Reads see one state, writes are committed whole or not at all. `now` is the same moment throughout (UTC ms)."""

    def __init__(self, connection: sqlite3.Connection, moment: Moment) -> None:
        self._connection = connection
        self.moment = moment
        self.now = moment.wall_ms

    @property
    def clock(self) -> dict[str, int | str]:
        """The parameters `:mono` and `:boot` of statements about deadlines, which the wall clock does not move."""
        return {"mono": self.moment.mono_ms, "boot": self.moment.boot_id}

    def execute(self, sql: str, **values: Any) -> list[Row]:
        """Run one statement with named parameters and return all its rows."""
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None. For a conditional `update … returning`, None means that its `where` did not hold."""
        rows = self.execute(sql, **values)
        return rows[0] if rows else None

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement that writes and returns no rows, once for each of these."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def savepoint(self) -> Iterator[Savepoint]:
        """Roll back only this block on an SQLite error or a SwarmError; the transaction goes on."""
        block = Savepoint()
        self._connection.execute("savepoint block")
        try:
            yield block
        except (sqlite3.Error, SwarmError) as error:
            if not self._connection.in_transaction:  # a full disk rolls back the whole transaction
                raise
            self._connection.execute("rollback to block")
            block.error = str(error) or type(error).__name__
        self._connection.execute("release block")


def among(values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """The right side of `in` as SQL, and its parameters: `where name in {sql}`."""
    named = {f"among{n}": value for n, value in enumerate(values)}
    return f"({', '.join(f':{name}' for name in named)})", named
