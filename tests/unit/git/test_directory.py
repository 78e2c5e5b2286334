"""What a hook reads from git's files is what git says; what it cannot read there, it does not guess."""

import os
from pathlib import Path

import pytest

from swarm_agents import place
from swarm_agents.gate import gate
from swarm_agents.git import directory, refs
from tests.support.repo import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "ü repo")
    made.path.mkdir()
    made.git("init", "-q", "-b", "main")
    return made


def begun(repo: Repo) -> Repo:
    repo.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "begin")
    return repo


def test_before_the_first_commit_the_branch_is_known(repo: Repo) -> None:
    assert directory.read_branch(repo.path / ".git") == refs.read_branch(repo.path) == "refs/heads/main"


def test_a_branch_of_any_name_is_git_s_name(repo: Repo) -> None:
    begun(repo).git("checkout", "-q", "-b", "fix/ünï-#1")

    assert directory.read_branch(repo.path / ".git") == refs.read_branch(repo.path)


def test_a_detached_head_is_on_no_branch(repo: Repo) -> None:
    begun(repo).git("checkout", "-q", "--detach")

    assert directory.read_branch(repo.path / ".git") is None


def test_a_linked_worktree_has_its_own_branch_and_shares_the_rest(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = begun(repo).worktree("beside")
    own = Path(beside.git("rev-parse", "--absolute-git-dir"))
    monkeypatch.chdir(beside.path)

    told, found = place.find_for_hook(str(own)), place.find()

    assert directory.read_branch(own) == "refs/heads/beside"
    assert told == found._replace(git_dir=str(own))


def test_from_the_working_tree_a_hook_is_where_git_says(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)

    assert place.find_for_hook(".git") == place.find()._replace(git_dir=str(repo.path / ".git"))


def test_within_the_git_directory_there_is_no_working_tree(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path / ".git")

    assert place.find_for_hook(".").root is None


@pytest.mark.parametrize("kept", ["link", "table"])
def test_where_head_is_no_plain_file_git_is_asked(repo: Repo, kept: str) -> None:
    head = repo.path / ".git/HEAD"
    if kept == "link":
        head.unlink()
        head.symlink_to("refs/heads/main")
    else:
        head.write_text("ref: refs/heads/.invalid\n")  # as git leaves it beside a table of refs

    with pytest.raises(LookupError):
        directory.read_branch(repo.path / ".git")


def test_and_its_answer_counts(repo: Repo) -> None:
    begun(repo)
    head = repo.path / ".git/HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")
    at = place.Place(str(repo.path / "swarm.db"), str(repo.path), git_dir=str(repo.path / ".git"))

    assert gate._read_branch(at, str(repo.path)) == "refs/heads/main"
    assert os.path.islink(head)
