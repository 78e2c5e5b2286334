"""Queries only read, end in time, and give data as it is."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.db import query, search
from swarm_agents.db.database import Database
from swarm_agents.errors import BadData, Denied
from swarm_agents.messages import messages
from tests.support.swarm import dump

WRITES = [
    "insert into events (at, actor, kind) values (1, 'eve', 'x')",
    "with x as (select 1) insert into events (at, actor, kind) select 1, 'eve', 'x' from x",
    "update agents set role = 'boss' returning name",
    "delete from agents",
    "explain delete from agents",
    "drop table agents",
    "create table mine (a)",
    "create temp table mine (a)",
    "create view mine as select 1",
    "alter table agents add column mine",
    "begin",
    "begin immediate",
    "savepoint mine",
    "attach 'other.db' as other",
    "vacuum",
    "vacuum into 'copy.db'",
    "reindex",
    "analyze",
    "pragma query_only = off",
    "pragma writable_schema = on",
    "pragma user_version = 9",
    "pragma journal_mode = delete",
    "pragma wal_checkpoint",
    "select load_extension('evil')",
    "select fts3_tokenizer('simple')",
]
WRONG = [
    ("selct 1", 'near "selct": syntax error'),
    ("select * from nix", "no such table: nix"),
    ("select nix from events", "no such column: nix"),
    ("select 1; select 2", "one statement at a time"),
    ("select :who", "bind"),
    ("select ?", "Binding 1 has no name|bindings"),
    ("", "no query"),
    ("-- only a comment", "no query"),
    ("select 1 \0", "null character"),
    ("select zeroblob(100000000)", "too big"),
    ("update sqlite_master set type = 'x'", "may not be modified"),
]
ENDLESS = [
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    "with recursive n(i) as (select 1 union all select i + 1 from n limit 9999) select count(*) from n a, n b, n c",
]


@pytest.mark.parametrize("statement", WRITES)
def test_what_does_more_than_read_is_refused(db: Database, statement: str, tmp_path: Path) -> None:
    roster.join(db, "ada", "agent", None)
    before, files = dump(db), sorted(tmp_path.rglob("*"))

    with pytest.raises(Denied, match="Only queries"):
        ask(db, statement)

    assert dump(db) == before
    assert sorted(tmp_path.rglob("*")) == files


def test_without_the_authorizer_the_file_is_still_read_only(db: Database) -> None:
    with closing(query.connect_read_only(db.path, 1)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("delete from agents")
        connection.execute("pragma query_only = off")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("delete from agents")


@pytest.mark.parametrize(("statement", "said"), WRONG)
def test_a_wrong_statement_is_answered_with_what_sqlite_says(db: Database, statement: str, said: str) -> None:
    with pytest.raises(BadData, match=said):
        ask(db, statement)


def test_what_sqlite_says_of_a_hostile_statement_is_printable(db: Database) -> None:
    with pytest.raises(BadData) as refused:
        ask(db, 'select * from "\x1b[2J\u202e\n"')

    assert refused.value.message == "SQLite says: no such table: ␛[2J\ufffd."


@pytest.mark.parametrize("statement", ENDLESS, ids=["recursive", "product"])
def test_a_query_that_would_run_for_ever_is_stopped(db: Database, statement: str) -> None:
    began = time.monotonic()

    with pytest.raises(BadData, match=r"stopped after 0.2 s"):
        ask(db, statement, limit_s=0.2)

    assert time.monotonic() - began < 30  # a busy machine is no defect; for ever is


def test_only_so_many_rows_are_read(db: Database) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"

    assert ask(db, endless, limit=3) == query.QueryResult(("i",), [(1,), (2,), (3,)], more=True)
    assert ask(db, f"{endless} limit 3", limit=3).more is False


def test_rows_that_are_large_together_are_cut(db: Database) -> None:
    found = ask(db, "with recursive n(i) as (select 1 union all select i + 1 from n) select zeroblob(9000000) from n")

    assert (len(found.rows), found.more) == (7, True)


def test_values_come_as_they_are(db: Database) -> None:
    found = ask(db, "select null, 1, 1.5, :text, x'00ff', cast(x'41ff' as text)", text="a\x1b[2J")

    assert found.rows == [(None, 1, 1.5, "a\x1b[2J", b"\x00\xff", "A\ufffd")]


@pytest.mark.parametrize(
    "statement",
    [
        "values (1)",
        "explain query plan select * from events",
        "pragma table_info(events)",
        "pragma user_version",
        "select name from pragma_table_info('v_build')",
        "select * from v_tasks",
    ],
)
def test_every_way_to_read_is_open(db: Database, statement: str) -> None:
    assert ask(db, statement).columns


def test_the_text_of_messages_can_be_searched(db: Database) -> None:
    messages.send(db, "human", "all", "the needle")
    search.fill_index(db)

    assert ask(db, "select rowid from messages_fts where messages_fts match 'needle'").rows == [(1,)]


def test_a_query_waits_for_no_writer(db: Database) -> None:
    with db.transaction() as tx:
        tx.execute("update build_state set summary = 'half done'")

        assert ask(db, "select summary from v_build").rows == [("",)]


def ask(db: Database, sql: str, limit: int = 1000, limit_s: float = 20, **values: str) -> query.QueryResult:
    return query.run(db.path, sql, values, limit, limit_s)
