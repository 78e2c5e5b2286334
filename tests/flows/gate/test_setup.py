"""`swarm setup git` beside husky, lefthook, pre-commit, plain hooks, `core.hooksPath`: both rule, nothing is lost."""

import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.gate import commits, git_as, held, set_up, turn_red
from tests.support.hook_layouts import LAYOUTS, SAYS, WITHOUT_HOOKS, husky, linked_folder, plain, pre_commit, tool
from tests.support.repo import Repo


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.__name__)
def laid_out(repo: Repo, request: pytest.FixtureRequest) -> Repo:
    request.param(repo)
    repo.write(".gitignore", "ran.log\n")
    return repo


def picture(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file of the repository that a hook or a setting may be in: kind and mode, and content."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).as_posix()
        if within.startswith((".git/swarm/", ".git/objects", ".git/logs", ".git/index")) or path.name == "ran.log":
            continue
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[within] = (status.st_mode, content)
    return found


def test_both_rule_and_the_users_hook_sees_what_it_saw_before(laid_out: Repo) -> None:
    commits(None, laid_out)
    before = (laid_out.path / "ran.log").read_text()
    set_up(laid_out)

    (laid_out.path / "ran.log").unlink()
    assert commits("bob", laid_out).exit == 0
    assert (laid_out.path / "ran.log").read_text() == before
    laid_out.write("broken", "")
    assert commits("bob", laid_out).exit == 1
    (laid_out.path / "broken").unlink()
    turn_red(laid_out)

    assert held(commits("bob", laid_out)) and held(commits("bob", laid_out, "--no-verify"))
    assert commits("alice", laid_out).exit == 0


def test_remove_gives_everything_back_byte_for_byte(laid_out: Repo) -> None:
    before = picture(laid_out.path.parent)

    set_up(laid_out)
    removed = laid_out.swarm("setup", "git", "--remove")

    assert removed.exit == 0
    assert picture(laid_out.path.parent) == before


def test_setting_up_twice_changes_nothing(laid_out: Repo) -> None:
    set_up(laid_out)
    once = picture(laid_out.path.parent)

    again = laid_out.swarm("setup", "git", "--json")

    assert again.data["changed"] == []
    assert picture(laid_out.path.parent) == once


def test_check_tells_whether_it_is_in_place(laid_out: Repo) -> None:
    before = laid_out.swarm("setup", "git", "--check").exit
    set_up(laid_out)
    between = laid_out.swarm("setup", "git", "--check").exit
    laid_out.swarm("setup", "git", "--remove")

    assert (before, between, laid_out.swarm("setup", "git", "--check").exit) == (1, 0, 1)


def test_no_file_of_the_working_tree_changes(laid_out: Repo) -> None:
    before = laid_out.git("status", "--porcelain", "--ignored")

    set_up(laid_out)

    assert laid_out.git("status", "--porcelain", "--ignored") == before


def test_a_linked_worktree_is_gated_with_its_own_hooks(laid_out: Repo) -> None:
    set_up(laid_out)
    laid_out.git("add", "-A")
    commits("bob", laid_out)
    beside = laid_out.worktree("beside")
    turn_red(laid_out)

    assert beside.swarm("setup", "git", "--check").exit == 0
    assert held(commits("bob", beside)) and held(commits("bob", beside, "--no-verify"))


@pytest.mark.parametrize("layout", WITHOUT_HOOKS, ids=lambda layout: layout.__name__)
def test_where_no_hook_of_the_user_runs_the_gate_alone_rules(repo: Repo, layout: Callable[[Repo], None]) -> None:
    layout(repo)
    before = picture(repo.path.parent)
    repo.write("broken", "")

    set_up(repo)
    assert commits("bob", repo).exit == 0
    turn_red(repo)
    assert held(commits("bob", repo)) and held(commits("bob", repo, "--no-verify"))
    (repo.path / "broken").unlink()
    repo.git("rm", "-qf", *repo.git("diff", "--name-only", "HEAD~1", "HEAD").split())
    removed = repo.swarm("setup", "git", "--remove")

    assert removed.exit == 0 and hooks_and_settings(repo, picture(repo.path.parent)) == hooks_and_settings(repo, before)


def hooks_and_settings(repo: Repo, found: dict[str, tuple[int, bytes | str]]) -> dict[str, tuple[int, bytes | str]]:
    return {name: what for name, what in found.items() if "hooks" in name or name.endswith("config")}


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644])
def test_the_mode_of_a_hook_comes_back_and_one_that_was_off_stays_off(repo: Repo, mode: int) -> None:
    hook = repo.path / ".git/hooks/pre-commit"
    hook.chmod(mode)
    repo.write("broken", "")

    set_up(repo)
    refused = commits("bob", repo).exit != 0
    repo.swarm("setup", "git", "--remove")

    assert refused == bool(mode & 0o100)
    assert stat.S_IMODE(hook.stat().st_mode) == mode


