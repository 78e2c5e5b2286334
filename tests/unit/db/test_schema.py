"""The rules that the database itself keeps when other tools write into it, and how it is created and upgraded."""

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.db.sqlite import schema
from swarm_agents.db.sqlite.connection import APPLICATION_ID, SCHEMA_VERSION
from swarm_agents.errors import CannotWrite, DatabaseLocked, DatabaseNewer
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules
from swarm_agents.system import file_lock
from tests.support.processes import run_python
from tests.support.swarm import dump

TAKE = "fixer_agent_id = 'eve', lease_mono_ms = 1, lease_boot_id = 'b', lease_expires_at = 1"
FREE = "fixer_agent_id = null, lease_mono_ms = null, lease_boot_id = null, lease_expires_at = null"

CREATE = """
import sys
from pathlib import Path
from swarm_agents.db import database
print(database.create(Path(sys.argv[1])))
"""


@pytest.fixture
def shell(db: Database) -> Iterator[sqlite3.Connection]:
    """The file as the sqlite3 program opens it, without our code."""
    roster.join(db, "ada", "agent", None)
    with closing(sqlite3.connect(db.path, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize(
    "change",
    [
        "fence = fence - 1",
        "fixer_agent_id = 'eve'",
        "fixer_agent_id = null",
        f"status = 'broken', {FREE}",
        f"status = 'escalated', {FREE}",
        f"status = 'passing', broken_since = null, attempts_used = 0, {FREE}",
        "status = 'repaired'",
        "status = null",
        "lease_mono_ms = null",
        "lease_boot_id = null",
        "lease_expires_at = null",
        "attempts_used = -1",
        "max_attempts = 0",
        "broken_since = null",
        "id = 2",
        "fence = 'many'",
    ],
)
def test_the_shell_cannot_break_the_rules_of_a_build_with_a_fixer(
    db: Database, shell: sqlite3.Connection, change: str
) -> None:
    build.report(db, "ada", "tests fail", BuildRules())
    before = dump(db)

    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(f"update build_state set {change}")

    assert dump(db) == before


@pytest.mark.parametrize(
    "change",
    [
        f"status = 'fixing', broken_since = 1, {TAKE}",
        f"status = 'fixing', broken_since = 1, fence = fence + 1, {TAKE}",
        "status = 'broken', broken_since = 1",
        "attempts_used = 1",
        "broken_since = 1",
    ],
)
def test_the_shell_cannot_take_a_passing_build_without_a_new_incident(
    db: Database, shell: sqlite3.Connection, change: str
) -> None:
    before = dump(db)

    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(f"update build_state set {change}")

    assert dump(db) == before


def test_the_shell_cannot_end_an_escalation_without_a_new_budget(db: Database, shell: sqlite3.Connection) -> None:
    build.report(db, "ada", "tests fail", BuildRules())
    build.escalate(db, "ada", "help")

    with pytest.raises(sqlite3.IntegrityError, match="only a new budget ends an escalation"):
        shell.execute("update build_state set status = 'broken'")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from build_state",
        "insert into build_state select * from build_state",
        "update events set detail = 'nothing happened'",
        "delete from events",
        "update messages set body = 'I never said that'",
        "insert into incidents (opened_at, opened_by, summary, evidence) values (1, 'eve', '', '')",
        "insert into attempts (incident_id, number, budget, agent, fence, began_at) values (1, 9, 1, 'eve', 99, 1)",
        "insert into attempts (incident_id, number, budget, agent, fence, began_at, ended_at, outcome) "
        "values (1, 9, 1, 'eve', 1, 1, 1, 'fixed')",
        "insert into waiters (agent, since, deadline, deadline_mono_ms, deadline_boot_id) values ('bob', 1, 1, 1, 'b')",
    ],
)
def test_the_rows_around_the_build_keep_their_rules_too(
    db: Database, shell: sqlite3.Connection, statement: str
) -> None:
    roster.join(db, "bob", "agent", None)
    build.report(db, "ada", "tests fail", BuildRules())
    build.claim(db, "bob", BuildRules())
    before = dump(db)

    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(statement)

    assert dump(db) == before


@pytest.mark.parametrize(
    ("incident", "message", "resolution"),
    [("1", "1", "null"), ("null", "null", "null"), ("1", "null", "'excuse'"), ("null", "1", "'retry'")],
)
def test_an_escalation_is_about_one_thing_and_its_answer_fits_that(
    db: Database, shell: sqlite3.Connection, incident: str, message: str, resolution: str
) -> None:
    build.report(db, "ada", "tests fail", BuildRules())

    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        shell.execute(
            "insert into escalations (incident_id, message_id, raised_at, raised_by, reason, body, resolved_at, "
            f"resolution) values ({incident}, {message}, 1, 'eve', '', '', iif({resolution} is null, null, 1), "
            f"{resolution})"
        )


def test_a_second_open_escalation_is_refused(db: Database, shell: sqlite3.Connection) -> None:
    build.report(db, "ada", "tests fail", BuildRules())
    build.escalate(db, "ada", "help")

    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(
            "insert into escalations (incident_id, raised_at, raised_by, reason, body) values (1, 1, 'eve', '', '')"
        )


