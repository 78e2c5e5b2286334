"""`[build] sync` touches nothing of the user's: it brings in the fix, or everything is as it was."""

import os
from pathlib import Path

import pytest

from tests.support.commits import assert_same_work, commit, leave_behind, read_work
from tests.support.repo import Repo

CONFLICTING = ("git merge -q --no-edit alice", "git rebase -q alice", "git pull -q --rebase . alice")


@pytest.fixture
def alice(two_trees: tuple[Repo, Repo]) -> Repo:
    return two_trees[0]


@pytest.fixture
def bob(two_trees: tuple[Repo, Repo]) -> Repo:
    """bob's branch has a commit of its own. His working tree has everything that one can have in one."""
    made = two_trees[1]
    made.git("commit", "-q", "-m", "bob's first", "--no-verify")
    for name in ("mode.sh", "gone", "gone2", "partly", "linked", "kept"):
        made.stage(name, f"{name}\n")
    made.git("commit", "-q", "-m", "bob's files", "--no-verify")
    make_changes(made)
    return made


def make_changes(bob: Repo) -> None:
    bob.stage("new.txt", "staged\n")
    bob.write("partly", "staged\n")
    bob.git("add", "partly")
    bob.write("partly", "not staged\n")
    (bob.path / "mode.sh").chmod(0o755)
    (bob.path / "gone").unlink()
    bob.git("rm", "-q", "gone2")
    (bob.path / "linked").unlink()
    (bob.path / "linked").symlink_to("nowhere")
    bob.write("odd name \u00e9\n*", "odd\n")
    bob.git("add", "-A", "--", ":(literal)odd name \u00e9\n*")
    bob.write("intended", "by intent\n")
    bob.git("add", "-N", "intended")
    bob.write("untracked", "untracked\n")
    bob.write("crlf", "one\r\ntwo\n")
    bob.git("-c", "core.safecrlf=false", "add", "crlf")


def sync_with(bob: Repo, command: str) -> None:
    bob.configure(sync=command)


@pytest.mark.parametrize("command", CONFLICTING)
@pytest.mark.parametrize("setting", ["rebase.autoStash", "merge.autoStash", "submodule.recurse"])
def test_a_conflict_is_undone_and_named(alice: Repo, bob: Repo, command: str, setting: str) -> None:
    bob.git("config", setting, "true")
    alice.stage("kept", "alice's\n")
    leave_behind(alice)
    sync_with(bob, command)
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert (ended.exit, ended.data["conflicts"]) == (86, ["kept"]), ended
    assert f"'{command}' conflicts in kept. It was undone" in ended.json["message"]
    assert_same_work(bob, before)
    assert bob.git("for-each-ref", "refs/worktree") == ""


@pytest.mark.parametrize(
    "command",
    [
        "git merge -q --ff-only alice",
        "git stash -q; exit 3",
        "git checkout -q alice; exit 1",
        "git switch -q --detach alice",
        "git reset -q --hard; git merge -q --no-edit alice; exit 7",
        "git commit -qnam mine; exit 1",
        "git add -A; git rm -qf kept; exit 1",
        "rm -f partly new.txt; exit 1",
        "git -c user.name= merge alice; false",
        "no-such-program",
    ],
)
def test_a_script_that_fails_is_undone(alice: Repo, bob: Repo, command: str) -> None:
    leave_behind(alice)
    sync_with(bob, command)
    before = read_work(bob)
    before.pop("stash")

    ended = commit(bob, "bob")

    after = read_work(bob)
    after.pop("stash")
    assert ended.exit == 86, ended
    assert after == before
    assert "as they were" in ended.json["message"]


def test_merge_ff_only_says_that_it_cannot(alice: Repo, bob: Repo) -> None:
    bob.git("config", "merge.ff", "only")
    leave_behind(alice)
    sync_with(bob, "git merge -q alice")
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert ended.exit == 86 and "failed with exit status 128" in ended.json["message"]
    assert_same_work(bob, before)


@pytest.mark.parametrize(
    "command", ["git merge -q --no-edit alice", "git rebase -q alice", "git pull -q --rebase . alice"]
)
def test_a_sync_that_succeeds_leaves_each_change_as_it_was(alice: Repo, bob: Repo, command: str) -> None:
    leave_behind(alice)
    sync_with(bob, command)
    before = read_work(bob)
    bob.hook(
        "#!/bin/sh\n[ -e a.txt ] && { echo 'FAILED for another reason'; exit 1; }\nif [ -e broken ]; then exit 1; fi\n"
    )

    ended = commit(bob, "bob")

    after = read_work(bob)
    files, index = before["files"], str(before["index"]).split("\n")
    assert ended.exit in (81, 93), ended
    assert isinstance(files, dict)
    files.pop("broken")
    assert after["files"] == files | {"a.txt": after["files"]["a.txt"]}  # type: ignore[index]
    assert set(index) - set(str(after["index"]).split("\n")) == {line for line in index if line.endswith("\tbroken")}


