"""What flows begin with: a repository copied from one that was made once, and a tmux server of their own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.courier_swarm import CourierSwarm
from tests.support.repo import Repo, make_repo
from tests.support.tmux import Tmux, private_server


@pytest.fixture(scope="session")
def finished_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repo(tmp_path_factory.mktemp("template") / "repo", agents=["alice", "bob"]).path


@pytest.fixture
def repo(finished_repo: Path, tmp_path: Path) -> Repo:
    """A repository with one commit, a hook that refuses while a file `broken` exists, and the agents alice and bob."""
    shutil.copytree(finished_repo, tmp_path / "repo", symlinks=True)
    return Repo(tmp_path / "repo")


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    with private_server() as server:
        yield server


@pytest.fixture
def swarm(tmux: Tmux, db_path: Path) -> Iterator[CourierSwarm]:
    """Agents in panes of that server, and a courier whose rounds the test calls."""
    made = CourierSwarm(tmux, db_path)
    yield made
    made.close()
