"""The gate on a real repository: whose commits land while the build is red, and what nothing ever holds up."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.support.gate import commits, events, git_as, held, set_up, turn_red
from tests.support.repo import Repo
from tests.support.tmux import Tmux
from tests.support.until import until


@pytest.fixture
def gated(repo: Repo) -> Repo:
    """The repository with the gate, and a green build."""
    set_up(repo)
    return repo


@pytest.fixture
def red(gated: Repo) -> Repo:
    """The same while alice repairs the build."""
    turn_red(gated)
    return gated


# Who passes.


def test_while_it_is_green_all_may_commit(gated: Repo) -> None:
    assert [commits(who, gated).exit for who in ("alice", "bob", None)] == [0, 0, 0]


def test_while_it_is_red_an_agent_that_is_not_the_fixer_is_told_what_to_do(red: Repo) -> None:
    ended = commits("bob", red)

    assert held(ended)
    assert len(ended.err.splitlines()) == 1
    assert "alice repairs it" in ended.err and "swarm build wait" in ended.err


def test_the_fixer_passes(red: Repo) -> None:
    assert commits("alice", red).exit == 0
    assert commits("alice", red, "--no-verify").exit == 0


def test_after_green_all_may_commit_again(red: Repo) -> None:
    red.stage("a.txt")
    assert red.swarm("--as", "alice", "commit", "-m", "fix").exit == 0

    assert commits("bob", red).exit == 0


def test_an_agent_is_held_with_no_verify_too(red: Repo) -> None:
    before = red.head()

    ended = commits("bob", red, "--no-verify")

    assert held(ended) and ended.exit == 128
    assert red.head() == before


def test_an_amended_commit_is_a_commit(red: Repo) -> None:
    amend = ("commit", "-q", "--amend", "-m", "other words")

    assert held(git_as("bob", red, *amend))
    assert held(git_as("bob", red, *amend, "--no-verify"))


def test_without_a_fixer_the_line_says_how_to_take_it(red: Repo) -> None:
    red.swarm("--as", "alice", "build", "give-up")

    ended = commits("bob", red)

    assert held(ended) and "swarm build claim" in ended.err


def test_while_a_human_is_asked_even_the_last_fixer_is_held(red: Repo) -> None:
    red.swarm("build", "escalate", "--reason", "no idea")

    ended = commits("alice", red)

    assert held(ended) and "a human was asked" in ended.err


def test_a_human_who_took_over_passes_and_the_agents_do_not(red: Repo) -> None:
    red.swarm("build", "escalate", "--reason", "no idea")
    assert red.swarm("escalation", "resolve", "1", "--option", "take-over").exit in (0, 81)

    assert commits(None, red).exit == 0
    assert held(commits("alice", red))


def test_a_human_who_took_over_passes_everywhere_and_nothing_of_it_went_round(red: Repo) -> None:
    red.swarm("build", "escalate", "--reason", "no idea")
    red.swarm("escalation", "resolve", "1", "--option", "take-over")
    beside = red.worktree("beside")

    assert [commits(None, tree, *words).exit for tree in (red, beside) for words in ([], ["--no-verify"])] == [0] * 4
    assert all(held(commits(who, beside, "--no-verify")) for who in ("alice", "bob"))
    assert events(red, "went_round", "bypassed") == []


def test_a_human_is_told_and_may_bypass_which_is_recorded_once(red: Repo) -> None:
    parent = red.head()
    told = commits(None, red)

    let_by = commits(None, red, SWARM_BYPASS="1")

    assert held(told) and "SWARM_BYPASS=1" in told.err
    assert let_by.exit == 0
    assert events(red, "bypassed") == [f"human bypassed on main, after {parent[:10]}"]


def test_a_human_is_never_held_with_no_verify_but_it_is_remembered(red: Repo) -> None:
    assert commits(None, red, "--no-verify").exit == 0

    assert events(red, "went_round") == [f"human went_round {red.head()[:10]} on main"]


def test_an_agent_that_bypasses_is_recorded_under_its_name(red: Repo) -> None:
    assert commits("bob", red, "--no-verify", SWARM_BYPASS="1").exit == 0

    assert [line.split()[:2] for line in events(red, "bypassed")] == [["bob", "bypassed"]]


def test_only_1_bypasses(red: Repo) -> None:
    assert held(commits("bob", red, SWARM_BYPASS="0"))


def test_what_the_fixer_commits_went_round_nothing(red: Repo) -> None:
    commits("alice", red, "--no-verify")

    assert events(red, "went_round", "bypassed") == []


# Other ways to make a commit.


def test_a_merge_a_cherry_pick_and_a_revert_are_commits_too(red: Repo) -> None:
    git_as(None, red, "checkout", "-q", "-b", "side")
    commits(None, red, SWARM_BYPASS="1")
    git_as(None, red, "checkout", "-q", "main")
    commits("alice", red)  # else a cherry-pick within the same second makes the very commit of the side branch
    before = red.head()

    for words in (
        ["merge", "--no-ff", "--no-edit", "side"],
        ["cherry-pick", "side~0"],
        ["revert", "--no-edit", "HEAD"],
    ):
        assert held(git_as("bob", red, *words)), words
        git_as("bob", red, words[0], "--abort")
        git_as(None, red, "reset", "-q", "--hard", before)

    assert red.head() == before


def test_a_merge_that_was_refused_is_finished_after_green(red: Repo) -> None:
    git_as(None, red, "checkout", "-q", "-b", "side")
    commits(None, red, SWARM_BYPASS="1")
    git_as(None, red, "checkout", "-q", "main")
    git_as("bob", red, "merge", "--no-ff", "--no-edit", "side")
    red.swarm("build", "escalate", "--reason", "enough")
    red.swarm("escalation", "resolve", "1", "--option", "declare-passing", "--reason", "it is fine")

    assert git_as("bob", red, "commit", "-q", "--no-edit").exit == 0
    assert len(red.git("log", "-1", "--format=%P").split()) == 2


def test_a_commit_made_with_plumbing_is_a_commit_too(red: Repo) -> None:
    made = git_as("bob", red, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "by hand").out.strip()

    assert held(git_as("bob", red, "update-ref", "refs/heads/main", made))


def test_the_first_commit_of_all_is_held_too(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "user.name", "Test")
    repo.git("config", "user.email", "test@example.org")
    assert repo.swarm("init").exit == 0
    repo.join("alice", "bob")
    set_up(repo)
    turn_red(repo)

    assert held(commits("bob", repo))
    assert held(commits("bob", repo, "--no-verify"))
    assert commits("alice", repo).exit == 0


# What is never held.


def test_nothing_but_new_commits_is_held(red: Repo, tmp_path: Path) -> None:
    git_as(None, red, "clone", "-q", ".", os.fspath(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    commit_elsewhere = ["-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "elsewhere"]
    clone.git("tag", "v0")
    clone.git(*commit_elsewhere)
    elsewhere = os.fspath(clone.path)

    for words in (
        ["branch", "side"],
        ["tag", "v1"],
        ["checkout", "-q", "-b", "other"],
        ["checkout", "-q", "main"],
        ["pull", "-q", "--ff-only", elsewhere, "main"],
        ["reset", "-q", "--hard", "HEAD~1"],
        ["update-ref", "-d", "ORIG_HEAD"],
        ["fetch", "-q", elsewhere, "v0:refs/tags/v0"],
        ["reset", "-q", "--hard", "HEAD@{1}"],
        ["reset", "-q", "--hard", "side"],
        ["fetch", "-q", elsewhere, "main:fetched"],
        ["merge", "-q", "--ff-only", "fetched"],
        ["stash", "list"],
        ["worktree", "add", "-q", "-b", "wt", os.fspath(tmp_path / "wt")],
        ["push", "-q", elsewhere, "HEAD:refs/heads/pushed"],
        ["branch", "-q", "-m", "side", "renamed"],
        ["branch", "-q", "-D", "renamed"],
        ["gc", "-q"],
    ):
        ended = git_as("bob", red, *words)
        assert ended.exit == 0 and "swarm:" not in ended.err, (words, ended)


def test_any_of_several_branches_that_were_fetched_may_be_moved_to(red: Repo, tmp_path: Path) -> None:
    git_as(None, red, "clone", "-q", ".", os.fspath(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    for name in ("one", "two"):
        clone.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", name)
        clone.git("branch", name)
    git_as("bob", red, "fetch", "-q", os.fspath(clone.path), "one", "two")

    assert git_as("bob", red, "merge", "-q", "--ff-only", clone.head()).exit == 0


def test_a_branch_that_moves_without_head_is_no_commit(red: Repo) -> None:
    made = git_as("bob", red, "commit-tree", "HEAD^{tree}", "-m", "by hand").out.strip()
    asked = ("--as", "bob", "gate", "reference-transaction")

    alone = red.swarm(*asked, typed=f"{red.head()} {made} refs/heads/main\n")
    together = red.swarm(*asked, typed=f"{red.head()} {made} HEAD\n{red.head()} {made} refs/heads/main\n")

    assert (alone.exit, together.exit) == (0, 80)


def test_a_push_from_a_clone_arrives(red: Repo, tmp_path: Path) -> None:
    red.git("config", "receive.denyCurrentBranch", "updateInstead")
    git_as(None, red, "clone", "-q", ".", os.fspath(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    clone.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "--allow-empty", "-m", "elsewhere")

    pushed = git_as("bob", clone, "push", "-q", "origin", "HEAD:main", "HEAD:refs/heads/feature")

    assert pushed.exit == 0, pushed.err
    assert red.head() == clone.head()


def test_a_rebase_that_stops_and_goes_on_is_not_held(gated: Repo) -> None:
    gated.stage("both.txt", "ours\n")
    gated.git("commit", "-q", "-m", "ours")
    gated.git("checkout", "-q", "-b", "topic", "HEAD~1")
    gated.stage("both.txt", "theirs\n")
    gated.git("commit", "-q", "-m", "theirs")
    commits("bob", gated)
    turn_red(gated)

    assert git_as("bob", gated, "rebase", "main").exit != 0
    gated.stage("both.txt", "merged\n")
    went_on = git_as("bob", gated, "rebase", "--continue")

    assert went_on.exit == 0 and "swarm:" not in went_on.err
    assert gated.git("log", "--format=%s", "-3", "topic").splitlines() == ["bob's work", "theirs", "ours"]


def test_a_commit_on_a_detached_head_is_never_refused(red: Repo) -> None:
    git_as("bob", red, "checkout", "-q", "--detach")

    assert commits("bob", red).exit == 0


def test_the_repository_of_a_submodule_is_not_ours(red: Repo, tmp_path: Path) -> None:
    git_as(None, red, "clone", "-q", "--no-hardlinks", ".", os.fspath(tmp_path / "library"))
    red.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", os.fspath(tmp_path / "library"), "lib")
    library = Repo(red.path / "lib")
    library.git("config", "user.name", "Test")
    library.git("config", "user.email", "test@example.org")

    ended = commits("bob", library)

    assert ended.exit == 0 and ended.err == ""
    assert held(git_as("bob", red, "commit", "-q", "-m", "with a submodule"))


# Where it holds.


def test_with_a_shared_branch_work_on_other_branches_goes_on(red: Repo) -> None:
    red.configure(branch="main")
    red.git("checkout", "-q", "-b", "own")

    assert commits("bob", red).exit == 0
    git_as("bob", red, "checkout", "-q", "main")
    assert held(commits("bob", red)) and held(commits("bob", red, "--no-verify"))


def test_scope_all_holds_every_branch(red: Repo) -> None:
    red.write("swarm.toml", '[build]\nbranch = "main"\n[gate]\nscope = "all"\n')
    red.git("checkout", "-q", "-b", "own")

    assert held(commits("bob", red)) and held(commits("bob", red, "--no-verify"))


def test_a_linked_worktree_has_the_same_gate(red: Repo) -> None:
    beside = red.worktree("beside")

    assert held(commits("bob", beside)) and held(commits("bob", beside, "--no-verify"))
    assert commits("alice", beside).exit == 0


def test_a_name_of_a_branch_may_hold_an_end_of_a_line(red: Repo) -> None:
    red.configure(branch="a\u2028b")
    git_as(None, red, "checkout", "-q", "-b", "a\u2028b")

    assert held(commits("bob", red, "--no-verify"))


def test_from_a_folder_below_the_root_it_is_the_same_gate(red: Repo) -> None:
    red.stage("below/b.txt")

    assert held(git_as("bob", Repo(red.path / "below"), "commit", "-q", "-m", "from below"))
    assert held(git_as("bob", Repo(red.path / "below"), "commit", "-q", "--no-verify", "-m", "from below"))


def test_spaces_and_other_letters_in_paths_change_nothing(red: Repo, tmp_path: Path) -> None:
    red.path.rename(tmp_path / "é ' \" repo")
    moved = Repo(tmp_path / "é ' \" repo")

    assert held(commits("bob", moved)) and held(commits("bob", moved, "--no-verify"))
    assert held(commits("bob", moved.worktree("ü_é")))


def test_a_database_elsewhere_is_found(gated: Repo, tmp_path: Path) -> None:
    elsewhere = {"SWARM_DB": os.fspath(tmp_path / "else where.db")}
    for words in (["init"], ["agent", "join", "alice"], ["--as", "alice", "build", "report", "--summary", "x"]):
        gated.swarm(*words, **elsewhere)

    assert held(commits("bob", gated, **elsewhere)) and held(commits("bob", gated, "--no-verify", **elsewhere))
    assert commits("bob", gated).exit == 0


# Its own errors open it.


def test_without_a_database_it_is_open_and_says_so(red: Repo) -> None:
    shutil.rmtree(red.path / ".git" / "swarm")

    ended = commits("bob", red)

    assert ended.exit == 0 and ended.err.startswith("swarm: the gate is open: there is no ")


@pytest.mark.parametrize("options", [(), ("--no-verify",)])
def test_a_broken_database_opens_it(red: Repo, options: tuple[str, ...]) -> None:
    (red.path / ".git/swarm/swarm.db").write_bytes(b"no database at all" * 500)

    ended = commits("bob", red, *options)

    assert ended.exit == 0 and "swarm: the gate is open: Not a swarm database" in ended.err


def test_a_wrong_configuration_opens_it(red: Repo) -> None:
    red.write("swarm.toml", "[build\n")

    ended = commits("bob", red)

    assert ended.exit == 0 and "swarm: the gate is open" in ended.err and "TOML" in ended.err


def test_without_swarm_on_the_path_it_is_open_and_says_so(red: Repo) -> None:
    ended = commits("bob", red, PATH="/usr/bin:/bin")

    assert ended.exit == 0 and "the gate is open: 'swarm' is not on the PATH" in ended.err


def test_a_swarm_that_cannot_answer_opens_it(red: Repo, tmp_path: Path) -> None:
    (tmp_path / "swarm").write_text("#!/bin/sh\nexit 70\n")
    (tmp_path / "swarm").chmod(0o755)

    ended = commits("bob", red, PATH=f"{tmp_path}:/usr/bin:/bin")

    assert ended.exit == 0 and "the gate is open: 'swarm gate' could not answer" in ended.err


def test_a_tmux_that_hangs_refuses_no_commit(red: Repo, tmux: Tmux) -> None:
    pane = tmux.pane("cat")
    server = tmux.server_pid()
    inside = {"TMUX": f"{pane.socket},{server},0", "TMUX_PANE": pane.pane_id}
    os.kill(server, signal.SIGSTOP)
    began = time.monotonic()

    ended = commits(None, red, **inside)
    took_s = time.monotonic() - began
    os.kill(server, signal.SIGCONT)

    assert ended.exit == 0 and "swarm: the gate is open: Could not ask tmux" in ended.err
    assert took_s < 5, "both hooks ask"


def test_a_locked_database_refuses_no_commit(red: Repo) -> None:
    import sqlite3

    writer = sqlite3.connect(red.path / ".git/swarm/swarm.db", isolation_level=None)
    writer.execute("begin immediate")
    try:
        assert held(commits("bob", red)), "reading needs no lock"
        let_by = commits(None, red, SWARM_BYPASS="1")
    finally:
        writer.close()

    assert let_by.exit == 0 and "the gate is open" in let_by.err, "what cannot be recorded is said"


# The user's own hooks, and `swarm commit`.


def test_the_users_hook_runs_after_the_gate_and_its_result_stands(gated: Repo) -> None:
    gated.write("broken", "")

    ended = commits("bob", gated)

    assert ended.exit == 1 and "FAILED test_everything" in ended.err


def test_the_users_hook_is_not_run_for_a_commit_that_is_held(red: Repo) -> None:
    red.write("broken", "")

    assert "FAILED test_everything" not in commits("bob", red).err


def test_swarm_commit_waits_at_the_gate_and_lands_after_green(red: Repo) -> None:
    red.stage("b.txt")
    waiting = red.start("--as", "bob", "--json", "commit", "-m", "bob's work")
    until(lambda: bool(red.swarm("status", "--json").data["waiting"]), "bob waits")
    red.stage("a.txt")
    red.swarm("--as", "alice", "commit", "-m", "fix", "a.txt")
    waiting.communicate(timeout=30)

    assert waiting.returncode == 0
    assert red.git("log", "-1", "--format=%s") == "bob's work"


def test_what_the_gate_refuses_is_no_evidence_of_a_breakage(red: Repo) -> None:
    red.write("swarm.toml", "[build]\nwait_s = 0.2\n")
    red.stage("b.txt")

    ended = red.swarm("--as", "bob", "--json", "commit", "-m", "bob's work")

    assert ended.exit == 80
    assert events(red, "reported") == ["alice reported a test fails"]
    incident = red.swarm("build", "show", "1", "--json").data
    assert (incident["symptoms"], incident["verdicts"]) == ([], [])


def test_swarm_commit_of_the_fixer_passes_by_its_name_alone(red: Repo) -> None:
    red.stage("a.txt")

    ended = red.swarm("--as", "alice", "commit", "-m", "fix")

    assert ended.exit == 0 and "Incident 1 is over" in ended.out


def test_swarm_commit_on_a_build_without_a_fixer_makes_its_caller_the_fixer(red: Repo) -> None:
    red.swarm("--as", "alice", "build", "give-up")
    red.stage("broken")
    failing = red.swarm("--as", "bob", "--json", "commit", "-m", "bob's work")
    red.git("rm", "-q", "-f", "broken")
    red.stage("b.txt")

    mended = red.swarm("--as", "bob", "--json", "commit", "-m", "bob's work")

    assert failing.exit == 81
    assert mended.exit == 0 and "Incident 1 is over" in mended.json["message"]


def test_swarm_commit_never_bypasses(red: Repo) -> None:
    red.write("swarm.toml", "[build]\nwait_s = 0.2\n")
    red.stage("b.txt")

    assert red.swarm("--as", "bob", "commit", "-m", "bob's work", SWARM_BYPASS="1").exit == 80
    assert events(red, "bypassed") == []