def test_a_users_reference_transaction_hook_still_hears_everything(repo: Repo) -> None:
    repo.hook('#!/bin/sh\necho "$1" >>ran.log\ncat >>ran.log\n', "reference-transaction")
    log = repo.path / "ran.log"
    commits("alice", repo)
    heard_before = log.read_text().replace(repo.head(), "NEW").replace(repo.git("rev-parse", "HEAD~1"), "OLD")
    set_up(repo)
    turn_red(repo)

    log.unlink()
    commits("alice", repo)

    assert log.read_text().replace(repo.head(), "NEW").replace(repo.git("rev-parse", "HEAD~1"), "OLD") == heard_before


def test_a_users_reference_transaction_hook_that_refuses_is_obeyed(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nexit 3\n", "reference-transaction")
    set_up(repo)
    turn_red(repo)

    assert commits("alice", repo).exit == 128


def test_a_hooks_path_of_this_user_for_all_repositories_stays_as_it_is(repo: Repo, tmp_path: Path) -> None:
    tool(tmp_path / "everywhere/pre-commit", SAYS.format("everywhere"))
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path}/everywhere\n")
    for_all = {"GIT_CONFIG_GLOBAL": os.fspath(tmp_path / "gitconfig")}
    before = picture(tmp_path)

    assert repo.swarm("setup", "git", **for_all).exit == 0
    turn_red(repo)
    assert held(commits("bob", repo, **for_all))
    assert commits("alice", repo, **for_all).exit == 0
    assert "everywhere" in (repo.path / "ran.log").read_text()
    repo.swarm("setup", "git", "--remove", **for_all)

    assert [picture(tmp_path)[name] for name in ("gitconfig", "everywhere/pre-commit", "repo/.git/config")] == [
        before[name] for name in ("gitconfig", "everywhere/pre-commit", "repo/.git/config")
    ]


def test_a_setting_of_one_worktree_alone_is_kept_apart(repo: Repo) -> None:
    tool(repo.path.parent / "theirs/pre-commit", SAYS.format("theirs"))
    tool(repo.path.parent / "mine/pre-commit", SAYS.format("mine"))
    beside = repo.worktree("beside")
    repo.git("config", "extensions.worktreeConfig", "true")
    beside.git("config", "--worktree", "core.hooksPath", os.fspath(repo.path.parent / "theirs"))
    repo.git("config", "--worktree", "core.hooksPath", os.fspath(repo.path.parent / "mine"))
    before = picture(repo.path.parent)
    set_up(repo)
    set_up(beside)
    turn_red(repo)

    assert held(commits("bob", repo)) and held(commits("bob", beside))
    assert [commits("alice", tree).exit for tree in (repo, beside)] == [0, 0]
    assert "mine" in (repo.path / "ran.log").read_text() and "theirs" in (beside.path / "ran.log").read_text()
    for tree in (beside, repo):
        tree.swarm("setup", "git", "--remove")
    assert (
        picture(repo.path.parent)["repo/.git/worktrees/beside/config.worktree"]
        == (before["repo/.git/worktrees/beside/config.worktree"])
    )


# A refusal leaves no trace.


def test_a_setting_that_stays_stronger_is_refused_without_a_trace(repo: Repo) -> None:
    husky(repo)
    repo.write("team.gitconfig", "[core]\n\thooksPath = elsewhere\n")
    repo.git("config", "include.path", "../team.gitconfig")
    before = picture(repo.path.parent)

    refused = repo.swarm("setup", "git")

    assert refused.exit == 64 and "core.hooksPath is set in a second place, which wins" in refused.err
    assert picture(repo.path.parent) == before


