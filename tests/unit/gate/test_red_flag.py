"""The red flag's promise: while it is not there, the build is passing, whichever process dies in between."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import Evidence
from swarm_agents.db.database import Database, create
from swarm_agents.gate import gate
from swarm_agents.gate.gate import CommitAllowed, CommitHeld
from swarm_agents.git.run import run_git_or_raise
from swarm_agents.model import BuildRules
from swarm_agents.place import Place

RULES = BuildRules()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "swarm.db")
    return tmp_path / "swarm.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    with Database(path) as database:
        for name in ("alice", "bob"):
            roster.join(database, name, "agent", None)
        yield database


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run_git_or_raise(["init", "-q", "-b", "main", os.fspath(tmp_path / "repo")], tmp_path)
    return tmp_path / "repo"


def end(db: Database) -> None:
    build.mark_fixed(db, "alice", Evidence("the test passes", db.moment()))


def ask(db: Database, root: Path) -> CommitAllowed | CommitHeld:
    return gate.check_commit(db, Place(str(db.path), str(root)), "bob", bypass=False)


def test_a_new_database_flies_no_flag(db: Database) -> None:
    assert not db.red_flag.exists()


def test_it_is_up_before_any_process_can_read_that_the_build_is_red(path: Path, db: Database) -> None:
    seen: list[bool] = []
    hoist = db.red_flag.create

    def hoisted() -> None:
        hoist()
        with Database(path) as other:
            seen.append(other.red_flag.exists() and not build.current(other).red)

    db.red_flag.create = hoisted  # type: ignore[method-assign]
    build.report(db, "alice", "red", RULES)

    assert seen == [True]


def test_a_report_that_is_rolled_back_leaves_it_up_which_costs_one_question(db: Database, root: Path) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        db.red_flag.create()
        raise RuntimeError("killed")

    assert ask(db, root) == CommitAllowed()
    assert not db.red_flag.exists()


def test_a_flag_that_cannot_be_put_up_opens_no_incident(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.red_flag, "path", "/proc/none/swarm.db-red")

    with pytest.raises(OSError):
        build.report(db, "alice", "red", RULES)

    assert not build.current(db).red


def test_it_stays_up_through_the_whole_red_period(db: Database, root: Path) -> None:
    build.report(db, "alice", "red", RULES)

    for act in (build.give_up, lambda db, agent: build.claim(db, agent, RULES), build.give_up):
        act(db, "alice")
        assert isinstance(ask(db, root), CommitHeld)
        assert db.red_flag.exists()


def test_the_first_question_after_green_takes_it_down(db: Database, root: Path) -> None:
    build.report(db, "alice", "red", RULES)
    end(db)
    between = db.red_flag.exists()

    assert ask(db, root) == CommitAllowed()
    assert between and not db.red_flag.exists()


def test_it_is_not_taken_down_when_it_turns_red_again_meanwhile(path: Path, db: Database, root: Path) -> None:
    build.report(db, "alice", "red", RULES)
    end(db)
    transaction = db.transaction

    def late() -> object:
        with Database(path) as other:
            build.report(other, "alice", "red again", RULES)
        return transaction()

    db.transaction = late  # type: ignore[method-assign, assignment]
    ask(db, root)

    assert db.red_flag.exists()
