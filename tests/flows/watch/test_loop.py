"""The background loop, which the courier and every dashboard run: files, configuration, the shared branch, leases."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swarm_agents import events, roster
from swarm_agents.build import build, shared_branch
from swarm_agents.build.shared_branch import MOVED, SharedTip
from swarm_agents.db.database import Database
from swarm_agents.errors import BadConfig, SwarmError
from swarm_agents.model import BuildRules, BuildStatus, PaneAddress
from swarm_agents.system import log
from swarm_agents.watch import file_events, file_watch
from swarm_agents.watch.live_config import LiveConfig
from swarm_agents.watch.loop import BackgroundLoop
from tests.support.foreign import hear_nothing, write_elsewhere
from tests.support.notify import NotifyFolder
from tests.support.repo import Repo, make_repo
from tests.support.swarm import dump
from tests.support.until import until


class Heard:
    """What a loop told."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.configs: list[str] = []
        self.written = 0

    def on_failure(self, error: SwarmError) -> None:
        self.failures.append(error.message)

    def on_database_written(self) -> None:
        self.written += 1

    def on_config_read(self, error: BadConfig | None) -> None:
        self.configs.append(error.message if error else "right")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "work", ["alice"])


@contextmanager
def running(repo: Repo, acts: bool = True) -> Iterator[tuple[LiveConfig, Heard]]:
    """A loop that types nothing; it has seen everything once."""
    heard, live_config = Heard(), LiveConfig(repo.place, repo.place.config())
    loop = BackgroundLoop(live_config, heard, acts=acts, types=False)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        until(lambda: heard.written and (not acts or tip(repo)), "the loop has looked at everything")
        yield live_config, heard
    finally:
        loop.stop()
        thread.join(30)
        assert not thread.is_alive()


def tip(repo: Repo) -> SharedTip | None:
    with Database(repo.place.database) as db, db.reading() as tx:
        return shared_branch.read(tx)


def moves(repo: Repo) -> list[str]:
    with Database(repo.place.database) as db, db.reading() as tx:
        return [event.actor for event in events.list_after(tx, 0, 1000) if event.kind == MOVED]


def land(repo: Repo, name: str) -> str:
    repo.stage(name)
    repo.git("commit", "-q", "-m", name)
    return repo.head()


def is_at(repo: Repo, commit: str) -> bool:
    known = tip(repo)
    return known is not None and known.commit == commit


def test_a_configuration_takes_effect_and_a_wrong_one_does_not(repo: Repo) -> None:
    with running(repo) as (live_config, heard):
        repo.configure(lease_s=7)
        until(lambda: live_config.current.rules.lease_s == 7, "the configuration took effect")

        repo.configure(lease_s=-1)
        until(lambda: live_config.error, "it is known to be wrong")
        assert live_config.current.rules.lease_s == 7

        repo.configure(lease_s=8)
        until(lambda: live_config.current.rules.lease_s == 8, "the configuration took effect")
        assert live_config.error is None

    assert [text[-60:] for text in heard.configs if text != "right"]
    assert "line 2: 'build.lease_s' must be a number" in heard.configs[1]
    logged = log.log_path(repo.place.database).read_text()
    assert "ERROR" in logged and "line 2: 'build.lease_s' must be" in logged


def test_a_loop_that_types_nothing_still_sees_that_the_process_of_a_pane_has_ended(repo: Repo) -> None:
    with subprocess.Popen(["true"]) as ended:
        pane = PaneAddress("/nowhere/tmux", "1:1", "%1", ended.pid)
    with running(repo), Database(repo.place.database) as db:
        roster.join(db, "ann", "agent", pane)

        until(lambda: roster.read(db, "ann").pane_loss, "the pane is known to be lost")


def test_a_command_that_is_configured_meanwhile_announces(repo: Repo, tmp_path: Path) -> None:
    folder = NotifyFolder(tmp_path)
    with running(repo):
        folder.configure(repo, folder.script("touch done"))
        assert repo.swarm("--as", "alice", "build", "report", "--summary", "red").exit == 81
        with Database(repo.place.database) as db:
            build.escalate(db, "alice", "please look")

        until(folder.path("done").exists, "the command ran")


