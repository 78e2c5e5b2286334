"""The gate beside the real husky, lefthook and pre-commit: both apply, installed in either order, and removed alone."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.flows.gate.test_setup import picture
from tests.support.gate import commits, events, held, set_up, turn_red
from tests.support.hook_programs import LEFTHOOK, PRE_COMMIT, Program, husky
from tests.support.repo import Repo


@pytest.fixture(scope="session")
def real_husky(tmp_path_factory: pytest.TempPathFactory) -> Program:
    try:
        return husky(tmp_path_factory.mktemp("husky"))
    except LookupError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["pre-commit", "lefthook", "husky"])
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    monkeypatch.setenv("PRE_COMMIT_HOME", os.fspath(tmp_path / "cache"))
    match request.param:
        case "pre-commit":
            return PRE_COMMIT
        case "lefthook":
            return LEFTHOOK
    found: Program = request.getfixturevalue("real_husky")
    return found


@pytest.fixture
def configured(repo: Repo, program: Program) -> Repo:
    program.configure(repo)
    return repo


def program_first(repo: Repo, program: Program) -> None:
    program.put_in(repo)
    set_up(repo)


def gate_first(repo: Repo, program: Program) -> None:
    """The program comes later: `--check` tells whether the gate has to be set up again."""
    set_up(repo)
    program.put_in(repo)
    if repo.swarm("setup", "git", "--check").exit != 0:
        set_up(repo)


@pytest.fixture(params=[program_first, gate_first], ids=lambda order: order.__name__)
def both(request: pytest.FixtureRequest, configured: Repo, program: Program) -> Repo:
    order: Callable[[Repo, Program], None] = request.param
    order(configured, program)
    return configured


def times_ran(repo: Repo) -> int:
    log = repo.path / ".git/ran.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_while_it_is_green_the_program_rules_as_ever(both: Repo) -> None:
    let_by = commits("bob", both)
    ran = times_ran(both)
    both.write("broken", "")
    refused = commits("bob", both)

    assert (let_by.exit, refused.exit) == (0, 1)
    assert (ran, times_ran(both)) == (1, 2)


def test_while_it_is_red_only_the_fixer_passes_and_the_program_has_the_last_word(both: Repo) -> None:
    turn_red(both)

    assert held(commits("bob", both)) and held(commits("bob", both, "--no-verify"))
    ran = times_ran(both)  # pre-commit runs its own hooks too when its legacy hook, the gate, has refused
    assert commits("alice", both).exit == 0
    both.write("broken", "")
    assert commits("alice", both).exit == 1
    assert times_ran(both) == ran + 2


def test_in_front_the_gate_spares_the_program_a_commit_that_is_held(configured: Repo, program: Program) -> None:
    program_first(configured, program)
    turn_red(configured)

    assert held(commits("bob", configured))
    assert times_ran(configured) == 0


@pytest.mark.parametrize("order", [program_first, gate_first], ids=lambda order: order.__name__)
def test_a_program_that_is_installed_once_more_is_found_and_put_right(
    configured: Repo, program: Program, order: Callable[[Repo, Program], None]
) -> None:
    (configured.path / ".git/hooks/pre-commit").unlink()
    order(configured, program)

    gate_first(configured, program)
    turn_red(configured)

    assert held(commits("bob", configured)) and held(commits("bob", configured, "--no-verify"))
    assert commits("alice", configured).exit == 0
    assert times_ran(configured) >= 1


def test_lefthook_that_keeps_an_older_hook_is_installed_once_more_without_the_gate(repo: Repo) -> None:
    LEFTHOOK.configure(repo)
    program_first(repo, LEFTHOOK)

    repo.swarm("setup", "git", "--remove")
    program_first(repo, LEFTHOOK)
    turn_red(repo)

    assert held(commits("bob", repo)) and commits("alice", repo).exit == 0
    assert "FAILED test_everything" in (repo.path / ".git/hooks/pre-commit.old").read_text()


def test_in_a_linked_worktree_it_is_the_same(both: Repo, program: Program) -> None:
    beside = both.worktree("beside")
    assert commits("alice", beside).exit == 0
    ran = times_ran(both)
    turn_red(both)

    assert held(commits("bob", beside)) and held(commits("bob", beside, "--no-verify"))
    assert commits("alice", beside).exit == 0
    assert ran == (1 if program.runs_in_a_new_worktree else 0)


def test_only_what_the_program_did_not_judge_went_round(both: Repo) -> None:
    commits("bob", both)
    both.write("broken", "")
    assert commits("bob", both).exit == 1
    before = events(both, "went_round")

    assert commits("bob", both, "--no-verify").exit == 0

    assert before == []
    assert events(both, "went_round") == [f"bob went_round {both.head()[:10]} on main"]


def test_swarm_commit_takes_what_the_program_refuses_for_a_breakage(both: Repo) -> None:
    both.stage("broken")

    ended = both.swarm("--as", "bob", "--json", "commit", "-m", "work")

    assert (ended.exit, ended.json["code"]) == (81, "you_are_fixer")


def test_remove_leaves_what_the_program_had_made(configured: Repo, program: Program) -> None:
    program.put_in(configured)
    before = picture(configured.path)

    set_up(configured)
    commits("bob", configured)
    configured.swarm("setup", "git", "--remove")
    after = picture(configured.path)

    changed_by_the_commit = {".git/COMMIT_EDITMSG", ".git/refs/heads/main", ".git/ran.log", "bob.txt"}
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} <= (
        changed_by_the_commit
    )


def test_removed_after_the_program_came_all_is_as_if_the_gate_had_never_been(
    configured: Repo, program: Program, tmp_path: Path
) -> None:
    shutil.copytree(configured.path, tmp_path / "twin" / "repo", symlinks=True)
    twin = Repo(tmp_path / "twin" / "repo")
    program.put_in(twin)

    gate_first(configured, program)
    configured.swarm("setup", "git", "--remove")

    assert _hooks(configured) == _hooks(twin)


def _hooks(repo: Repo) -> dict[str, tuple[int, bytes | str]]:
    found = picture(repo.path)
    return {name: what for name, what in found.items() if name.startswith((".git/hooks/", ".git/config", ".husky/"))}


def test_pre_commit_installed_over_the_gate_is_in_order_as_it_is(repo: Repo) -> None:
    PRE_COMMIT.configure(repo)
    set_up(repo)
    PRE_COMMIT.put_in(repo)
    turn_red(repo)

    assert repo.swarm("setup", "git", "--check").exit == 0
    assert held(commits("bob", repo)) and commits("alice", repo).exit == 0
    assert "FAILED test_everything" in (repo.path / ".git/hooks/pre-commit.before-swarm").read_text()


def test_pre_commit_itself_can_name_the_gate(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", os.fspath(tmp_path / "cache"))
    ours = Repo(tmp_path / "ours")
    ours.path.mkdir()
    ours.git("init", "-q")
    ours.stage(".pre-commit-hooks.yaml", Path(".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    ours.git("-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "-m", "as released")
    text = f"repos:\n- repo: {ours.path}\n  rev: {ours.head()}\n  hooks:\n  - id: swarm-gate\n"
    replace(PRE_COMMIT, files={".pre-commit-config.yaml": text}).configure(repo)
    PRE_COMMIT.put_in(repo)
    turn_red(repo)

    refused = commits("bob", repo)

    assert refused.exit == 1 and "swarm: not committed, the build is red" in refused.err + refused.out
    assert commits("alice", repo).exit == 0
