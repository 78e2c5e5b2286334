"""The arguments of `swarm commit`: the tree that a commit with them would have, on a real index."""

import os
import subprocess
from pathlib import Path

import pytest

from swarm_agents.commit import arguments
from swarm_agents.commit.arguments import CommitContents
from swarm_agents.git import worktrees
from tests.support.repo import Repo, environment


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """`one` and `two` are changed, `three` is staged; the caller stands in the repository."""
    made = Repo(tmp_path / "repo")
    made.path.mkdir()
    for words in (["init", "-q"], ["config", "user.name", "T"], ["config", "user.email", "t@e"]):
        made.git(*words)
    for name in ("one", "two"):
        made.stage(name, "before\n")
    made.git("commit", "-q", "-m", "begin")
    made.stage("three", "staged\n")
    for name in ("one", "two"):
        made.write(name, "changed\n")
    made.write("listed", "one\n")
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.parametrize(
    "words",
    [
        ["-m", "x"],
        ["-am", "x"],
        ["--all", "-m", "x"],
        ["-m", "x", "one"],
        ["-m", "x", "--only", "--", "one", "two"],
        ["-i", "-m", "x", "one"],
        ["-im", "x", "one"],
        ["--include", "-m", "x", "--", "one"],
        ["-m", "x", "--pathspec-from-file=listed"],
        ["-m", "x", "--pathspec-from-file", "listed"],
        ["-m", "x", "-i", "--pathspec-from-file=listed", "--pathspec-file-nul"],
        ["-m", "-a", "one"],
        ["-m", "-i"],
    ],
    ids=" ".join,
)
def test_the_tree_that_is_judged_is_the_tree_that_git_commits(repo: Repo, words: list[str]) -> None:
    if "--pathspec-file-nul" in words:
        repo.write("listed", "one\0two\0")

    told = worktrees.write_tree_to_commit(repo.path, *read_contents(words))
    subprocess.run(["git", "commit", "-q", *words], cwd=repo.path, env=environment(), check=True)

    assert told == repo.git("rev-parse", "HEAD^{tree}")


def test_looking_leaves_the_index_alone(repo: Repo) -> None:
    before = repo.git("status", "--porcelain")

    worktrees.write_tree_to_commit(repo.path, *read_contents(["-i", "one"]))

    assert repo.git("status", "--porcelain") == before


def test_paths_are_read_from_where_the_caller_stands(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write("below/four", "new\n")
    repo.git("add", "--intent-to-add", "below/four")
    monkeypatch.chdir(os.fspath(repo.path / "below"))

    told = worktrees.write_tree_to_commit(repo.path, *read_contents(["four"]))

    assert told and "below/four" in repo.git("ls-tree", "-r", "--name-only", told)


def test_values_of_options_are_neither_options_nor_paths() -> None:
    assert read_contents(["-m", "--all", "--author", "a", "-F", "one", "-mai"]) == CommitContents()


def read_contents(words: list[str]) -> CommitContents:
    return arguments.read_contents(arguments.read_arguments(words))
