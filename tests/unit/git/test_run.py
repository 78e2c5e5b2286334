"""Running git: what is missing is named, git itself or the folder to run it in."""

from pathlib import Path

import pytest

from swarm_agents.errors import Unavailable
from swarm_agents.git.run import run_git


def test_a_folder_that_was_removed_is_not_called_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="gone does not exist any more"):
        run_git(["version"], tmp_path / "gone")


def test_a_missing_git_is_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unavailable, match="git is not installed"):
        run_git(["version"], tmp_path)