def test_a_setting_that_git_refuses_is_refused_in_gits_words_without_a_trace(repo: Repo) -> None:
    config = repo.path / ".git/config"
    config.write_text(config.read_text() + "[core]\n\thooksPath\n")
    before = picture(repo.path.parent)

    refused = repo.swarm("setup", "git")

    assert refused.exit == 69 and "core.hookspath" in refused.err
    assert picture(repo.path.parent) == before


@pytest.mark.parametrize("layout", [husky, plain], ids=lambda layout: layout.__name__)
def test_a_file_in_the_way_leaves_no_trace(repo: Repo, layout: Callable[[Repo], None]) -> None:
    layout(repo)
    (repo.path / ".git/hooks/reference-transaction").mkdir()
    (repo.path / ".git/config.lock").write_text("")
    before = picture(repo.path.parent)

    refused = repo.swarm("setup", "git")

    assert refused.exit in (69, 73) and "bug" not in refused.err
    assert picture(repo.path.parent) == before


def test_a_setting_that_came_later_and_wins_is_put_behind_the_gate(repo: Repo) -> None:
    linked_folder(repo)
    set_up(repo)
    tool(repo.path / ".githooks/pre-commit", SAYS.format("came later"))
    repo.write("team.gitconfig", "[core]\n\thooksPath = .githooks\n")
    repo.git("config", "include.path", "../team.gitconfig")

    lost = repo.swarm("setup", "git", "--check").exit
    set_up(repo)
    turn_red(repo)

    assert lost == 1 and held(commits("bob", repo)) and commits("alice", repo).exit == 0
    assert "came later" in (repo.path / "ran.log").read_text()
    repo.swarm("setup", "git", "--remove")
    assert repo.git("config", "core.hooksPath") == ".githooks"
    assert "swarm" not in (repo.path / ".git/config").read_text()


def test_remove_takes_our_setting_out_although_another_wins_now(repo: Repo) -> None:
    husky(repo)
    set_up(repo)
    repo.write("team.gitconfig", "[core]\n\thooksPath = elsewhere\n")
    repo.git("config", "include.path", "../team.gitconfig")

    removed = repo.swarm("setup", "git", "--remove")

    assert removed.exit == 0 and "swarm-hooks" not in (repo.path / ".git/config").read_text()
    assert repo.git("config", "--file", ".git/config", "core.hooksPath") == ".husky/_"


# What other programs do afterwards.


def test_husky_that_points_git_back_is_found_and_put_right(repo: Repo) -> None:
    husky(repo)
    set_up(repo)
    repo.git("config", "core.hooksPath", ".husky/_")
    turn_red(repo)

    lost = repo.swarm("setup", "git", "--check").exit
    set_up(repo)

    assert lost == 1 and held(commits("bob", repo))
    repo.swarm("setup", "git", "--remove")
    assert repo.git("config", "core.hooksPath") == ".husky/_"


def test_a_hook_added_to_the_users_folder_later_runs(repo: Repo) -> None:
    husky(repo)
    set_up(repo)
    tool(repo.path / ".husky/_/post-commit", SAYS.format("added later"))

    commits("bob", repo)

    assert "added later" in (repo.path / "ran.log").read_text()


def test_a_program_that_put_its_hook_over_ours_is_found_and_put_behind_the_gate(repo: Repo) -> None:
    set_up(repo)
    hooks = repo.path / ".git/hooks"
    (hooks / "pre-commit").rename(hooks / "pre-commit.old")  # as lefthook does
    repo.hook(SAYS.format("newer"))
    turn_red(repo)

    lost = repo.swarm("setup", "git", "--check").exit
    set_up(repo)

    assert lost == 1 and held(commits("bob", repo))
    assert commits("alice", repo).exit == 0 and "newer" in (repo.path / "ran.log").read_text()
    assert "FAILED test_everything" in (hooks / "pre-commit.old").read_text()


