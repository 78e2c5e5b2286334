"""A sync that is killed, or that meets edits, other agents or files in its way, loses nothing and tells what is so."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.commits import assert_same_work, commit, leave_behind, read_work
from tests.support.processes import LIMIT_S
from tests.support.repo import Ran, Repo
from tests.support.until import until

REBASE, MERGE = "git rebase -q alice", "git merge -q --no-edit alice"
ANYTHING = ("--allow-empty", "-m", "x")

# Kills the program that runs it before the first command with these words, and is git else.
KILLING_GIT = """#!/bin/sh
case " $* " in *" $KILL_AT"*) [ -e "$0.done" ] || { touch "$0.done"; kill -9 $PPID; exit 1; } ;; esac
exec %s "$@"
"""


@pytest.fixture
def alice(two_trees: tuple[Repo, Repo]) -> Repo:
    return two_trees[0]


@pytest.fixture
def bob(two_trees: tuple[Repo, Repo]) -> Repo:
    """bob's branch has commits of its own, so that a sync cannot fast-forward it."""
    made = two_trees[1]
    made.git("commit", "-q", "-m", "bob's first", "--no-verify")
    for name in ("one", "two"):
        made.stage(name, f"{name}\n")
    made.git("commit", "-q", "-m", "bob's files", "--no-verify")
    ignore = made.path.parent / "ignore"
    ignore.write_text("*.env\nout\nswarm.toml\n", encoding="utf-8")
    made.git("config", "core.excludesFile", os.fspath(ignore))
    return made


def bring(alice: Repo, name: str, text: str = "alice's\n") -> None:
    """A file that comes with the fix."""
    alice.write(name, text)
    alice.git("add", "-f", "--", name)


def change(bob: Repo) -> None:
    """Changes of each kind, so that a rebase works only while they are put aside."""
    bob.stage("new", "staged\n")
    bob.stage("one", "staged\n")
    bob.write("one", "not staged\n")
    bob.write("two", "not staged\n")
    bob.write("intended", "by intent\n")
    bob.git("add", "-N", "intended")


def kill_at(bob: Repo, words: str) -> None:
    """Call `swarm commit`, which dies before it runs git with these words."""
    folder = bob.path.parent / "killing"
    folder.mkdir()
    (folder / "git").write_text(KILLING_GIT % shutil.which("git"), encoding="utf-8")
    (folder / "git").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    assert (
        bob.swarm("--as", "bob", "commit", "-q", *ANYTHING, "--only", PATH=path, KILL_AT=words).exit == -signal.SIGKILL
    )


# Killed.


@pytest.mark.parametrize(
    "words",
    ["update-ref refs/worktree", "diff --raw", "restore --staged", "read-tree", "update-index -q", "update-ref -d"],
)
def test_a_sync_that_was_killed_leaves_no_trace_after_the_next_call(alice: Repo, bob: Repo, words: str) -> None:
    leave_behind(alice)
    change(bob)
    bob.configure(sync=REBASE)

    kill_at(bob, words)
    again = commit(bob, "bob", "--only", *ANYTHING)

    assert again.exit == 0, again
    assert_changed(bob)


def assert_changed(bob: Repo) -> None:
    """`change` is in the working tree, staged or not as before."""
    assert bob.git("diff", "--name-only").split() == ["intended", "one", "two"]
    assert bob.git("diff", "--cached", "--name-only").split() == ["new", "one"]
    assert (bob.path / "one").read_text() == "not staged\n"
    assert bob.git("show", ":one") == "staged"