def test_a_courier_says_that_a_configuration_is_wrong_and_goes_on(repo: Repo) -> None:
    courier = repo.start("courier")
    until(lambda: tip(repo), "the courier has looked at everything")

    repo.write("swarm.toml", "[build]\n\nlease = 1\n")
    text = log.log_path(repo.place.database)
    until(lambda: text.exists() and "line 3: unknown key 'build.lease'" in text.read_text(), "it is in the log")
    assert courier.poll() is None
    courier.terminate()

    _, told = courier.communicate(timeout=30)
    assert "courier: the old configuration goes on: " in told and "line 3: unknown key 'build.lease'" in told


@pytest.mark.parametrize("way", ["commit", "merge", "reset", "packed", "checkout"])
def test_however_the_branch_moves_it_is_recorded_once_by_two_loops(repo: Repo, way: str) -> None:
    first = repo.head()
    repo.git("checkout", "-q", "-b", "side")
    side = land(repo, "side")
    repo.git("checkout", "-q", "main")
    if way == "reset":
        repo.git("merge", "-q", "side")
    with running(repo), running(repo):
        match way:
            case "commit":
                land(repo, "more")
            case "merge":
                repo.git("merge", "-q", "--no-ff", "--no-edit", "side")
            case "reset":
                repo.git("reset", "-q", "--hard", first)
            case "packed":
                repo.git("pack-refs", "--all", "--prune")
                repo.git("update-ref", "refs/heads/main", side)
            case "checkout":
                repo.git("checkout", "-q", "side")
        until(lambda: is_at(repo, repo.head()), "the tip is known")

    assert moves(repo) == ["swarm"]
    known = tip(repo)
    assert known is not None and known.name == ("side" if way == "checkout" else "main")


def test_a_commit_that_landed_while_no_loop_ran_is_recorded_by_the_next(repo: Repo) -> None:
    with running(repo):
        pass
    landed = land(repo, "meanwhile")

    with running(repo):
        until(lambda: is_at(repo, landed), "the tip is known")

    assert moves(repo) == ["swarm"]


def test_a_commit_in_a_worktree_moves_the_configured_branch(repo: Repo) -> None:
    repo.configure(branch="shared")
    repo.git("branch", "shared")
    tree = Repo(repo.path.parent / "tree")
    repo.git("worktree", "add", "-q", str(tree.path), "shared")
    with running(repo):
        land(repo, "on-main")
        landed = land(tree, "on-shared")
        until(lambda: is_at(repo, landed), "the tip is known")

    known = tip(repo)
    assert known is not None and known.name == "shared"
    assert moves(repo) == ["swarm"]


def test_a_commit_of_swarm_commit_is_recorded_as_its_agents(repo: Repo) -> None:
    with Database(repo.place.database):  # else each verb checkpoints when it closes
        repo.stage("mine")
        with running(repo):
            assert repo.swarm("--as", "alice", "commit", "-m", "mine").exit == 0
            until(lambda: is_at(repo, repo.head()), "the tip is known")

    assert moves(repo) == ["alice"]
    assert repo.swarm("status", "--json").data["branch"]["checked"] is True


def test_a_loop_that_does_not_act_writes_nothing(repo: Repo) -> None:
    with Database(repo.place.database) as db:
        build.report(db, "alice", "red", BuildRules(lease_s=0.1))
        before = dump(db)

        with running(repo, acts=False) as (live_config, _):
            land(repo, "more")
            repo.configure(lease_s=7)
            until(lambda: live_config.current.rules.lease_s == 7, "it watches all the same")

        assert dump(db) == before


def test_lost_events_are_recorded_for_doctor(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_watch, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(file_events.FileEvents, "wait", hear_nothing)
    with running(repo):
        write_elsewhere(repo.place.database, "update agents set role = 'elsewhere'")
        until(lambda: "the queue of events may have been full" in repo.swarm("doctor").out, "doctor tells of it")

    assert "WARNING" in log.log_path(repo.place.database).read_text()


def test_a_lease_that_runs_out_is_ended(repo: Repo) -> None:
    with running(repo), Database(repo.place.database) as db:
        build.report(db, "alice", "red", BuildRules(lease_s=0.5))

        until(lambda: build.current(db).status is BuildStatus.BROKEN, "the lease was ended")