def test_pre_commit_installed_over_the_gate_keeps_it_as_its_legacy_hook(repo: Repo) -> None:
    set_up(repo)
    hooks = repo.path / ".git/hooks"
    (hooks / "pre-commit").rename(hooks / "pre-commit.legacy")
    pre_commit(repo)
    before = picture(repo.path)

    set_up(repo)

    assert picture(repo.path) == before
    assert repo.swarm("setup", "git", "--check").exit == 0
    repo.swarm("setup", "git", "--remove")
    assert "FAILED test_everything" in (hooks / "pre-commit.legacy").read_text()


def test_pre_commit_installed_again_over_the_gate_does_not_meet_itself(repo: Repo) -> None:
    pre_commit(repo)
    set_up(repo)
    hooks = repo.path / ".git/hooks"
    (hooks / "pre-commit").rename(hooks / "pre-commit.legacy")
    pre_commit(repo)

    commits("bob", repo, PRE_COMMIT_RUNNING_LEGACY="1")
    ran = (repo.path / "ran.log").read_text().count("pre-commit:")
    repo.swarm("setup", "git", "--remove")

    assert ran == 1
    assert sorted(path.name for path in hooks.glob("pre-commit*") if path.suffix != ".sample") == ["pre-commit"]


def test_a_repository_that_was_moved_is_put_right(repo: Repo) -> None:
    husky(repo)
    set_up(repo)
    moved = Repo(repo.path.parent / "moved")
    repo.path.rename(moved.path)

    lost = moved.swarm("setup", "git", "--check").exit
    set_up(moved)
    turn_red(moved)

    assert lost == 1 and held(commits("bob", moved))
    assert commits("alice", moved).exit == 0 and "pre-commit" in (moved.path / "ran.log").read_text()


def test_deleting_the_swarm_leaves_the_users_hooks_at_work(repo: Repo) -> None:
    husky(repo)
    set_up(repo)
    shutil.rmtree(repo.path / ".git/swarm")
    repo.write("broken", "")

    assert commits("bob", repo).exit == 1


def test_a_setup_that_was_killed_halfway_is_finished_by_the_next_one(repo: Repo) -> None:
    hooks = repo.path / ".git/hooks"
    before = picture(repo.path)
    os.link(hooks / "pre-commit", hooks / "pre-commit.before-swarm")  # kept already, ours not yet in place

    set_up(repo)
    repo.swarm("setup", "git", "--remove")

    assert picture(repo.path) == before


def test_a_red_build_without_its_flag_is_found_and_put_right(repo: Repo) -> None:
    set_up(repo)
    turn_red(repo)
    (repo.path / ".git/swarm/swarm.db-red").unlink()  # as in a copy that left it out

    lost = repo.swarm("setup", "git", "--check").exit
    set_up(repo)

    assert lost == 1 and held(commits("bob", repo))


def test_a_swarm_must_be_there_first(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    repo.path.mkdir()
    repo.git("init", "-q")

    ended = repo.swarm("setup", "git", "--json")

    assert (ended.exit, ended.json["next"]) == (66, "swarm init")


def test_a_folder_of_hooks_that_may_not_be_written_is_said(repo: Repo) -> None:
    shutil.rmtree(repo.path / ".git/hooks")
    (repo.path / ".git/hooks").write_text("no folder")

    ended = repo.swarm("setup", "git")

    assert ended.exit == 73 and "Cannot change the hooks" in ended.err


def test_what_pre_commit_runs_for_its_users_refuses_alike(repo: Repo) -> None:
    said = Path(".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    entry = re.search(r"entry: (.*)", said)
    assert entry
    repo.hook(f'#!/bin/sh\nout=$({entry[1]} 2>&1) || {{ echo "$out"; exit 1; }}\n')
    turn_red(repo)
    repo.stage("b.txt")

    assert git_as("bob", repo, "commit", "-m", "work").exit == 1
    assert git_as("alice", repo, "commit", "-m", "work").exit == 0


def test_a_refusal_whose_exit_code_was_swallowed_is_still_no_evidence(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nswarm gate pre-commit || exit 1\n")
    repo.write("swarm.toml", "[build]\nwait_s = 0.2\n")
    turn_red(repo)
    repo.stage("b.txt")

    ended = repo.swarm("--as", "bob", "--json", "commit", "-m", "work")

    assert (ended.exit, ended.json["code"]) == (80, "build_broken")
