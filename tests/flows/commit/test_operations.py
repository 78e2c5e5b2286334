"""`swarm commit` in the middle of a merge, a cherry-pick, a rebase and so on: it is the user's, and stays as it is."""

import subprocess
from collections.abc import Callable

import pytest

from tests.support.commits import assert_same_work, commit, leave_behind, read_work, repair, status
from tests.support.repo import Repo, environment
from tests.support.until import until

WAIT_LIMIT_S = 30
ADA = "--author=Ada <ada@example.org>"


def begin_merge(bob: Repo) -> None:
    _fork(bob)
    _git_that_stops(bob, "merge", "other")


def begin_cherry_pick(bob: Repo) -> None:
    _fork(bob)
    _git_that_stops(bob, "cherry-pick", "other")


def begin_revert(bob: Repo) -> None:
    _fork(bob)
    _change(bob, "again\n", "bob again")
    _git_that_stops(bob, "revert", "--no-edit", "HEAD^")


def begin_am(bob: Repo) -> None:
    _fork(bob)
    patch = bob.path.parent / "patch"
    patch.write_text(bob.git("format-patch", "--stdout", "-1", "other") + "\n", encoding="utf-8")
    _git_that_stops(bob, "am", "-3", str(patch))


def begin_rebase(bob: Repo) -> None:
    _fork(bob)
    _git_that_stops(bob, "rebase", "other")


