"""A `swarm commit` that is tried again commits what was meant when it was typed, whatever happened meanwhile."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commits import assert_same_work, commit, leave_behind, read_work, repair
from tests.support.repo import Ran, Repo, environment
from tests.support.until import until

WAIT_LIMIT_S = 30


def wait_while(
    repo: Repo, words: list[str], meanwhile: Callable[[], object], typed: str = "", shell: str | None = None
) -> Ran:
    """bob's commit with these words; `meanwhile` happens while it waits for green."""
    command = ["bash", "-c", shell] if shell else ["swarm", "--as", "bob", "--json", "commit", *words]
    running = subprocess.Popen(
        command,
        cwd=repo.path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdin
    running.stdin.write(typed)
    running.stdin.close()
    running.stdin = None
    until(lambda: repo.swarm("status", "--json").data["waiting"], "bob waits")
    meanwhile()
    out, err = running.communicate(timeout=WAIT_LIMIT_S)
    return Ran(running.returncode, out, err)


def committed(repo: Repo) -> list[str]:
    return sorted(repo.git("show", "--name-only", "--format=", "HEAD").split())


# One checkout that both agents share.


@pytest.fixture
def shared(repo: Repo) -> Repo:
    """alice is the fixer; the tracked files one, two and sub/three are as they were committed."""
    for name in ("one", "two", "sub/three"):
        repo.stage(name, "before\n" * 20)
    repo.git("commit", "-q", "-m", "more files")
    repo.stage("broken")
    assert commit(repo, "alice").exit == 81
    repo.git("rm", "-q", "--cached", "broken")
    repo.stage("fix.txt")
    return repo


def fix(shared: Repo, *others: str) -> None:
    """alice lands her fix alone, and these files were changed and staged by her meanwhile."""
    for name in others:
        shared.stage(name, "alice's\n")
    (shared.path / "broken").unlink()
    assert commit(shared, "alice", "-m", "fix", "--", "fix.txt").exit == 0


@pytest.mark.parametrize(
    "words",
    [["-am", "x"], ["-m", "x", "one"], ["-im", "x", "one"], ["-m", "x", "-o", "--", "one"], ["-m", "x", ".", "-q"]],
    ids=" ".join,
)
def test_the_same_paths_are_committed_whatever_was_staged_meanwhile(shared: Repo, words: list[str]) -> None:
    shared.git("reset", "-q")
    shared.git("add", "-N", "fix.txt")
    shared.write("one", "bob's\n")
    typed_all = "-a" in words[0] or "." in words

    ended = wait_while(shared, words, lambda: fix(shared, "two", "four"))

    assert ended.exit == 0, ended
    assert committed(shared) == ["one"]
    assert typed_all or shared.git("diff", "--cached", "--name-only").split() == ["four", "two"]


def test_a_folder_means_the_files_that_were_changed_in_it(shared: Repo) -> None:
    shared.write("sub/three", "bob's\n")

    ended = wait_while(shared, ["-m", "x", "sub"], lambda: fix(shared, "sub/new"))

    assert (ended.exit, committed(shared)) == (0, ["sub/three"])
    assert shared.git("diff", "--cached", "--name-only") == "sub/new"


def test_what_was_staged_is_committed_without_what_another_agent_staged_later(shared: Repo) -> None:
    shared.git("reset", "-q")
    shared.git("add", "-N", "fix.txt")
    shared.stage("one", "bob's\n")

    ended = wait_while(shared, ["-m", "x"], lambda: fix(shared, "two"))

    assert (ended.exit, committed(shared)) == (0, ["one"])
    assert shared.git("diff", "--cached", "--name-only") == "two"


def test_what_is_staged_in_part_is_not_committed_whole(shared: Repo) -> None:
    shared.git("reset", "-q")
    shared.git("add", "-N", "fix.txt")
    shared.stage("one", "bob's\n")
    shared.write("one", "not yet\n")

    ended = wait_while(shared, ["-m", "x"], lambda: fix(shared, "two"))

    assert (ended.exit, ended.data["verdict"]) == (89, "dirty_tree")
    assert "two" in ended.json["message"] and "one" in ended.json["message"]
    assert shared.git("show", ":one") == "bob's"
    assert (shared.path / "one").read_text() == "not yet\n"


def test_what_another_commit_took_along_is_not_committed_again(shared: Repo) -> None:
    shared.write("one", "bob's\n")

    def take_along() -> None:
        (shared.path / "broken").unlink()
        shared.write("two", "alice's\n")
        assert commit(shared, "alice", "-m", "fix", "fix.txt", "one").exit == 0

    ended = wait_while(shared, ["-am", "x"], take_along)

    assert (ended.exit, ended.data["verdict"]) == (85, "not_build")
    assert "one" in ended.json["message"]
    assert shared.git("diff", "--name-only") == "two"


def test_amend_is_not_done_to_the_commit_of_another(shared: Repo) -> None:
    shared.git("reset", "-q")
    shared.git("add", "-N", "fix.txt")
    shared.stage("one", "bob's\n")
    meant = shared.head()

    ended = wait_while(shared, ["--amend", "--no-edit"], lambda: fix(shared))

    assert ended.exit == 93
    assert meant[:10] in ended.json["message"] and shared.head()[:10] in ended.json["message"]
    assert shared.git("log", "-1", "--format=%s") == "fix"
    assert shared.git("diff", "--cached", "--name-only") == "one"


@pytest.mark.parametrize("words", [["--allow-empty", "-m", "x"], ["--allow-empty", "-am", "x"]], ids=" ".join)
def test_a_commit_without_changes_takes_none_of_another_along(shared: Repo, words: list[str]) -> None:
    shared.git("reset", "-q")
    shared.git("add", "-N", "fix.txt")
    shared.git("update-index", "--force-remove", "fix.txt")

    ended = wait_while(shared, words, lambda: (shared.git("add", "fix.txt"), fix(shared, "two")))

    assert (ended.exit, committed(shared)) == (0, [])
    assert shared.git("diff", "--cached", "--name-only") == "two"


# What git reads once.


@pytest.mark.parametrize(
    "words", [["-F", "-"], ["-F-"], ["--file=-"], ["--fil", "-"]], ids=lambda words: " ".join(words)
)
def test_a_message_from_standard_input_is_the_same_at_each_try(shared: Repo, words: list[str]) -> None:
    shared.write("one", "bob's\n")

    ended = wait_while(shared, [*words, "one"], lambda: fix(shared), typed="said once\n")

    assert (ended.exit, shared.git("log", "-1", "--format=%s")) == (0, "said once")


@pytest.mark.parametrize("more", [[], ["--pathspec-file-nul"]])
def test_paths_from_standard_input_are_the_same_at_each_try(shared: Repo, more: list[str]) -> None:
    shared.write("one", "bob's\n")
    listed = "one\0sub\0" if more else '"one"\nsub\n'

    ended = wait_while(
        shared, ["-m", "x", "--pathspec-from-file=-", *more], lambda: fix(shared, "sub/new"), typed=listed
    )

    assert (ended.exit, committed(shared)) == (0, ["one"])


@pytest.mark.parametrize(
    "command",
    [
        "swarm --as bob --json commit -F <(echo said once) one",
        "swarm --as bob --json commit -F /dev/fd/5 one 5< <(echo said once)",
        "exec 7< <(echo one); swarm --as bob --json commit -m 'said once' --pathspec-from-file=/dev/fd/7",
        "mkfifo pipe; echo said once > pipe & swarm --as bob --json commit -Fpipe one",
        "echo said once > note; swarm --as bob --json commit --file note one",
    ],
)
def test_a_pipe_or_file_is_read_once(shared: Repo, command: str) -> None:
    shared.write("one", "bob's\n")

    def meanwhile() -> None:
        (shared.path / "note").unlink(missing_ok=True)
        fix(shared)

    ended = wait_while(shared, [], meanwhile, shell=command)

    assert (ended.exit, shared.git("log", "-1", "--format=%s")) == (0, "said once"), ended


def test_a_hook_may_read_a_descriptor_that_was_handed_on(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nread -r word <&9 && echo $word > read-by-hook\n")
    repo.stage("one")

    assert repo.shell("echo given > g; exec 9<g; swarm --as bob commit -qm x 9<&9") == 0

    assert (repo.path / "read-by-hook").read_text() == "given\n"


def test_a_message_from_standard_input_outlives_a_lost_race(repo: Repo) -> None:
    repo.stage("one")
    (repo.path / ".git/index.lock").touch()
    running = subprocess.Popen(
        ["swarm", "--as", "bob", "commit", "-F", "-"],
        cwd=repo.path,
        env=environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdin and running.stderr
    running.stdin.write("said once\n")
    running.stdin.close()
    running.stdin = None
    assert "index.lock" in running.stderr.readline()

    (repo.path / ".git/index.lock").unlink()
    running.communicate(timeout=WAIT_LIMIT_S)

    assert (running.returncode, repo.git("log", "-1", "--format=%s")) == (0, "said once")


def test_an_editor_is_opened_once_although_the_race_for_the_branch_is_lost(repo: Repo) -> None:
    repo.stage("one")
    editor = repo.path.parent / "editor"
    editor.write_text(
        '#!/bin/sh\necho opened >> edits\nprintf "typed %s\\n# a comment\\n" "$(wc -l < edits)" > "$1"\n'
        "touch .git/refs/heads/main.lock\n(sleep 0.4; rm .git/refs/heads/main.lock) &\n",
        encoding="utf-8",
    )
    editor.chmod(0o755)

    ended = repo.swarm("--as", "bob", "--json", "commit", GIT_EDITOR=str(editor))

    assert ended.exit == 0, ended
    assert (repo.path / "edits").read_text() == "opened\n"
    assert repo.git("log", "-1", "--format=%B").strip() == "typed 1"


def test_hunks_are_asked_for_once_and_committed_alone(shared: Repo) -> None:
    shared.git("reset", "-q")
    shared.git("add", "-N", "fix.txt")
    lines = ["before"] * 20
    lines[0], lines[19] = "first", "last"
    shared.write("one", "\n".join(lines) + "\n")

    ended = wait_while(shared, ["-p", "-m", "x"], lambda: fix(shared), typed="n\ny\nn\nd\n")

    assert ended.exit == 0, ended
    assert "+first" in shared.git("show", "HEAD") and "+last" not in shared.git("show", "HEAD")
    assert "+last" in shared.git("diff")


def test_hunks_of_a_commit_that_did_not_land_are_unstaged_again(repo: Repo) -> None:
    repo.write("README", "changed\n")
    repo.write("broken", "")
    before = repo.git("status", "--porcelain")

    ended = repo.swarm("--as", "bob", "--json", "commit", "-p", "-m", "x", typed="y\n")

    assert ended.exit == 81
    assert repo.git("status", "--porcelain") == before


# A worktree per agent: a merge comes in between.


@pytest.fixture
def bob(two_trees: tuple[Repo, Repo]) -> Repo:
    """bob's branch has two commits by Ada; one more change is staged."""
    made = two_trees[1]
    for name in ("b.txt", "b2.txt"):
        made.stage(name)
        made.git("commit", "-q", "-m", f"Ada's {name}", "--no-verify", "--author=Ada <ada@example.org>")
    made.stage("b3.txt")
    made.configure(sync="git merge -q --no-edit alice")
    return made


@pytest.mark.parametrize(
    ("words", "subject", "author"),
    [
        (["-C", "HEAD~1"], "Ada's b.txt", "Ada"),
        (["--reuse-message=HEAD"], "Ada's b2.txt", "Ada"),
        (["-C", "HEAD", "--reset-author"], "Ada's b2.txt", "Test"),
        (["-c", "HEAD~1"], "Ada's b.txt", "Ada"),
        (["--fixup", "HEAD"], "fixup! Ada's b2.txt", "Test"),
        (["--fixup=HEAD~1"], "fixup! Ada's b.txt", "Test"),
        (["--fixup=amend:HEAD"], "amend! Ada's b2.txt", "Test"),
        (["--squash", "HEAD~1", "-m", "x"], "squash! Ada's b.txt", "Test"),
        (["-C", ":/b.txt"], "Ada's b.txt", "Ada"),
    ],
)
def test_a_named_commit_is_the_one_that_was_meant(
    two_trees: tuple[Repo, Repo], bob: Repo, words: list[str], subject: str, author: str
) -> None:
    leave_behind(two_trees[0])

    ended = commit(bob, "bob", *words)

    assert ended.exit == 0, ended
    assert bob.git("log", "-1", "--format=%s/%an").split("/") == [subject, author]
    assert len(bob.git("rev-parse", "HEAD^^@").split()) == 2


def test_amend_never_changes_the_merge_that_brought_in_the_fix(two_trees: tuple[Repo, Repo], bob: Repo) -> None:
    leave_behind(two_trees[0])
    before = read_work(bob)

    ended = commit(bob, "bob", "--amend", "--no-edit")

    assert ended.exit == 93
    assert_same_work(bob, before)
    assert bob.shell(ended.json["next"]) == 0
    bob.git("add", "b3.txt")
    assert commit(bob, "bob", "--amend", "--no-edit").exit == 0
    assert committed(bob) == ["b2.txt", "b3.txt"]


def test_the_same_message_and_paths_after_a_merge(two_trees: tuple[Repo, Repo], bob: Repo, tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_text("said once\n", encoding="utf-8")
    commit(two_trees[0], "alice")
    bob.git("reset", "-q")
    bob.git("add", "-N", "b3.txt")

    def meanwhile() -> None:
        message.unlink()
        repair(two_trees[0])

    ended = wait_while(bob, ["-a", "-F", os.path.relpath(message, bob.path)], meanwhile)

    assert (ended.exit, committed(bob)) == (0, ["b3.txt"]), ended
    assert bob.git("log", "-1", "--format=%s") == "said once"
