"""A hook that refuses a commit and writes files: what it changed is told by contents, and in whose work it was."""

import os
from pathlib import Path

import pytest

from tests.support.hook_programs import PRE_COMMIT
from tests.support.repo import Ran, Repo

REGENERATES = "#!/bin/sh\necho new > made.txt\nexit 1\n"


@pytest.fixture
def alone(repo: Repo) -> Repo:
    """A working tree that one agent has for itself, where `made.txt` is tracked."""
    repo.stage("made.txt", "old\n")
    repo.git("commit", "-q", "--no-verify", "-m", "a generated file")
    return repo.worktree("own")


def commit(repo: Repo, *words: str) -> Ran:
    return repo.swarm("--as", "alice", "--json", "commit", *(words or ("-m", "work")))


def verdict(ended: Ran) -> tuple[int, str]:
    return ended.exit, ended.data["verdict"]


def change_both(repo: Repo, name: str, text: str = "staged\n") -> None:
    """Stage a change, and make another one that stays unstaged."""
    repo.stage(name, text)
    repo.write(name, f"{text}unstaged\n")


def test_what_pre_commit_puts_aside_and_restores_is_no_change(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", os.fspath(repo.path.parent / "cache"))
    PRE_COMMIT.configure(repo)
    Path(repo.path / ".git/hooks/pre-commit").unlink()
    PRE_COMMIT.put_in(repo)
    repo.stage("broken")
    change_both(repo, "README")

    assert verdict(commit(repo)) == (81, "broken")
    assert (repo.path / "README").read_text() == "staged\nunstaged\n"


@pytest.mark.parametrize(
    "script",
    [
        "cp -p README ../kept; git checkout -q README; cat ../kept > README; exit 1",
        "touch -d 2001-01-01 README a.txt; exit 1",
        "cp README ../kept; mv ../kept README; exit 1",
    ],
)
def test_a_file_that_was_written_with_what_it_held_is_no_change(repo: Repo, script: str) -> None:
    repo.hook(f"#!/bin/sh\n{script}\n")
    repo.stage("a.txt")
    change_both(repo, "README")

    assert verdict(commit(repo)) == (81, "broken")


def test_unstaged_lines_that_the_hook_reformats_are_a_change(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nsed -i s/unstaged/reformed/ README; exit 1\n")
    change_both(repo, "README")

    assert verdict(commit(repo)) == (87, "files_modified")


def test_a_large_file_that_the_hook_reformats_is_a_change(repo: Repo) -> None:
    repo.hook("#!/bin/sh\necho more >> README; exit 1\n")
    change_both(repo, "README", "x" * 2_000_000 + "\n")

    assert verdict(commit(repo)) == (87, "files_modified")


def test_a_regenerated_file_that_was_not_staged_is_named(alone: Repo) -> None:
    alone.hook(REGENERATES)
    alone.stage("a.txt")

    ended = commit(alone)

    assert verdict(ended) == (87, "files_modified")
    assert ended.data["files"] == ["made.txt"]
    assert "made.txt" in ended.json["message"]


def test_a_file_that_was_regenerated_before_is_no_change(alone: Repo) -> None:
    alone.hook(REGENERATES)
    alone.stage("a.txt")
    first = commit(alone)

    again = commit(alone)

    assert (first.exit, again.exit) == (87, 81)


@pytest.mark.parametrize(
    "script",
    [
        "rm made.txt; exit 1",
        "chmod +x made.txt; exit 1",
        "ln -sf elsewhere made.txt; exit 1",
        "echo new > made.txt; git add made.txt; exit 1",
        "git rm -q --cached made.txt; exit 1",
    ],
)
def test_any_change_of_a_tracked_file_is_one(alone: Repo, script: str) -> None:
    alone.hook(f"#!/bin/sh\n{script}\n")
    alone.stage("a.txt")

    ended = commit(alone)

    assert (verdict(ended), ended.data["files"]) == ((87, "files_modified"), ["made.txt"])


@pytest.mark.parametrize("words", [["-m", "x"], ["-m", "x", "a.txt"], ["-am", "x"]])
def test_a_hook_that_stages_what_it_reformats_has_changed_files(repo: Repo, words: list[str]) -> None:
    repo.hook("#!/bin/sh\necho formatted >> a.txt; git add a.txt; exit 1\n")
    repo.stage("a.txt")

    ended = commit(repo, *words)

    assert (verdict(ended), ended.data["files"]) == ((87, "files_modified"), ["a.txt"])


def test_a_new_file_that_a_hook_stages_is_a_change(alone: Repo) -> None:
    alone.hook("#!/bin/sh\necho x > new.txt; git add new.txt; exit 1\n")
    alone.stage("a.txt")

    assert commit(alone).data["files"] == ["new.txt"]


def test_an_untracked_file_that_a_hook_writes_is_no_change(alone: Repo) -> None:
    alone.hook("#!/bin/sh\necho '<testsuite/>' > report.xml; exit 1\n")
    alone.stage("a.txt")

    assert verdict(commit(alone)) == (81, "broken")


def test_what_tests_that_fail_by_name_write_does_not_hide_them(alone: Repo) -> None:
    alone.hook("#!/bin/sh\ndate +%N > made.txt; echo 'FAILED tests/test_a.py::test_b - boom'; exit 1\n")
    alone.stage("a.txt")

    assert verdict(commit(alone)) == (81, "broken")


def test_line_ends_that_git_converts_are_no_change(alone: Repo) -> None:
    alone.git("config", "core.autocrlf", "true")
    alone.hook("#!/bin/sh\nfor file in made.txt a.txt README; do sed -i 's/$/\\r/' $file; done; exit 1\n")
    alone.stage("a.txt")
    change_both(alone, "README")

    assert verdict(commit(alone)) == (81, "broken")


def test_a_file_with_any_name_is_named(alone: Repo) -> None:
    name = "a b/ünï ☃\n.txt"
    alone.stage(name, "old\n")
    alone.git("commit", "-q", "--no-verify", "-m", "a name")
    alone.hook("#!/bin/sh\nfor file in 'a b'/*; do echo new > \"$file\"; done; exit 1\n")
    alone.stage("a.txt")

    assert commit(alone).data["files"] == [name]


# In a checkout that agents share, another one may have written it.


@pytest.fixture
def shared(repo: Repo) -> Repo:
    """The main working tree, in which alice and bob work; `made.txt` is tracked."""
    repo.stage("made.txt", "old\n")
    repo.git("commit", "-q", "--no-verify", "-m", "a generated file")
    repo.stage("a.txt")
    return repo


def test_what_another_agent_writes_meanwhile_is_not_the_hooks(shared: Repo) -> None:
    go_on = shared.path.parent / "go-on"
    os.mkfifo(go_on)
    shared.hook(f"#!/bin/sh\necho ready > '{go_on}'; cat '{go_on}'; exit 1\n")
    running = shared.start("--as", "alice", "--json", "commit", "-m", "work")
    go_on.read_text()
    shared.write("made.txt", "bob types\n")

    go_on.write_text("written\n")

    assert running.communicate(timeout=30) and running.returncode == 81


@pytest.mark.parametrize(
    "says", ["made.txt was out of date", "regenerated ./made.txt.", "- files were modified by this hook"]
)
def test_what_the_hook_says_it_wrote_is_the_hooks(shared: Repo, says: str) -> None:
    shared.hook(f"#!/bin/sh\necho new > made.txt; echo '{says}'; exit 1\n")

    ended = commit(shared)

    assert (verdict(ended), ended.data["files"]) == ((87, "files_modified"), ["made.txt"])


@pytest.mark.parametrize("says", ["", "unmade.txt", "made.txt.orig"])
def test_what_the_hook_does_not_name_may_be_another_agents(shared: Repo, says: str) -> None:
    shared.hook(f"#!/bin/sh\necho new > made.txt; echo '{says}'; exit 1\n")

    assert verdict(commit(shared)) == (81, "broken")


def test_the_holder_of_a_lock_is_who_wrote_the_file(shared: Repo) -> None:
    shared.hook(REGENERATES)
    shared.swarm("--as", "alice", "lock", "acquire", "made.txt")

    assert verdict(commit(shared)) == (87, "files_modified")


def test_what_another_agent_has_locked_is_not_the_hooks(shared: Repo) -> None:
    shared.hook("#!/bin/sh\necho new > made.txt; echo 'made.txt: files were modified by this hook'; exit 1\n")
    shared.swarm("--as", "bob", "lock", "acquire", "made.txt")

    assert verdict(commit(shared)) == (81, "broken")


def test_an_agent_that_is_the_only_one_shares_with_none(shared: Repo) -> None:
    shared.hook(REGENERATES)
    shared.swarm("--as", "bob", "agent", "leave")

    assert verdict(commit(shared)) == (87, "files_modified")


def test_a_worktree_in_which_another_agent_committed_is_shared(alone: Repo) -> None:
    alone.hook("#!/bin/sh\n")
    alone.stage("b.txt")
    assert alone.swarm("--as", "bob", "commit", "-m", "bob's").exit == 0
    alone.hook(REGENERATES)
    alone.stage("a.txt")

    assert verdict(commit(alone)) == (81, "broken")


def test_what_is_staged_but_not_in_this_commit_may_be_another_agents(shared: Repo) -> None:
    shared.hook("#!/bin/sh\necho more >> theirs.txt; exit 1\n")
    shared.stage("theirs.txt")

    assert verdict(commit(shared, "-m", "x", "a.txt")) == (81, "broken")


def test_a_check_that_passes_everywhere_shows_that_the_hook_changed_them(shared: Repo) -> None:
    shared.hook(REGENERATES)
    shared.configure(check="true")

    ended = commit(shared)

    assert (verdict(ended), ended.data["files"]) == ((87, "files_modified"), ["made.txt"])