def begin_edit(bob: Repo) -> None:
    """A rebase that stops after a commit, to change it."""
    _change(bob, "bob's\n", "bob's")
    _git_that_stops(bob, "rebase", "-i", "HEAD^", GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/")


def begin_exec(bob: Repo) -> None:
    _change(bob, "bob's\n", "bob's")
    _git_that_stops(bob, "rebase", "--exec", "false", "HEAD^")


def begin_bisect(bob: Repo) -> None:
    _change(bob, "bob's\n", "bob's")
    bob.git("bisect", "start", "HEAD", "HEAD^^")


BEGINNINGS = [
    begin_merge,
    begin_cherry_pick,
    begin_revert,
    begin_am,
    begin_rebase,
    begin_edit,
    begin_exec,
    begin_bisect,
]


def _change(bob: Repo, text: str, subject: str) -> None:
    bob.stage("README", text)
    bob.git("commit", "-q", "-m", subject, "--no-verify")


def _fork(bob: Repo) -> None:
    """bob's branch and the branch `other`, whose commit is Ada's, change the same line."""
    bob.git("switch", "-q", "-c", "other")
    bob.stage("README", "Ada's\n")
    bob.git("commit", "-q", "-m", "Ada's", "--no-verify", ADA)
    bob.git("switch", "-q", "bob")
    _change(bob, "bob's\n", "bob's")


def _git_that_stops(bob: Repo, *words: str, **extra: str) -> None:
    subprocess.run(["git", *words], cwd=bob.path, env=environment() | extra, capture_output=True, check=False)


@pytest.fixture
def alice(two_trees: tuple[Repo, Repo]) -> Repo:
    return two_trees[0]


@pytest.fixture
def bob(two_trees: tuple[Repo, Repo]) -> Repo:
    made = two_trees[1]
    made.git("commit", "-q", "-m", "bob's first", "--no-verify")
    made.configure(sync="git merge -q --no-edit alice", wait_s=20)
    return made


@pytest.mark.parametrize("begin", BEGINNINGS)
@pytest.mark.parametrize("resolved", [True, False])
def test_an_operation_in_progress_is_left_as_it_is_and_named(
    alice: Repo, bob: Repo, begin: Callable[[Repo], None], resolved: bool
) -> None:
    leave_behind(alice)
    begin(bob)
    if resolved:
        bob.stage("README", "both\n")
    bob.write("b.txt", "not staged\n")
    before = read_work(bob)

    ended = commit(bob, "bob")

    conflicts = not resolved and begin not in (begin_edit, begin_exec, begin_bisect)
    assert ended.exit == (86 if conflicts else 93)
    assert_same_work(bob, before)


@pytest.mark.parametrize(
    ("begin", "name", "abort"),
    [
        (begin_merge, "merge", "git merge --abort"),
        (begin_cherry_pick, "cherry-pick", "git cherry-pick --abort"),
        (begin_rebase, "rebase", "git rebase --abort"),
        (begin_am, "am", "git am --abort"),
        (begin_bisect, "bisect", "git bisect reset"),
    ],
)
def test_what_lacks_the_fix_is_told_the_operation_and_its_commands(
    alice: Repo, bob: Repo, begin: Callable[[Repo], None], name: str, abort: str
) -> None:
    leave_behind(alice)
    begin(bob)
    bob.stage("README", "both\n")

    ended = commit(bob, "bob")

    assert ended.exit == 93
    assert f"A {name} is in progress" in ended.json["message"] and abort in ended.json["message"]


def test_a_merge_that_was_resolved_by_hand_lands_with_the_fix_that_was_applied_as_told(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    begin_merge(bob)
    bob.stage("README", "both\n")
    told = commit(bob, "bob").json["next"]

    assert bob.shell(told) == 0
    landed = commit(bob, "bob")

    assert landed.exit == 0, landed
    assert len(bob.git("rev-parse", "HEAD^@").split()) == 2
    assert bob.git("show", "HEAD:README") == "both"


def test_a_cherry_pick_keeps_its_author_through_a_wait(alice: Repo, bob: Repo) -> None:
    assert commit(alice, "alice").exit == 81
    begin_cherry_pick(bob)
    bob.stage("README", "both\n")
    waiting = bob.start("--as", "bob", "commit", "--no-edit")
    until(lambda: bob.swarm("status", "--json").data["waiting"], "bob waits")

    bob.git("rm", "-q", "-f", "broken")  # so that bob's tree is good, whatever it lacks
    repair(alice)
    waiting.communicate(timeout=WAIT_LIMIT_S)

    assert waiting.returncode == 0
    assert bob.git("log", "-1", "--format=%an") == "Ada"


def test_a_merge_that_waits_at_the_gate_is_not_touched_by_the_sync(alice: Repo, bob: Repo) -> None:
    assert bob.swarm("setup", "git").exit == 0
    assert commit(alice, "alice").exit == 81
    begin_merge(bob)
    bob.stage("README", "both\n")
    before = read_work(bob)
    waiting = bob.start("--as", "bob", "commit", "-m", "merge it")
    until(lambda: bob.swarm("status", "--json").data["waiting"], "bob waits")

    repair(alice)
    waiting.communicate(timeout=WAIT_LIMIT_S)

    assert waiting.returncode == 93
    assert_same_work(bob, before)


def test_a_sync_that_was_killed_in_a_merge_leaves_the_merge_to_the_user(alice: Repo, bob: Repo) -> None:
    bob.configure(sync="git merge -q --no-edit alice || { touch stopped; exec sleep 20; }")
    bob.stage("a.txt", "bob's own a\n")
    bob.git("commit", "-q", "-m", "bob's a", "--no-verify")
    bob.stage("c.txt", "precious\n")
    leave_behind(alice)
    running = bob.start("--as", "bob", "commit", "-m", "x")
    until((bob.path / "stopped").exists, "the first try of the sync has failed")
    _end_group(bob)
    (bob.path / "stopped").unlink()
    until((bob.path / "stopped").exists, "the second try has stopped at the conflict")

    running.kill()
    running.wait(WAIT_LIMIT_S)  # the sync lives, and has its output open
    early = commit(bob, "bob")
    _end_group(bob)
    running.communicate(timeout=WAIT_LIMIT_S)
    refused = commit(bob, "bob")
    assert bob.shell(refused.json["next"]) == 0
    bob.configure(sync="git merge -q --no-edit alice")
    again = commit(bob, "bob")

    assert "still running" in early.json["message"], early
    assert early.exit == 86
    assert (refused.exit, refused.json["next"]) == (86, "git merge --abort")
    assert (again.exit, again.data["conflicts"]) == (86, ["a.txt"])
    assert bob.git("diff", "--cached", "--name-only") == "c.txt"
    assert status(bob) == "passing"


def _end_group(bob: Repo) -> None:
    """End the sync that sleeps, by the process id that `swarm commit` noted beside its own."""
    git_dir = bob.git("rev-parse", "--absolute-git-dir")
    with open(f"{git_dir}/swarm-saved/users", encoding="ascii") as file:
        subprocess.run(["kill", file.read().split("\n")[1].split()[0]], check=True)