def test_changes_are_restored_where_the_setting_of_the_sync_was_put_aside_with_them(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    change(bob)
    bob.configure(sync=f"{REBASE} && kill -9 $PPID")
    bob.git("add", "-f", "swarm.toml")

    bob.swarm("--as", "bob", "commit", "-q", "--only", *ANYTHING)
    bob.git("reset", "-q", "--", "swarm.toml") if (bob.path / "swarm.toml").exists() else None
    again = commit(bob, "bob", "--only", *ANYTHING)

    assert again.exit == 0, again
    assert (bob.path / "swarm.toml").exists()
    assert (bob.path / "one").read_text() == "not staged\n"


def test_a_link_that_a_killed_sync_replaced_is_kept_in_a_commit(alice: Repo, bob: Repo) -> None:
    bring(alice, "my secret.env")
    leave_behind(alice)
    (bob.path / "my secret.env").symlink_to("/nowhere")
    bob.configure(sync=f"{MERGE}; kill -9 $PPID")

    bob.swarm("--as", "bob", "commit", "-q", *ANYTHING)
    told = commit(bob, "bob", *ANYTHING)

    assert told.exit == 86, told
    assert bob.shell(f'test "$({told.json["next"]})" = /nowhere') == 0
    assert commit(bob, "bob", *ANYTHING).exit == 0


def test_changes_that_cannot_be_written_come_back_with_the_next_call(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    change(bob)
    in_the_way = '"$(git rev-parse --git-dir)/swarm-saved/restoring"'
    bob.configure(sync=f"{REBASE} && {{ [ -e ../once ] || mkdir {in_the_way} ../once; }}")

    failed = commit(bob, "bob", "--only", *ANYTHING)
    bob.shell(f"rmdir {in_the_way}")
    again = commit(bob, "bob", "--only", *ANYTHING)

    assert failed.exit == 73 and "come back first" in failed.json["message"], failed
    assert again.exit == 0, again
    assert_changed(bob)


def test_changes_that_conflict_after_a_kill_are_named_and_kept(alice: Repo, bob: Repo) -> None:
    bring(alice, "README")
    leave_behind(alice)
    bob.stage("README", "bob's\n")
    bob.stage("one", "bob's\n")
    bob.configure(sync=f"{REBASE} && kill -9 $PPID")

    bob.swarm("--as", "bob", "commit", "-m", "x")
    told = commit(bob, "bob")
    bob.shell(told.json["next"])

    assert (told.exit, told.data["conflicts"]) == (86, ["README"]), told
    assert bob.git("diff", "--name-only", "--diff-filter=U") == "README"


# Two at once in one working tree.


def test_a_commit_waits_for_the_sync_of_another_agent_in_the_same_working_tree(alice: Repo, bob: Repo) -> None:
    bob.join("carol")
    leave_behind(alice)
    change(bob)
    go_on = bob.path.parent / "go on"
    bob.configure(sync=f"{REBASE} && until [ -e '{go_on}' ]; do sleep 0.01; done")
    syncing = bob.start("--as", "bob", "commit", "-m", "bob's", "one")
    until(lambda: (bob.path / "a.txt").exists(), "the fix is there, and bob's changes are put aside")

    waiting = bob.start("--as", "carol", "commit", "-m", "carol's", "two")
    until(lambda: _has_open(waiting.pid, "swarm-turn"), "carol's commit waits for its turn")
    go_on.touch()

    for running in (syncing, waiting):
        _, told = running.communicate(timeout=LIMIT_S)
        assert running.returncode == 0, told
    assert bob.git("log", "-2", "--format=", "--name-only").split() in (["one", "two"], ["two", "one"])
    assert bob.git("status", "--porcelain", "--untracked-files=no") == "A intended\nA  new"


def _has_open(pid: int, name: str) -> bool:
    return any(os.readlink(file).endswith(name) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink())


def test_a_sync_begins_with_what_the_killed_one_of_another_agent_had_put_aside(alice: Repo, bob: Repo) -> None:
    bob.join("carol")
    change(bob)
    bob.configure(sync=f"{REBASE} || exit 1; [ -e ../killed ] || {{ touch ../killed; kill -9 $PPID; }}")
    assert commit(alice, "alice").exit == 81
    killed, stopped = [bob.start("--as", name, "commit", "--only", *ANYTHING) for name in ("bob", "carol")]
    until(lambda: len(bob.swarm("status", "--json").data["waiting"]) == 2, "both agents wait")

    stopped.send_signal(signal.SIGSTOP)
    (alice.path / "broken").unlink()
    assert commit(alice, "alice").exit == 0
    killed.communicate(timeout=LIMIT_S)
    stopped.send_signal(signal.SIGCONT)
    told = stopped.communicate(timeout=LIMIT_S)

    assert killed.returncode == -signal.SIGKILL, told
    assert_changed(bob)


# Edits while the changes are put aside.


@pytest.mark.parametrize("theirs", ["beside", "README"])
@pytest.mark.parametrize("name", ["new", "two"])
def test_an_edit_of_a_file_that_is_put_aside_stays(alice: Repo, bob: Repo, name: str, theirs: str) -> None:
    bring(alice, theirs)
    leave_behind(alice)
    change(bob)
    bob.stage("README", "bob's\n")
    bob.configure(sync=f"{REBASE} && echo 'edited meanwhile' > {name}")
    mine = bob.git("hash-object", name)

    ended = commit(bob, "bob", "--only", *ANYTHING)

    assert ended.exit == (0 if theirs == "beside" else 86), ended
    assert (bob.path / name).read_text() == "edited meanwhile\n"
    assert mine in bob.git("rev-list", "--objects", "--glob=refs/worktree/*")


# In the way of the fix.


@pytest.mark.parametrize(("mine", "theirs"), [("out/secret", "out"), ("out", "out/file")])
def test_an_ignored_file_and_a_folder_of_the_fix_do_not_replace_each_other(
    alice: Repo, bob: Repo, mine: str, theirs: str
) -> None:
    bring(alice, theirs)
    leave_behind(alice)
    bob.write(mine, "precious\n")
    bob.configure(sync=MERGE)
    before = read_work(bob)

    ended = commit(bob, "bob", *ANYTHING)

    assert ended.exit == 86 and mine in ended.json["message"], ended
    assert_same_work(bob, before)


@pytest.mark.parametrize(("mine", "theirs"), [("down/file", "down"), ("down", "down/file")])
def test_a_staged_file_and_a_folder_of_the_fix_conflict(alice: Repo, bob: Repo, mine: str, theirs: str) -> None:
    bring(alice, theirs)
    leave_behind(alice)
    change(bob)
    bob.stage(mine, "mine\n")
    bob.configure(sync=MERGE)
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert (ended.exit, ended.data["conflicts"]) == (86, [mine]), ended
    assert_same_work(bob, before)


def test_a_replaced_file_is_found_among_a_thousand_that_the_sync_wrote(alice: Repo, bob: Repo) -> None:
    bring(alice, "secret.env")
    leave_behind(alice)
    for number in range(1100):
        bob.write(f"built-{number}.env", "old\n")
    bob.write("secret.env", "precious\n")
    bob.configure(sync=f"for it in built*; do rm $it; echo new > $it; done; {MERGE}")

    ended = commit(bob, "bob", *ANYTHING)

    assert ended.exit == 86, ended
    assert (bob.path / "secret.env").read_text() == "precious\n"


def test_what_a_sync_replaced_is_kept_where_it_cannot_be_undone(alice: Repo, bob: Repo) -> None:
    bring(alice, "secret.env")
    leave_behind(alice)
    bob.write("secret.env", "precious\n")
    bob.configure(sync=f'{MERGE}; touch "$(git rev-parse --git-path index.lock)"; exit 1')

    failed = commit(bob, "bob", *ANYTHING)
    Path(bob.git("rev-parse", "--git-path", "index.lock")).unlink()
    told = commit(bob, "bob", *ANYTHING)

    assert failed.exit == 86 and "could not be undone" in failed.json["message"]
    assert (told.exit, told.data["conflicts"]) == (86, ["secret.env"]), told
    assert bob.shell(f'test "$({told.json["next"]})" = precious') == 0


def test_a_file_that_was_added_by_intent_stays_so_where_changes_are_merged(alice: Repo, bob: Repo) -> None:
    lines = [f"{number}\n" for number in range(30)]
    bring(alice, "long", "".join(lines))
    alice.git("commit", "-q", "-m", "long", "--no-verify", "--", "long")
    bob.git("merge", "-q", "--no-edit", "alice")
    bring(alice, "long", "".join(["alice's\n", *lines[1:]]))
    leave_behind(alice)
    change(bob)
    bob.write("long", "".join([*lines[:-1], "bob's\n"]))
    bob.configure(sync=REBASE)

    ended = commit(bob, "bob", "-am", "x")

    assert ended.exit == 0, ended
    assert "intended" in bob.git("show", "--name-only", "--format=").split()


def test_the_folder_of_the_caller_may_be_put_aside(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    bob.stage("fresh/file", "staged\n")
    bob.write("two", "not staged\n")
    bob.configure(sync=REBASE)

    ended = commit(Repo(bob.path / "fresh"), "bob", "-m", "x", "file")

    assert ended.exit == 0, ended
    assert bob.git("show", "--name-only", "--format=") == "fresh/file"


@pytest.mark.parametrize("setting", ["GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"])
def test_changes_are_put_aside_whatever_the_environment_says_of_paths(alice: Repo, bob: Repo, setting: str) -> None:
    leave_behind(alice)
    change(bob)
    bob.configure(sync=REBASE)

    ended = bob.swarm("--as", "bob", "commit", "--only", *ANYTHING, **{setting: "1"})

    assert ended.exit == 0, ended
    assert_changed(bob)


# What is told.


@pytest.mark.parametrize("command", [f"{MERGE} || exit 3 # as we do", f"# as we do:\n\techo '%s\\t' >&2\n{MERGE}\n"])
def test_the_command_that_is_told_works_in_the_folder_of_the_caller(alice: Repo, bob: Repo, command: str) -> None:
    alice.stage("README", "alice's\n")
    leave_behind(alice)
    bob.stage("README", "bob's\n")
    bob.write("a folder/intended *", "by intent\n")
    bob.git("add", "-N", "a folder")
    bob.configure(sync=command)
    below = Repo(bob.path / "a folder")

    refused = _commit_in(below)
    assert refused.exit == 86, refused
    below.shell(refused.json["next"])
    bob.stage("README", "both\n")

    assert refused.exit == 86, refused
    assert bob.git("log", "-1", "--format=%s") == "Merge branch 'alice' into bob"
    assert _commit_in(below).exit == 0
    assert (below.path / "intended *").read_text() == "by intent\n"


def _commit_in(folder: Repo) -> Ran:
    return commit(folder, "bob", "-m", "x", "--", ":/README")


def test_a_conflict_that_is_not_resolved_is_named_before_anything_is_tried(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    bob.configure(sync=REBASE)
    bob.write("one", "in the stash\n")
    bob.git("stash", "-q")
    bob.stage("one", "committed\n")
    bob.git("commit", "-q", "-m", "one", "--no-verify")
    assert bob.shell("git stash pop -q") == 1
    before = read_work(bob)

    ended = commit(bob, "bob", "--only", *ANYTHING)

    assert (ended.exit, ended.data["conflicts"]) == (86, ["one"]), ended
    assert_same_work(bob, before)


def test_a_sync_that_does_not_bring_in_the_fix_is_not_told_again(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    bob.configure(sync="git commit -q --allow-empty --no-verify -m elsewhere")

    ended = commit(bob, "bob", *ANYTHING)
    bob.shell(ended.json["next"])

    assert ended.exit == 93, ended
    assert commit(bob, "bob", *ANYTHING).exit == 0


def test_control_characters_of_the_command_are_not_told(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    change(bob)
    bob.configure(sync="printf '\x1b[31m\u202e' > ../written; false")

    ended = commit(bob, "bob", "--only", *ANYTHING)
    (bob.path.parent / "written").unlink()
    bob.shell(ended.json["next"])

    assert ended.json["next"].isprintable()
    assert (bob.path.parent / "written").read_text(encoding="utf-8") == "\x1b[31m\u202e"