def test_the_commands_that_are_told_after_a_conflict_lead_on(alice: Repo, bob: Repo) -> None:
    alice.stage("README", "alice's\n")
    leave_behind(alice)
    bob.stage("README", "bob's\n")
    sync_with(bob, "git merge -q --no-edit alice")

    refused = commit(bob, "bob")
    bob.shell(refused.json["next"])
    bob.stage("README", "both\n")

    assert (refused.exit, refused.data["conflicts"]) == (86, ["README"])
    assert "Your changes to README conflict" in refused.json["message"]
    assert commit(bob, "bob").exit == 0


def test_changes_to_a_file_of_the_fix_are_merged_where_that_is_possible(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    bob.git("commit", "-q", "-m", "bob's first", "--no-verify")
    lines = [f"{number}\n" for number in range(30)]
    alice.stage("long", "".join(lines))
    alice.git("commit", "-q", "-m", "long", "--no-verify", "--", "long")
    bob.git("merge", "-q", "--no-edit", "alice")
    bob.stage("partly", "")
    bob.git("commit", "-q", "-m", "partly", "--no-verify")
    bob.stage("partly", "staged\n")
    bob.write("partly", "not staged\n")
    alice.stage("long", "".join(["alice's\n", *lines[1:]]))
    leave_behind(alice)
    bob.stage("long", "".join([*lines[:-1], "bob's\n"]))
    sync_with(bob, "git merge -q --no-edit alice")

    ended = commit(bob, "bob", "-m", "x", "long")

    assert ended.exit == 0, ended
    assert (bob.path / "long").read_text() == "".join(["alice's\n", *lines[1:-1], "bob's\n"])
    kept = bob.git("for-each-ref", "--format=%(refname)", "refs/worktree")
    assert bob.git("show", f"{kept}:long") == "".join([*lines[:-1], "bob's"])
    assert (bob.path / "partly").read_text() == "not staged\n"
    assert bob.git("show", ":partly") == "staged"


# Files that git does not look after.


@pytest.mark.parametrize("command", ["git merge -q --no-edit alice", "git rebase -q alice"])
def test_a_file_that_git_ignores_is_not_replaced_by_one_of_the_fix(alice: Repo, bob: Repo, command: str) -> None:
    alice.stage("secret.env", "alice's\n")
    leave_behind(alice)
    bob.git("config", "core.excludesFile", str(bob.path.parent / "ignore"))
    (bob.path.parent / "ignore").write_text("*.env\n")
    bob.write("secret.env", "bob's own\n")
    bob.write("other.env", "bob's other\n")
    sync_with(bob, command)
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert ended.exit == 86 and "secret.env" in ended.json["message"]
    assert_same_work(bob, before)


def test_a_file_that_git_was_told_not_to_look_at_is_not_replaced(alice: Repo, bob: Repo) -> None:
    alice.stage("README", "alice's\n")
    leave_behind(alice)
    bob.git("update-index", "--assume-unchanged", "README")
    bob.write("README", "bob's local\n")
    sync_with(bob, "git merge -q --no-edit alice")
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert ended.exit == 86, ended
    assert_same_work(bob, before)


@pytest.mark.parametrize("kind", ["folder", "parent", "link"])
def test_untracked_files_where_a_tracked_one_was_are_not_deleted(alice: Repo, bob: Repo, kind: str) -> None:
    leave_behind(alice)
    bob.stage("down/file", "tracked\n")
    bob.git("commit", "-q", "-m", "down", "--no-verify", "--", "down")
    if kind == "folder":
        (bob.path / "kept").unlink()
        bob.write("kept/untracked", "precious\n")
    else:
        (bob.path / "down/file").unlink()
        (bob.path / "down").rmdir()
        if kind == "link":
            (bob.path / "down").symlink_to("untracked")
        else:
            bob.write("down", "precious\n")
    sync_with(bob, "git merge -q --no-edit alice")
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert ended.exit == 86, ended
    assert_same_work(bob, before)


# Settings and layouts that change what git writes.


def test_a_submodule_keeps_what_is_uncommitted_in_it(alice: Repo, bob: Repo) -> None:
    library = Repo(bob.path.parent / "library")
    library.path.mkdir()
    library.git("init", "-q")
    library.git("config", "user.name", "T")
    library.git("config", "user.email", "t@e")
    library.stage("lib.c", "one\n")
    library.git("commit", "-q", "-m", "one")
    bob.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", os.fspath(library.path), "sub")
    bob.git("commit", "-q", "-m", "add it", "--no-verify", "--", "sub", ".gitmodules")
    bob.git("config", "submodule.recurse", "true")
    bob.write("sub/lib.c", "precious\n")
    bob.write("sub/untracked", "precious too\n")
    alice.stage("kept", "alice's\n")
    leave_behind(alice)

    for command in ("git rebase -q alice", "git merge -q --no-edit alice"):
        sync_with(bob, command)
        before = read_work(bob)
        assert commit(bob, "bob").exit == 86
        assert_same_work(bob, before)
    assert (bob.path / "sub/lib.c").read_text() == "precious\n"


def test_a_sparse_checkout_stays_sparse(alice: Repo, bob: Repo) -> None:
    bob.stage("far/away", "away\n")
    bob.git("commit", "-q", "-m", "away", "--no-verify", "--", "far")
    bob.git("sparse-checkout", "set", "--no-cone", "/*", "!/far/")
    alice.stage("kept", "alice's\n")
    leave_behind(alice)
    sync_with(bob, "git merge -q --no-edit alice")
    before = read_work(bob)

    assert commit(bob, "bob").exit == 86
    assert_same_work(bob, before)
    assert not (bob.path / "far").exists()


def test_a_filter_that_changes_bytes_does_not_see_files_that_the_fix_leaves_alone(alice: Repo, bob: Repo) -> None:
    bob.git("config", "filter.lossy.clean", "tr a-z A-Z")
    bob.git("config", "filter.lossy.smudge", "cat")
    info = Path(bob.git("rev-parse", "--path-format=absolute", "--git-path", "info/attributes"))
    info.parent.mkdir(exist_ok=True)
    info.write_text("*.big filter=lossy\n", encoding="utf-8")
    bob.stage("one.big", "as it was written\n")
    leave_behind(alice)
    sync_with(bob, "git merge -q --no-edit alice")

    ended = commit(bob, "bob", "-m", "x", "one.big")

    assert ended.exit == 0, ended
    assert (bob.path / "one.big").read_text() == "as it was written\n"


@pytest.mark.parametrize("conflict", [True, False])
def test_mixed_line_ends_survive_autocrlf(alice: Repo, bob: Repo, conflict: bool) -> None:
    if conflict:
        alice.stage("kept", "alice's\n")
    bob.git("config", "core.autocrlf", "true")
    bob.git("config", "core.safecrlf", "false")
    leave_behind(alice)
    sync_with(bob, "git merge -q --no-edit alice")

    ended = commit(bob, "bob", "-m", "x", "crlf")

    assert ended.exit == (86 if conflict else 0), ended
    assert (bob.path / "crlf").read_bytes() == b"one\r\ntwo\n"


def test_a_file_system_monitor_hides_no_change(alice: Repo, bob: Repo) -> None:
    monitor = bob.path.parent / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0/\\0'\n", encoding="utf-8")
    monitor.chmod(0o755)
    bob.git("config", "core.fsmonitor", os.fspath(monitor))
    bob.git("update-index", "--fsmonitor")
    bob.git("status")
    alice.stage("kept", "alice's\n")
    leave_behind(alice)
    sync_with(bob, "git merge -q --no-edit alice")
    before = read_work(bob)
    changed = bob.git("status", "--porcelain")

    assert commit(bob, "bob").exit == 86
    assert_same_work(bob, before)
    assert bob.git("status", "--porcelain") == changed


# Faults.


def test_nothing_is_tried_where_the_changes_cannot_be_saved(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    sync_with(bob, "touch tried; git merge -q --no-edit alice")
    git_dir = Path(bob.git("rev-parse", "--absolute-git-dir"))
    (git_dir / "swarm-saved").write_text("in the way\n")
    before = read_work(bob)

    ended = commit(bob, "bob")

    assert ended.exit == 86 and "not tried" in ended.json["message"]
    assert_same_work(bob, before)


def test_an_edit_during_the_sync_is_not_overwritten(alice: Repo, bob: Repo) -> None:
    leave_behind(alice)
    sync_with(bob, "test -e once && echo 'edited meanwhile' > partly; touch once; git merge -q --no-edit alice")

    ended = commit(bob, "bob")

    assert (bob.path / "partly").read_text() == "edited meanwhile\n"
    assert bob.git("show", ":partly") == "staged"
    assert ended.exit == 0, ended


def test_a_file_that_a_killed_sync_replaced_is_kept_in_a_commit(alice: Repo, bob: Repo) -> None:
    alice.stage("secret.env", "alice's\n")
    leave_behind(alice)
    bob.git("config", "core.excludesFile", str(bob.path.parent / "ignore"))
    (bob.path.parent / "ignore").write_text("*.env\n")
    bob.git("reset", "-q", "--hard")
    bob.write("secret.env", "bob's own\n")
    sync_with(bob, "git merge -q --no-edit alice; kill -9 $PPID")

    bob.swarm("--as", "bob", "commit", "-qam", "x")
    told = commit(bob, "bob", "--allow-empty", "-m", "x")
    again = commit(bob, "bob", "--allow-empty", "-m", "x")

    assert told.exit == 86 and told.data["conflicts"] == ["secret.env"], told
    assert bob.git(*told.json["next"].split()[1:]) == "bob's own"
    assert again.exit == 0, again
