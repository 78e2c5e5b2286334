"""What is read from git's files is what git says; where only git can tell, it is asked."""

import os
from pathlib import Path

import pytest

from swarm_agents import place
from swarm_agents.git import directory, repository
from tests.support.repo import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "ü repo")
    made.path.mkdir()
    made.git("init", "-q", "-b", "main")
    made.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "begin")
    return made


def read(where: Path) -> directory.Worktree | None:
    return directory.find_worktree(os.path.realpath(where))


def asked(where: Path) -> directory.Worktree | None:
    found = repository.find_repository(where)
    return found and found.root and directory.Worktree(str(found.root), str(found.common_dir))


def below(where: Path) -> Path:
    (where / "a/b").mkdir(parents=True)
    return where / "a/b"


def test_at_the_top_and_below_it(repo: Repo) -> None:
    for where in (repo.path, below(repo.path)):
        assert read(where) == asked(where) == directory.Worktree(str(repo.path), str(repo.path / ".git"))


def test_in_a_linked_worktree(repo: Repo) -> None:
    beside = repo.worktree("beside")

    assert (
        read(below(beside.path)) == asked(beside.path) == directory.Worktree(str(beside.path), str(repo.path / ".git"))
    )


def test_before_the_first_commit_and_on_a_detached_head(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "--detach")
    empty = Repo(tmp_path / "empty")
    empty.path.mkdir()
    empty.git("init", "-q")

    for one in (repo, empty):
        assert read(one.path) == asked(one.path) != None  # noqa: E711 - each of the three is compared


def test_in_a_repository_within_another(repo: Repo) -> None:
    inner = Repo(below(repo.path))
    inner.git("init", "-q")

    assert read(inner.path) == asked(inner.path) == directory.Worktree(str(inner.path), str(inner.path / ".git"))


def test_with_settings_of_this_worktree_alone(repo: Repo) -> None:
    repo.git("config", "extensions.worktreeConfig", "true")
    repo.git("config", "--worktree", "core.hooksPath", "hooks")

    assert read(repo.path) == asked(repo.path) == directory.Worktree(str(repo.path), str(repo.path / ".git"))


def set_worktree(repo: Repo) -> Path:
    below(repo.path)
    repo.git("config", "core.worktree", "../a")
    return repo.path


def set_worktree_of_this_worktree(repo: Repo) -> Path:
    below(repo.path)
    repo.git("config", "extensions.worktreeConfig", "true")
    (repo.path / ".git/config.worktree").write_text("[core] worktree = ../a\n")
    return repo.path


def make_bare(repo: Repo) -> Path:
    repo.git("config", "core.bare", "true")
    return repo.path


def make_submodule(repo: Repo) -> Path:
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.path), "part")
    return repo.path / "part"


def link_the_git_directory(repo: Repo) -> Path:
    (repo.path / ".git").rename(repo.path.parent / "elsewhere")
    (repo.path / ".git").symlink_to(repo.path.parent / "elsewhere")
    return repo.path


def break_the_inner_one(repo: Repo) -> Path:
    inner = below(repo.path)
    (inner / ".git").mkdir()
    return inner


def enter_the_git_directory(repo: Repo) -> Path:
    return repo.path / ".git/refs"


@pytest.mark.parametrize(
    "make",
    [
        set_worktree,
        set_worktree_of_this_worktree,
        make_bare,
        make_submodule,
        link_the_git_directory,
        break_the_inner_one,
        enter_the_git_directory,
    ],
)
def test_what_only_git_can_tell_is_left_to_git(repo: Repo, make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    where = make(repo)  # type: ignore[operator]
    monkeypatch.chdir(where)
    git_says = repository.find_repository(where)

    assert read(where) is None
    assert git_says is not None
    assert place.find().root == (None if git_says.root is None else str(git_says.root))
    assert place.find().database == str(git_says.common_dir / "swarm/swarm.db")


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CONFIG_COUNT"])
def test_an_environment_that_directs_git_is_left_to_git(repo: Repo, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "0")

    assert read(repo.path) is None


def test_outside_of_a_repository_git_is_asked(tmp_path: Path) -> None:
    assert read(tmp_path) is None
