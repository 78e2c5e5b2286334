"""A repository for each flow, copied from one that was made once."""

import shutil
from pathlib import Path

import pytest

from tests.support.repo import Repo, make_repo


@pytest.fixture(scope="session")
def finished_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repo(tmp_path_factory.mktemp("template") / "repo", agents=["alice", "bob"]).path


@pytest.fixture
def repo(finished_repo: Path, tmp_path: Path) -> Repo:
    """A repository with one commit, a hook that refuses while a file `broken` exists, and the agents alice and bob."""
    shutil.copytree(finished_repo, tmp_path / "repo", symlinks=True)
    return Repo(tmp_path / "repo")
