"""Commits that went round the gate while the build is green: seen and never refused, and nothing else is."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.gate import commits, events, git_as, set_up, turn_red
from tests.support.hook_layouts import pre_commit, tool
from tests.support.repo import Ran, Repo

WITHOUT_SWARM = {"PATH": "/usr/bin:/bin"}  # then whatever asks `swarm gate` says that the gate is open


@pytest.fixture
def gated(repo: Repo) -> Repo:
    """The repository with the gate, and a green build."""
    set_up(repo)
    return repo


def remembered(repo: Repo) -> list[str]:
    return events(repo, "went_round", "bypassed")


# What is remembered.


@pytest.mark.parametrize("who", ["bob", None])
def test_a_commit_without_the_hook_lands_and_is_remembered_with_who_and_where(gated: Repo, who: str | None) -> None:
    ended = commits(who, gated, "--no-verify")

    assert (ended.exit, ended.err) == (0, "")
    assert remembered(gated) == [f"{who or 'human'} went_round {gated.head()[:10]} on main"]


def test_after_the_hook_refused_its_tree_has_no_verdict(gated: Repo) -> None:
    gated.stage("broken")
    assert git_as("bob", gated, "commit", "-q", "-m", "work").exit == 1

    assert git_as("bob", gated, "commit", "-q", "-m", "work", "--no-verify").exit == 0
    assert remembered(gated) == [f"bob went_round {gated.head()[:10]} on main"]


def test_an_amendment_without_the_hook_is_remembered(gated: Repo) -> None:
    commits("bob", gated)
    gated.stage("more.txt")

    git_as("bob", gated, "commit", "-q", "--amend", "--no-edit", "--no-verify")

    assert remembered(gated) == [f"bob went_round {gated.head()[:10]} on main"]


def test_a_commit_by_plumbing_is_remembered(gated: Repo) -> None:
    gated.stage("b.txt")
    tree = gated.git("write-tree")
    made = git_as("bob", gated, "commit-tree", tree, "-p", "HEAD", "-m", "by hand").out.strip()

    git_as("bob", gated, "update-ref", "refs/heads/main", made)

    assert remembered(gated) == [f"bob went_round {made[:10]} on main"]


def test_a_cherry_pick_runs_no_hook_and_is_remembered_a_revert_to_what_was_judged_is_not(gated: Repo) -> None:
    commits("alice", gated)
    git_as(None, gated, "checkout", "-q", "-b", "side", "HEAD~1")
    commits("bob", gated)
    git_as(None, gated, "checkout", "-q", "main")

    assert git_as("bob", gated, "cherry-pick", "side").exit == 0
    picked = gated.head()
    assert git_as("bob", gated, "revert", "--no-edit", "HEAD").exit == 0

    assert remembered(gated) == [f"bob went_round {picked[:10]} on main"]


def test_a_patch_that_is_applied_as_a_commit_runs_no_hook_and_is_remembered(gated: Repo) -> None:
    commits("bob", gated)
    patch = gated.git("format-patch", "-1", "-o", ".git/patches")
    git_as(None, gated, "reset", "-q", "--hard", "HEAD~1")
    commits("alice", gated)

    assert git_as("bob", gated, "am", "-q", patch).exit == 0

    assert remembered(gated) == [f"bob went_round {gated.head()[:10]} on main"]


def test_the_first_commit_of_all_is_seen(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "user.name", "Test")
    repo.git("config", "user.email", "test@example.org")
    assert repo.swarm("init").exit == 0
    set_up(repo)

    commits("bob", repo, "--no-verify")

    assert remembered(repo) == [f"bob went_round {repo.head()[:10]} on main"]


def test_a_linked_worktree_and_other_letters_in_its_path_change_nothing(gated: Repo) -> None:
    beside = gated.worktree("ü_é")

    commits("bob", beside)
    commits("bob", beside, "--no-verify")

    assert remembered(gated) == [f"bob went_round {beside.head()[:10]} on ü_é"]


@pytest.mark.parametrize("name", ["two\nlines", "an end\n", "\u2028", " "])
def test_nor_does_a_path_that_git_says_in_several_lines(gated: Repo, tmp_path: Path, name: str) -> None:
    gated.path.rename(tmp_path / name)
    moved = Repo(tmp_path / name)
    beside = moved.worktree(f"{name}beside".replace("\n", "-").replace(" ", "_"))

    for repo in (moved, beside):
        commits("bob", repo)
        commits("bob", repo, "--no-verify")
        repo.stage("a.txt")
        assert repo.swarm("--as", "bob", "commit", "-q", "-m", "work").exit == 0

    assert len(remembered(moved)) == 2
    assert moved.swarm("setup", "git", "--check").exit == 0


def test_who_says_so_is_remembered_as_that(gated: Repo) -> None:
    parent = gated.head()

    commits("bob", gated, "--no-verify", SWARM_BYPASS="1")

    assert remembered(gated) == [f"bob bypassed on main, after {parent[:10]}"]


def test_with_a_flag_left_up_by_a_killed_process_it_is_remembered_too(gated: Repo) -> None:
    (gated.path / ".git/swarm/swarm.db-red").touch()

    commits("bob", gated, "--no-verify")

    assert remembered(gated) == [f"bob went_round {gated.head()[:10]} on main"]


def test_a_users_hook_on_references_does_not_blind_it(repo: Repo) -> None:
    repo.hook("#!/bin/sh\ncat >>.git/heard\n", "reference-transaction")
    set_up(repo)

    commits("bob", repo)
    commits("bob", repo, "--no-verify")

    assert remembered(repo) == [f"bob went_round {repo.head()[:10]} on main"]
    assert repo.head() in (repo.path / ".git/heard").read_text()


def test_the_users_hook_on_references_hears_nothing_of_a_transaction_without_any(repo: Repo) -> None:
    repo.hook('#!/bin/sh\n{ echo "$1"; cat; } >>.git/heard\n', "reference-transaction")
    set_up(repo)

    assert repo.shell("printf 'start\\nprepare\\ncommit\\n' | git update-ref --stdin") == 0

    assert (repo.path / ".git/heard").read_text() == "prepared\ncommitted\n"


# What is not.


def _staged(repo: Repo) -> Ran:
    repo.stage("b.txt")
    return git_as("bob", repo, "commit", "-q", "-m", "work", **WITHOUT_SWARM)


def _all(repo: Repo) -> Ran:
    repo.write("README", "changed\n")
    return git_as("bob", repo, "commit", "-q", "-am", "work", **WITHOUT_SWARM)


def _only(repo: Repo) -> Ran:
    repo.stage("not.txt")
    repo.write("README", "changed\n")
    return git_as("bob", repo, "commit", "-q", "-m", "work", "--only", "README", **WITHOUT_SWARM)


def _include(repo: Repo) -> Ran:
    repo.stage("too.txt")
    repo.write("README", "changed\n")
    return git_as("bob", repo, "commit", "-q", "-m", "work", "-i", "README", **WITHOUT_SWARM)


def _amend(repo: Repo) -> Ran:
    repo.stage("b.txt")
    return git_as("bob", repo, "commit", "-q", "--amend", "-m", "other words", **WITHOUT_SWARM)


def _empty(repo: Repo) -> Ran:
    return git_as("bob", repo, "commit", "-q", "--allow-empty", "-m", "nothing", **WITHOUT_SWARM)


def _from_below(repo: Repo) -> Ran:
    repo.stage("below/ü.txt")
    return git_as("bob", Repo(repo.path / "below"), "commit", "-q", "-m", "work", **WITHOUT_SWARM)


def _hook_adds(repo: Repo) -> Ran:
    tool(repo.path / ".git/hooks/pre-commit.before-swarm", "#!/bin/sh\ndate >made.txt\ngit add made.txt\n")
    return _staged(repo)


def _hook_holds_the_index(repo: Repo) -> Ran:
    tool(repo.path / ".git/hooks/pre-commit.before-swarm", '#!/bin/sh\n: >"$GIT_INDEX_FILE.lock"\n')
    return _staged(repo)


@pytest.mark.parametrize(
    "commit",
    [_staged, _all, _only, _include, _amend, _empty, _from_below, _hook_adds, _hook_holds_the_index],
    ids=lambda way: way.__name__,
)
def test_what_passed_the_hook_is_in_order_without_a_question(gated: Repo, commit: Callable[[Repo], Ran]) -> None:
    before = gated.head()

    ended = commit(gated)

    assert (ended.exit, ended.err) == (0, "")
    assert gated.head() != before
    assert remembered(gated) == []


def test_a_file_that_another_adds_after_the_hook_is_not_recorded(gated: Repo) -> None:
    # Git reads the index again when its hook has ended: it is held up right before that.
    judged = gated.path / ".git/swarm/swarm.db-judged"
    adds = f'while [ -z "$(ls {judged})" ]; do sleep 0.01; done; git add too.txt; kill -CONT $git'
    hook = f"#!/bin/sh\ngit=$(ps -o ppid= -p $PPID)\nkill -STOP $git\n({adds}) >/dev/null 2>&1 &\n"
    tool(gated.path / ".git/hooks/pre-commit.before-swarm", hook)
    gated.write("too.txt", "of another\n")

    ended = _staged(gated)

    assert (ended.exit, ended.err) == (0, "")
    assert "too.txt" in gated.git("show", "--name-only", "--format=")
    assert remembered(gated) == []


def test_that_a_git_passed_the_hook_counts_for_one_commit_only(gated: Repo) -> None:
    commits("bob", gated)

    noted = list((gated.path / ".git/swarm/swarm.db-judged").iterdir())

    assert sorted(name.name.startswith("git.") for name in noted) == [False, True]
    assert [name.stat().st_size for name in noted] == [0, 0]


def test_while_it_is_green_a_commit_starts_no_python(gated: Repo) -> None:
    judged = commits("bob", gated, **WITHOUT_SWARM)
    unjudged = commits("bob", gated, "--no-verify", **WITHOUT_SWARM)

    assert judged.err == ""
    assert unjudged.err == "swarm: the gate is open: 'swarm' is not on the PATH.\n"


def test_nothing_but_new_commits_is_remembered(gated: Repo, tmp_path: Path) -> None:
    git_as(None, gated, "clone", "-q", ".", os.fspath(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    clone.stage("elsewhere.txt")
    clone.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "-m", "elsewhere")
    elsewhere = os.fspath(clone.path)
    commits("alice", gated)

    for words in (
        ["checkout", "-q", "-b", "other", "HEAD~1"],
        ["pull", "-q", "--ff-only", elsewhere, "main"],
        ["merge", "-q", "--no-edit", "main"],
        ["reset", "-q", "--hard", "HEAD~1"],
        ["reset", "-q", "--hard", "HEAD@{1}"],
        ["reset", "-q", "--hard", "main"],
        ["branch", "side"],
        ["fetch", "-q", elsewhere, "main:fetched"],
        ["rebase", "-q", "fetched"],
        ["merge", "-q", "--ff-only", "fetched"],
        ["worktree", "add", "-q", "-b", "wt", os.fspath(tmp_path / "wt")],
        ["checkout", "-q", "main"],
        ["branch", "-q", "-D", "other"],
    ):
        ended = git_as("bob", gated, *words)
        assert ended.exit == 0 and "swarm:" not in ended.err, (words, ended)

    assert remembered(gated) == []


def test_a_merge_and_a_reset_start_no_python_either(gated: Repo) -> None:
    commits("alice", gated)
    commits("alice", gated, "--no-verify")
    git_as(None, gated, "checkout", "-q", "-b", "side", "HEAD~2")
    commits("bob", gated, "--no-verify")

    for words in (
        ["merge", "-q", "--no-edit", "main"],
        ["reset", "-q", "--hard", "HEAD~1"],
        ["reset", "-q", "--hard", "HEAD~1"],
        ["merge", "-q", "--ff-only", "main"],
    ):
        ended = git_as("bob", gated, *words, **WITHOUT_SWARM)
        assert (ended.exit, ended.err) == (0, ""), words


def test_a_push_that_arrives_is_no_commit_of_this_place(gated: Repo, tmp_path: Path) -> None:
    gated.git("config", "receive.denyCurrentBranch", "updateInstead")
    git_as(None, gated, "clone", "-q", ".", os.fspath(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    clone.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "elsewhere")

    assert git_as("bob", clone, "push", "-q", "origin", "HEAD:main").exit == 0
    assert remembered(gated) == []


def test_the_repository_of_a_submodule_is_not_ours(gated: Repo, tmp_path: Path) -> None:
    git_as(None, gated, "clone", "-q", "--no-hardlinks", ".", os.fspath(tmp_path / "library"))
    gated.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", os.fspath(tmp_path / "library"), "lib")
    library = Repo(gated.path / "lib")
    library.git("config", "user.name", "Test")
    library.git("config", "user.email", "test@example.org")

    assert commits("bob", library, "--no-verify").exit == 0
    assert git_as("bob", gated, "commit", "-q", "-m", "with a submodule").exit == 0
    assert remembered(gated) == []


def test_with_a_shared_branch_only_that_one_is_looked_at(gated: Repo) -> None:
    gated.configure(branch="main")
    git_as(None, gated, "checkout", "-q", "-b", "own")
    commits("bob", gated, "--no-verify")
    git_as(None, gated, "checkout", "-q", "main")

    commits("bob", gated, "--no-verify")

    assert remembered(gated) == [f"bob went_round {gated.head()[:10]} on main"]


def test_a_tree_that_was_judged_once_needs_no_second_verdict(gated: Repo) -> None:
    commits("bob", gated)

    git_as("bob", gated, "commit", "-q", "--amend", "--no-verify", "-m", "other words")

    assert remembered(gated) == []


def test_a_verdict_in_the_database_is_one(gated: Repo) -> None:
    gated.stage("b.txt")
    assert gated.swarm("--as", "bob", "commit", "-m", "work").exit == 0
    for judged in (gated.path / ".git/swarm/swarm.db-judged").iterdir():
        judged.unlink()

    git_as("bob", gated, "commit", "-q", "--amend", "--no-verify", "-m", "other words")

    assert remembered(gated) == []


# With other programs, and when it cannot look.


def test_behind_pre_commit_what_the_gate_let_by_and_pre_commit_refused_has_no_verdict(repo: Repo) -> None:
    set_up(repo)
    hooks = repo.path / ".git/hooks"
    (hooks / "pre-commit").rename(hooks / "pre-commit.legacy")
    (hooks / "pre-commit.before-swarm").unlink()
    pre_commit(repo)
    legacy = 'PRE_COMMIT_RUNNING_LEGACY=1 "$HERE/pre-commit.legacy"'
    tool(
        hooks / "pre-commit", (hooks / "pre-commit").read_text().replace('&& "$HERE/pre-commit.legacy"', f"&& {legacy}")
    )

    commits("bob", repo)
    repo.write("broken", "")
    assert commits("bob", repo).exit == 1
    assert remembered(repo) == []

    git_as("bob", repo, "commit", "-q", "--no-verify", "-m", "work")
    assert remembered(repo) == [f"bob went_round {repo.head()[:10]} on main"]


def test_where_another_program_took_the_hooks_place_it_is_said_and_not_recorded(gated: Repo) -> None:
    tool(gated.path / ".git/hooks/pre-commit", "#!/bin/sh\nexit 0\n")

    ended = commits("bob", gated)

    assert ended.exit == 0 and ended.err.startswith("swarm: the gate is open: ") and "swarm setup git" in ended.err
    assert remembered(gated) == []


def test_what_cannot_be_kept_is_said_and_not_recorded(gated: Repo) -> None:
    judged = gated.path / ".git/swarm/swarm.db-judged"
    judged.rmdir()
    judged.write_text("no folder")

    ended = commits("bob", gated)

    assert ended.exit == 0 and "swarm: the gate is open: that this commit passed it could not be kept" in ended.err
    assert remembered(gated) == []


def test_a_broken_database_refuses_no_commit(gated: Repo) -> None:
    (gated.path / ".git/swarm/swarm.db").write_bytes(b"no database at all" * 500)

    assert commits("bob", gated).exit == 0
    ended = commits("bob", gated, "--no-verify")

    assert ended.exit == 0 and "swarm: the gate is open: Not a swarm database" in ended.err


def test_what_is_left_of_commits_that_never_landed_does_not_grow_for_ever(gated: Repo) -> None:
    judged = gated.path / ".git/swarm/swarm.db-judged"
    for _ in range(600):
        (judged / uuid4().hex).touch()

    commits("bob", gated)

    assert len(list(judged.iterdir())) <= 256
    assert remembered(gated) == []


def test_it_is_remembered_under_the_incident_while_it_is_red(gated: Repo) -> None:
    commits(None, gated, "--no-verify")
    turn_red(gated)
    commits(None, gated, "--no-verify")

    told = gated.swarm("events", "--json").data["events"]

    assert [event["incident"] for event in told if event["kind"] == "went_round"] == [None, 1]
