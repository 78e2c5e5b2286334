"""What `swarm doctor` says about watching files: how soon changes are noticed, and why not sooner."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm_agents import events
from swarm_agents.db.database import Database
from swarm_agents.errors import Unavailable
from swarm_agents.place import Place
from swarm_agents.system import mounts
from swarm_agents.watch import watch_report
from swarm_agents.watch.file_watch import UNWATCHED
from tests.support.repo import SWARM, Repo, environment, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "work")


def test_doctor_says_how_soon_changes_are_noticed(repo: Repo) -> None:
    assert "Changes of files are noticed within 200 ms, in 4 folders" in repo.swarm("doctor").out


def test_doctor_says_what_a_loop_noted_within_a_day(repo: Repo) -> None:
    with Database(repo.path / ".git/swarm/swarm.db") as db, db.transaction() as tx:
        events.record(tx, "swarm", UNWATCHED, "process 4711: the queue of events may have been full")

    assert "process 4711: the queue of events may have been full" in repo.swarm("doctor").out


@pytest.mark.parametrize("limit", ["max_inotify_instances", "max_inotify_watches"])
def test_doctor_says_which_limit_of_the_kernel_to_raise(repo: Repo, limit: str) -> None:
    own_limits = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 0 > /proc/sys/user/{limit} && exec "$@"']
    if subprocess.run([*own_limits, "-", "true"], capture_output=True).returncode:
        pytest.skip("this system lets no process have limits of its own")

    told = subprocess.run(
        [*own_limits, "-", *SWARM, "doctor"], cwd=repo.path, env=environment(), capture_output=True, text=True
    ).stdout

    assert "Changes of files are noticed by a look every 5 s only: this user" in told
    assert f"raise fs.inotify.{limit.replace('inotify', 'user')}" in told


def test_doctor_names_a_network_file_system(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "find_network_type", lambda folder: "nfs4")

    told = watch_report.describe_watching(db, Place(str(db.path), None))

    assert told == f"{os.fspath(db.path.parent)} is on a network file system (nfs4): noticed by a look every 5 s"


def test_doctor_says_when_watchfiles_cannot_be_loaded(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles._rust_notify", None)

    with pytest.raises(Unavailable, match="noticed by a look every 5 s only: watchfiles cannot be loaded"):
        watch_report.describe_watching(db, Place(str(db.path), None))
