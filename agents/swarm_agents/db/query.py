"""Answers one SQL query of a person or another program: it only reads, within limits of time and size.

The file is opened read-only, `query_only` is on, and SQLite asks the authorizer about each thing that a statement would
do before it runs.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable

from swarm_agents.db.sqlite import faults
from swarm_agents.db.sqlite.connection import connect_read_only
from swarm_agents.errors import BadData, Denied
from swarm_agents.system.parallel import ParallelTasks
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Cell = None | int | float | str | bytes

_VALUE_LIMIT_BYTES = 16 * 1024 * 1024  # of one value, also of one that a function makes
_RESULT_LIMIT_BYTES = 64 * 1024 * 1024  # of all texts and blobs together
_STOP_LIMIT_S = 1.0  # SQLite sees an interrupt between its steps; one call of instr() is one step, and may take hours
_READING_ACTS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_READING_PRAGMAS = {"table_list", "table_info", "table_xinfo", "index_list", "index_info", "index_xinfo"}
_READING_PRAGMAS |= {"foreign_key_list", "function_list", "collation_list", "compile_options"}
_PRAGMAS_WITHOUT_VALUE = {"application_id", "data_version", "encoding", "freelist_count", "journal_mode"}
_PRAGMAS_WITHOUT_VALUE |= {"page_count", "page_size", "schema_version", "user_version"}  # with a value they write
_CODE_LOADING_FUNCTIONS = {"load_extension", "fts3_tokenizer"}
_VIEW_COLUMNS = "select m.name, c.name from sqlite_schema m join pragma_table_info(m.name) c where m.type = 'view'"


class QueryResult(NamedTuple):
    """`more`: a limit cut the rows off. Bytes of a text that are not UTF-8 are U+FFFD."""

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    more: bool


def run(path: Path, sql: str, values: Mapping[str, str], limit: int, limit_s: float) -> QueryResult:
    """The first `limit` rows of one statement with named parameters, all from one snapshot.

    Returns within `limit_s` and a second. Raises `BadData` with SQLite's message when the statement is wrong, or takes
    longer; `Denied` when it would do anything but read.
    """
    refused: list[int] = []
    try:
        connection = connect_read_only(path, limit_s)
        connection.set_authorizer(_make_authorizer(refused))
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_LIMIT_BYTES)
        return _run_in_time(connection, lambda: _read(connection, sql, values, limit), limit_s)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _only_reads() if refused else _explain(error, path, limit_s) from error


def _run_in_time(connection: sqlite3.Connection, read: Callable[[], QueryResult], limit_s: float) -> QueryResult:
    """Read in another thread, which is left behind with its connection when even an interrupt does not end it."""

    def read_and_close() -> QueryResult:
        with contextlib.closing(connection):
            return read()

    thread = ParallelTasks[QueryResult]()
    done = thread.run({"query": read_and_close}, limit_s)
    if not done:
        with contextlib.suppress(sqlite3.ProgrammingError):  # it was closed just now
            connection.interrupt()
        done = thread.run({"query": read_and_close}, _STOP_LIMIT_S)
    if not done:
        raise _took_too_long(limit_s)
    return done["query"]


def _read(connection: sqlite3.Connection, sql: str, values: Mapping[str, str], limit: int) -> QueryResult:
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    cursor = connection.execute(sql, values)
    if cursor.description is None:
        raise BadData("There is no query in that text.")
    columns = tuple(column[0] for column in cursor.description)
    rows: list[tuple[Cell, ...]] = []
    size = 0
    for row in cursor:
        size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if len(rows) == limit or size > _RESULT_LIMIT_BYTES:
            return QueryResult(columns, rows, more=True)
        rows.append(row)
    return QueryResult(columns, rows, more=False)


Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def _make_authorizer(refused: list[int]) -> Authorizer:
    """An authorizer that allows what reads and adds everything else to `refused`."""

    def authorize(act: int, name: str | None, value: str | None, database: str | None, inside: str | None) -> int:
        if _reads(act, name, value):
            return sqlite3.SQLITE_OK
        refused.append(act)
        return sqlite3.SQLITE_DENY

    return authorize


def _reads(act: int, name: str | None, value: str | None) -> bool:
    match act:
        case sqlite3.SQLITE_FUNCTION:
            return value not in _CODE_LOADING_FUNCTIONS
        case sqlite3.SQLITE_PRAGMA:
            return name in _READING_PRAGMAS or (name in _PRAGMAS_WITHOUT_VALUE and value is None)
        case sqlite3.SQLITE_UPDATE:
            return name == "sqlite_master"  # SQLite asks this to open a virtual table; real updates of it always fail
    return act in _READING_ACTS


def _explain(error: Exception, path: Path, limit_s: float) -> Exception:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
        return _took_too_long(limit_s)
    if isinstance(error, sqlite3.Error) and (translated := faults.translate(error, str(path))) is not error:
        return translated
    unknown = str(error).startswith("no such ")
    advice = f'swarm db query "{_VIEW_COLUMNS}"' if unknown else None
    return BadData(f"SQLite says: {one_line(str(error), 500).rstrip('.')}.", next=advice)


def _only_reads() -> Denied:
    return Denied(
        "Only queries are answered here; that would write, attach a file or change a setting. Nothing was changed. "
        "The verbs of swarm change the swarm ('swarm --help')."
    )


def _took_too_long(limit_s: float) -> BadData:
    return BadData(f"The query was stopped after {limit_s:g} s. Narrow it, or give it longer with --timeout.")