# Creating one.


def test_a_new_database_and_its_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "swarm" / "swarm.db"

    database.create(path)

    with Database(path) as db:
        roster.join(db, "ada", "agent", None)
        modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir() if found.is_file()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes and set(modes.values()) == {0o600}


def test_creating_it_a_second_time_changes_nothing(db: Database) -> None:
    roster.join(db, "ada", "agent", None)
    before = dump(db)

    assert database.create(db.path) is False

    assert dump(db) == before


def test_files_that_a_killed_creation_left_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "swarm.db"
    (tmp_path / "swarm.db-new").write_bytes(b"half of a database")
    (tmp_path / "swarm.db-new-wal").write_bytes(b"half of a log")

    assert database.create(path) is True

    Database(path).close()
    assert not list(tmp_path.glob("swarm.db-new*"))


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CannotWrite):
        database.create(tmp_path / "file" / "swarm.db")


def test_sixteen_processes_that_create_it_at_once_make_one(tmp_path: Path) -> None:
    path = tmp_path / "swarm" / "swarm.db"

    answers = run_python([(CREATE, str(path))] * 16)

    assert sorted(answer.stdout for answer in answers) == ["False\n"] * 15 + ["True\n"]
    assert {answer.stderr for answer in answers} == {""}
    Database(path).close()


def test_a_creation_that_stops_in_the_middle_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOCK_TIMEOUT_S", 0.05)

    with file_lock.held(tmp_path / "swarm.db-setup", 1), pytest.raises(DatabaseLocked, match="setting up"):
        database.create(tmp_path / "swarm.db")

    assert not (tmp_path / "swarm.db").exists()


# Upgrading one.


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> int:
    """This program one version later, with one more migration."""
    newer = schema.Migrations("swarm")
    with sqlite_utils.Database(memory=True) as empty:
        for found in schema.migrations.pending(empty):
            newer(name=found.name)(found.fn)

    @newer()
    def colours(db: object) -> None:
        db.conn.execute("create table colours (name text) strict")  # type: ignore[attr-defined]

    monkeypatch.setattr(schema, "migrations", newer)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(database, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    return SCHEMA_VERSION + 1


def test_an_older_database_is_upgraded_when_it_is_opened(db: Database, next_version: int) -> None:
    roster.join(db, "ada", "agent", None)
    before = dump(db)

    with Database(db.path) as upgraded:
        after = dump(upgraded)

    assert version(db.path) == next_version
    assert after["colours"] == []
    assert after["agents"] == before["agents"]


def test_a_database_of_version_1_is_upgraded_with_its_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, older = tmp_path / "swarm.db", schema.Migrations("swarm")
    older(name="first")(schema.first)
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "migrations", older)
        for module in (schema, database):
            earlier.setattr(module, "SCHEMA_VERSION", 1)
        database.create(path)
    with closing(sqlite3.connect(path)) as shell:
        shell.execute("update build_state set last_check = 7, last_check_ok = 1")
        shell.commit()

    with Database(path) as upgraded:
        now = build.current(upgraded)

    assert (version(path), now.last_check, now.last_check_commit) == (SCHEMA_VERSION, 7, None)


def test_many_that_open_an_older_database_at_once_upgrade_it_once(db: Database, next_version: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = [pool.submit(lambda: Database(db.path).close()) for _ in range(8)]

    assert [done.exception() for done in opened] == [None] * 8
    assert version(db.path) == next_version


def test_an_upgrade_that_fails_leaves_the_old_version_as_it_was(
    db: Database, next_version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(db.path)) as shell:
        shell.execute("create table colours (name text)")  # in the way of the migration
    before = dump(db)

    with pytest.raises(sqlite3.OperationalError):
        Database(db.path)

    assert version(db.path) == next_version - 1
    assert dump(db) == before


def test_a_database_of_a_newer_version_is_refused_and_left_alone(db: Database) -> None:
    with closing(sqlite3.connect(db.path)) as shell:
        shell.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")

    with pytest.raises(DatabaseNewer, match="Upgrade swarm-tui"):
        Database(db.path)
    with pytest.raises(DatabaseNewer):
        database.create(db.path)

    assert version(db.path) == SCHEMA_VERSION + 1


def test_an_upgrade_that_finds_a_newer_version_does_not_downgrade_it(db: Database) -> None:
    with closing(sqlite3.connect(db.path)) as shell:
        shell.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")  # by another process meanwhile

    with pytest.raises(DatabaseNewer):
        schema.upgrade(db.path)

    assert version(db.path) == SCHEMA_VERSION + 1


def test_messages_and_events_never_reuse_an_id(db: Database, shell: sqlite3.Connection) -> None:
    first, _ = messages.send(db, "human", "all", "hello")
    shell.execute("delete from deliveries")
    shell.execute("delete from messages")

    second, _ = messages.send(db, "human", "all", "hello again")

    assert second > first


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as shell:
        assert shell.execute("pragma application_id").fetchone()[0] == APPLICATION_ID
        return int(shell.execute("pragma user_version").fetchone()[0])
