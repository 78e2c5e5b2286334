"""What other programs do to the swarm's files is seen on a dashboard in a real terminal, without a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import events
from swarm_agents.build.shared_branch import MOVED
from swarm_agents.db.database import Database
from swarm_agents.events import Event
from tests.support.foreign import write_elsewhere
from tests.support.repo import Repo, make_repo
from tests.support.terminal import DashboardTerminal, open_dashboard
from tests.support.tmux import Tmux, private_server
from tests.support.until import until


@pytest.fixture
def server() -> Iterator[Tmux]:
    with private_server() as started:
        yield started


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return make_repo(tmp_path / "work", ["alice"])


def database_of(repo: Repo) -> Path:
    return repo.path / ".git/swarm/swarm.db"


def open_in(server: Tmux, repo: Repo, *options: str) -> DashboardTerminal:
    """Opened in the repository, so that its configuration and branch apply; ready when its loop has begun."""
    terminal = open_dashboard(server, None, *options, folder=repo.path)
    if "--read-only" not in options:
        until(lambda: tip_is_known(repo), "the background loop has seen the branch")
    return terminal


def tip_is_known(repo: Repo) -> bool:
    with Database(database_of(repo)) as db, db.reading() as tx:
        return tx.one("select 1 from shared_branch") is not None


def moves_of(repo: Repo) -> list[Event]:
    with Database(database_of(repo)) as db, db.reading() as tx:
        return [event for event in events.list_after(tx, 0, 1000) if event.kind == MOVED]


@pytest.mark.parametrize("options", [(), ("--read-only",)])
def test_a_row_that_another_program_updates_is_painted(server: Tmux, repo: Repo, options: tuple[str, ...]) -> None:
    terminal = open_in(server, repo, *options)
    terminal.shows("alice")

    write_elsewhere(database_of(repo), "update agents set name = 'renamed-elsewhere' where name = 'alice'")

    terminal.shows("renamed-elsewhere")


def test_a_changed_swarm_toml_takes_effect_and_a_wrong_one_is_shown_with_its_line(server: Tmux, repo: Repo) -> None:
    terminal = open_in(server, repo)

    repo.write("swarm.toml", "[build]\nlease_s = 10\nwait_s = -1\n")
    terminal.shows("The old configuration", "✗ configuration", "swarm.toml, line 3:", "'build.wait_s' must be")

    repo.write("swarm.toml", "[build]\nlease_s = 10\n")
    terminal.shows("swarm.toml was read again")
    terminal.gone("✗ configuration")


def test_a_pull_is_painted_and_recorded_once_and_makes_the_last_check_an_older_one(server: Tmux, repo: Repo) -> None:
    repo.configure(check="true")
    repo.git("add", "swarm.toml")
    repo.git("commit", "-q", "-m", "configure")
    assert repo.swarm("build", "check").exit == 0
    repo.git("clone", "-q", ".", "../colleague")
    colleague = Repo(repo.path.parent / "colleague")
    colleague.git("config", "user.name", "Col League")
    colleague.git("config", "user.email", "col@example.org")
    colleague.stage("theirs")
    colleague.git("commit", "-q", "-m", "Theirs, from elsewhere")
    courier = repo.start("courier")
    try:
        terminal = open_in(server, repo)
        terminal.shows(f"main {repo.head()[:7]} configure", ", last check ")

        repo.git("pull", "-q", "../colleague", "main")

        terminal.shows("The shared branch moved", f"main {repo.head()[:7]} Theirs, from elsewhere, no check since")
    finally:
        courier.terminate()
        courier.communicate(timeout=30)
    [moved] = moves_of(repo)
    assert (moved.actor, repo.head()[:10] in moved.detail, "by Col League" in moved.detail) == ("swarm", True, True)
    assert repo.swarm("status", "--json").data["branch"]["checked"] is False
    assert "The last check is older and says nothing about it." in repo.swarm("status").out
    assert repo.swarm("build", "check").exit == 0
    assert repo.swarm("status", "--json").data["branch"]["checked"] is True
