"""The read-only views: their names and columns stay, their times are ISO text, older databases get them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.cli import answers
from swarm_agents.cli.output import format_iso
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.db.sqlite import schema
from swarm_agents.db.sqlite.connection import SCHEMA_VERSION
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.messages import messages
from swarm_agents.model import BuildRules
from swarm_agents.tasks import tasks
from tests.support.clock import FakeClock

# People have queries that use these. Add to a list; never rename or remove.
COLUMNS = {
    "v_build": "status incident summary fixer fence attempt max_attempts retry_at broken_since lease_expires_at "
    "last_check last_check_ok changed_at waiting suspect",
    "v_incidents": "id opened_at opened_by summary hook evidence closed_at closed_by closed_how closed_why "
    "seconds_to_green fix_commit first_red first_red_by attempts agent_minutes_waited",
    "v_attempts": "incident number budget agent fence began_at ended_at outcome error_class reason landed_commit",
    "v_symptoms": "incident signature summary first_at first_by times",
    "v_verdicts": "id at agent incident verdict why hook command exit_status output duration_ms",
    "v_waiters": "ticket agent incident since deadline",
    "v_agents": "name role joined_at seen_at left_at pane pane_socket pane_pid pane_lost pane_lost_at",
    "v_messages": "id at sender recipient type body thread reply_to retry_of requires_ack automatic phase",
    "v_receipts": "message agent read_at acked_at",
    "v_deliveries": "id message agent pane state reason detail incident at queued_at typed_at submitted_at read_at",
    "v_acknowledgements": "message agent state retries retried_at at",
    "v_escalations": "id incident message state raised_at raised_by reason body acked_at resolved_at resolved_by "
    "answer",
    "v_announcements": "escalation channel state reason tries repeated at",
    "v_tasks": "id number title status claimant former fence after blocked_by feature files estimate_min detail "
    "result created_at created_by changed_at lease_expires_at",
    "v_locks": "path holder fence reason since expires_at is_folder any_case",
    "v_phases": "id number run name attempt started_at ended_at outcome",
    "v_host_sessions": "host session agent began_at ended_at state state_source state_detail state_at",
    "v_events": "id at actor kind incident fence detail",
}


@pytest.fixture
def shell(db: Database) -> Iterator[sqlite3.Connection]:
    """The file as another program opens it."""
    with closing(sqlite3.connect(db.path)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_keeps_its_columns(view: str, shell: sqlite3.Connection) -> None:
    found = [column[0] for column in shell.execute(f"select * from {view}").description]

    assert found == COLUMNS[view].split()


def test_every_view_is_promised(shell: sqlite3.Connection) -> None:
    assert {row["name"] for row in shell.execute("select name from sqlite_schema where type = 'view'")} == set(COLUMNS)


@pytest.mark.parametrize("milliseconds", [1, 999, 1_000, 1_764_550_542_123, 1_764_550_799_999, 253_402_300_799_999])
def test_a_time_is_written_as_json_writes_it(db: Database, shell: sqlite3.Connection, milliseconds: int) -> None:
    with db.transaction() as tx:
        tx.execute("insert into events (at, actor, kind) values (:at, 'ada', 'test')", at=milliseconds)

    assert rows(shell, "v_events where kind = 'test'")[0]["at"] == format_iso(milliseconds)


def test_the_build_is_told_as_build_status_tells_it(db: Database, shell: sqlite3.Connection, clock: FakeClock) -> None:
    for agent in ("ada", "bob"):
        roster.join(db, agent, "agent", None)
        build.report(db, agent, "tests fail", BuildRules())
    clock.forward(1.234)

    [found] = rows(shell, "v_build")

    said = answers.build_data(build.current(db))
    assert {name: found[name] for name in said} == said
    assert (found["status"], found["fixer"], found["waiting"]) == ("fixing", "ada", 1)


def test_a_build_that_was_never_red_has_no_times(db: Database, shell: sqlite3.Connection) -> None:
    [found] = rows(shell, "v_build")

    assert {name: found[name] for name in ("changed_at", "broken_since", "attempt")} == {
        "changed_at": None,
        "broken_since": None,
        "attempt": 0,
    }


def test_the_life_of_an_incident_can_be_read(db: Database, shell: sqlite3.Connection) -> None:
    roster.join(db, "ada", "agent", None)
    build.report(db, "ada", "tests fail", BuildRules())
    build.escalate(db, "ada", "I give up")

    [incident], [attempt], [question] = (rows(shell, f"v_{what}") for what in ("incidents", "attempts", "escalations"))

    assert (incident["opened_by"], incident["closed_at"], incident["attempts"]) == ("ada", None, 1)
    assert (attempt["incident"], attempt["agent"], attempt["outcome"]) == (incident["id"], "ada", "released")
    assert (question["incident"], question["state"]) == (incident["id"], "open")


def test_a_task_names_those_it_waits_for_and_those_that_block_it(db: Database, shell: sqlite3.Connection) -> None:
    roster.join(db, "ada", "agent", None)
    for name in ("a", "b"):
        tasks.add(db, "work", "human", name)
    tasks.add(db, "more work", "human", "c", after=["a", "b"])
    tasks.cancel(db, "human", "a")

    [found] = rows(shell, "v_tasks where id = 'c'")

    assert (found["after"].split(), found["blocked_by"]) == (["a", "b"], "b")


def test_a_lock_and_a_message_show_who_and_when(db: Database, shell: sqlite3.Connection) -> None:
    roster.join(db, "ada", "agent", None)
    locks.acquire(db, "ada", [LockName("src", folder=True)], 60, "refactoring")
    number, _ = messages.send(db, "human", "ada", "hello")

    [lock], [message] = rows(shell, "v_locks"), rows(shell, f"v_messages where id = {number}")

    assert lock["expires_at"] == format_iso(db.now() + 60_000)
    assert (lock["path"], lock["holder"], lock["is_folder"], lock["reason"]) == ("src", "ada", 1, "refactoring")
    assert (message["sender"], message["at"]) == ("human", format_iso(db.now()))


def test_nothing_can_be_written_through_a_view(shell: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="it is a view"):
        shell.execute("update v_build set status = 'passing'")


def test_a_database_of_version_1_gets_the_views(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = schema.Migrations("swarm")
    older(name="first")(schema.first)
    with monkeypatch.context() as then:
        then.setattr(schema, "migrations", older)
        then.setattr(schema, "SCHEMA_VERSION", 1)
        schema.create_file(tmp_path / "swarm.db")

    database.create(tmp_path / "swarm.db")

    with closing(sqlite3.connect(tmp_path / "swarm.db")) as connection:
        assert connection.execute("pragma user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("select status from v_build").fetchone() == ("passing",)


def test_sqlite_utils_shows_a_view_as_it_shows_a_table(db: Database) -> None:
    roster.join(db, "ada", "agent", None)

    with closing(sqlite_utils.Database(db.path)) as opened:
        assert [row["name"] for row in opened["v_agents"].rows] == ["ada"]


def rows(shell: sqlite3.Connection, what: str) -> list[dict[str, Any]]:
    return [dict(row) for row in shell.execute(f"select * from {what}")]
