"""`swarm commit` on a real repository with a real hook: every way it can end."""

import fcntl
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.commits import commit, repair, status
from tests.support.repo import HOOK, Repo, environment
from tests.support.until import until

WAIT_LIMIT_S = 30


def test_a_commit_that_nothing_refuses_lands(repo: Repo) -> None:
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert ended.exit == 0
    assert ended.data["commit"] == repo.head()
    assert status(repo) == "passing"


def test_the_first_agent_that_the_hook_refuses_becomes_the_fixer(repo: Repo) -> None:
    repo.stage("broken")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"], ended.data["incident"]) == (81, "broken", 1)
    assert "FAILED test_everything" in repo.swarm("status", "--json").data["build"]["summary"]


def test_another_agent_waits_for_green_and_then_lands(repo: Repo) -> None:
    repo.stage("broken")
    commit(repo, "alice")
    waiting = repo.start("--as", "bob", "commit", "-m", "bob's work")
    until(lambda: repo.swarm("status", "--json").data["waiting"], "an agent waits")

    repo.git("rm", "-q", "-f", "broken")
    repo.stage("b.txt")
    repo.stage("a.txt")
    fixed = commit(repo, "alice", "-m", "fix", "a.txt")
    out, _ = waiting.communicate(timeout=WAIT_LIMIT_S)

    assert fixed.exit == 0 and "Incident 1 is over" in fixed.json["message"]
    assert waiting.returncode == 0 and "Landed" in out


def test_the_deadline_of_a_wait_ends_with_the_command_to_repeat(repo: Repo) -> None:
    repo.configure(wait_s=0.2)
    repo.stage("broken")
    commit(repo, "alice")

    ended = commit(repo, "bob")

    assert (ended.exit, ended.json["next"]) == (80, "swarm build wait --as bob")


def test_the_fixer_that_is_refused_again_stays_the_fixer(repo: Repo) -> None:
    repo.stage("broken")
    first = commit(repo, "alice")

    again = commit(repo, "alice")

    assert (first.exit, again.exit) == (81, 81)
    assert first.data["fence"] == again.data["fence"]


def test_the_fixers_landed_commit_is_the_evidence(repo: Repo) -> None:
    repo.stage("broken")
    commit(repo, "alice")
    repo.git("rm", "-q", "-f", "broken")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert ended.exit == 0
    assert status(repo) == "passing"
    assert repo.swarm("build", "history", "--json").data["incidents"][0]["fix_commit"] == repo.head()


def test_a_commit_that_went_round_the_refusing_hook_proves_nothing(repo: Repo) -> None:
    repo.stage("broken")
    commit(repo, "alice")
    repo.hook("#!/bin/sh\nexit 0\n", "commit-msg")
    Path(repo.path / ".git/hooks/pre-commit").unlink()

    ended = commit(repo, "alice")

    assert ended.exit == 81
    assert status(repo) == "fixing"


def test_a_gate_without_a_hook_behind_it_proves_nothing(repo: Repo) -> None:
    Path(repo.path / ".git/hooks/pre-commit").unlink()
    assert repo.swarm("setup", "git").exit == 0
    repo.stage("a.txt")

    assert commit(repo, "alice").exit == 0

    assert "only the gate" in repo.swarm("doctor").out
    with closing(sqlite3.connect(repo.path / ".git/swarm/swarm.db")) as connection:
        assert connection.execute("select count(*) from landings").fetchone() == (0,)


@pytest.mark.parametrize("words", [["--no-verify", "-m", "x"], ["-n", "-m", "x"], ["-anm", "x"], ["--no-veri", "-mx"]])
def test_nothing_skips_the_hook(repo: Repo, words: list[str]) -> None:
    repo.stage("broken")
    before = repo.head()

    ended = commit(repo, "alice", *words)

    assert ended.exit == 64
    assert repo.head() == before


@pytest.mark.parametrize(
    "words", [["-m", "-n"], ["-m", "--no-verify"], ["-mn"], ["-am", "--json"], ["-m", "x", "--", "-n"]]
)
def test_a_message_or_path_that_looks_like_an_option_is_left_alone(repo: Repo, words: list[str]) -> None:
    repo.stage("-n", "a file named -n\n")

    ended = commit(repo, "alice", *words)

    assert ended.exit == 0
    if "--" not in words:
        assert repo.git("log", "-1", "--format=%s") in ("-n", "--no-verify", "n", "--json")


def test_nothing_to_commit_is_not_the_build(repo: Repo) -> None:
    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (85, "not_build")
    assert status(repo) == "passing"


def test_an_unresolved_conflict_is_not_the_build(repo: Repo) -> None:
    other = repo.worktree("other")
    other.stage("README", "theirs\n")
    other.git("commit", "-q", "-m", "theirs")
    repo.stage("README", "ours\n")
    repo.git("commit", "-q", "-m", "ours")
    subprocess.run(["git", "merge", "-q", "other"], cwd=repo.path, env=environment(), capture_output=True)

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (86, "not_build")
    assert status(repo) == "passing"


def test_a_missing_identity_is_not_the_build(repo: Repo) -> None:
    repo.git("config", "user.name", "")
    repo.git("config", "user.useConfigOnly", "true")
    repo.stage("useHook.ts")

    ended = commit(repo, "alice")

    assert ended.exit == 85
    assert status(repo) == "passing"


def test_a_refused_message_is_not_the_build(repo: Repo) -> None:
    repo.hook("#!/bin/sh\necho bad message; exit 1\n", "commit-msg")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (85, "not_build")


def test_a_hook_that_fails_silently_is_the_build(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nexit 1\n")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (81, "broken")


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\nkill -9 $$\n",
        "#!/bin/sh\nexit 127\n",
        "#!/bin/sh\nexit 126\n",
        "#!/bin/sh\necho 'cp: No space left on device' >&2; exit 1\n",
        "#!/no/such/interpreter\n",
        "#!/bin/sh\necho 'FAILED a.py::test_a - boom'; sh -c 'kill -9 $$'\n",
        "#!/bin/sh\necho 'FAILED a.py::test_a - boom'; kill -9 $$\n",
        "#!/bin/sh\nno-such-tool\n",
    ],
)
def test_a_hook_that_could_not_run_is_not_the_build(repo: Repo, script: str) -> None:
    repo.hook(script)
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (85, "infra")
    assert status(repo) == "passing"


@pytest.mark.parametrize("code", [126, 127, 130, 137, 255])
def test_a_hook_that_returns_the_number_of_failures_has_judged(repo: Repo, code: int) -> None:
    repo.hook(f"#!/bin/sh\necho '  {code} failing'; exit {code}\n")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (81, "broken")


def test_a_test_about_a_full_disk_that_fails_is_the_build(repo: Repo) -> None:
    repo.hook("#!/bin/sh\necho \"FAILED a.py::test_full - assert 'No space left on device' in ''\"; exit 1\n")
    repo.stage("a.txt")

    assert commit(repo, "alice").exit == 81


def test_why_a_hook_could_not_run_is_told(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nno-such-tool\n")
    repo.stage("a.txt")

    assert "no-such-tool: not found" in commit(repo, "alice").json["message"]


def test_a_hook_that_only_reformats_is_not_the_build(repo: Repo) -> None:
    repo.hook("#!/bin/sh\necho formatted >> README\necho 'files were modified by this hook'; exit 1\n")
    repo.stage("README", "changed\n")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["verdict"]) == (87, "files_modified")
    assert status(repo) == "passing"


def test_a_hook_that_reformats_what_commit_a_would_commit_is_not_the_build(repo: Repo) -> None:
    repo.hook("#!/bin/sh\necho formatted >> README; exit 1\n")
    repo.write("README", "changed\n")

    assert commit(repo, "alice", "-am", "x").exit == 87


def test_what_others_edit_meanwhile_is_not_taken_for_the_hooks_doing(repo: Repo) -> None:
    repo.stage("theirs.txt")
    repo.git("commit", "-q", "-m", "theirs")
    repo.hook("#!/bin/sh\necho 'another agent types' >> theirs.txt; exit 1\n")
    repo.stage("a.txt")

    assert commit(repo, "alice").exit == 81


def test_a_lost_race_for_the_index_is_tried_again(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.txt")
    lock, trace = repo.path / ".git/index.lock", tmp_path / "trace"
    lock.touch()
    trace.touch()
    running = repo.start("--as", "alice", "commit", "-m", "x", GIT_TRACE2_EVENT=str(trace))
    until(lambda: "index.lock': File exists" in trace.read_text(encoding="utf-8"), "git met the lock")

    lock.unlink()
    out, _ = running.communicate(timeout=WAIT_LIMIT_S)

    assert running.returncode == 0
    assert "Landed" in out


def test_the_users_own_trace_is_left_to_the_user(repo: Repo, tmp_path: Path) -> None:
    trace = tmp_path / "mine.json"
    trace.write_text("before\n", encoding="utf-8")
    repo.stage("a.txt")

    ended = repo.swarm("--as", "alice", "commit", "-m", "x", GIT_TRACE2_EVENT=str(trace))

    assert ended.exit == 0
    text = trace.read_text(encoding="utf-8")
    assert text.startswith("before\n") and '"hook_name":"pre-commit"' in text


def test_a_commit_that_lands_heals_a_build_without_a_fixer(repo: Repo) -> None:
    repo.stage("broken")
    commit(repo, "alice")
    repo.swarm("--as", "alice", "build", "give-up")
    repo.git("rm", "-q", "-f", "broken")
    repo.stage("a.txt")

    ended = commit(repo, "bob")

    assert ended.exit == 0
    assert repo.swarm("build", "history", "--json").data["incidents"][0]["closed_how"] == "healed"


def test_a_commit_that_lands_while_another_repairs_changes_nothing(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "x")
    repo.stage("a.txt")

    ended = commit(repo, "bob")

    assert ended.exit == 0
    assert status(repo) == "fixing"


# A worktree per agent.


def test_a_retry_without_the_fix_is_told_what_to_bring_in(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    assert commit(alice, "alice").exit == 81
    assert repair(alice).exit == 0

    ended = commit(bob, "bob")

    assert (ended.exit, ended.json["next"]) == (93, f"git merge --no-edit {alice.head()}")
    assert status(bob) == "passing"


def test_the_command_that_brings_in_the_fix_works_as_it_is_printed(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    commit(alice, "alice")
    repair(alice)
    command = commit(bob, "bob").json["next"]

    assert bob.shell(command) == 0
    assert commit(bob, "bob").exit == 0


def test_after_a_wait_sync_brings_in_the_fix_and_the_commit_lands(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    bob.configure(sync="git merge -q --no-edit alice")
    commit(alice, "alice")
    waiting = bob.start("--as", "bob", "commit", "-m", "bob's work")
    until(lambda: bob.swarm("status", "--json").data["waiting"], "an agent waits")

    repair(alice)
    _, err = waiting.communicate(timeout=WAIT_LIMIT_S)

    assert waiting.returncode == 0, err
    assert sorted(bob.git("show", "--name-only", "--format=", "HEAD").split()) == ["b.txt"]


def test_sync_merges_although_changes_are_staged_and_keeps_them_staged(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    bob.configure(sync="git merge -q --no-edit alice")
    bob.git("commit", "-q", "-m", "bob's first", "--no-verify")
    bob.stage("b2.txt", "more\n")
    commit(alice, "alice")
    repair(alice)

    ended = commit(bob, "bob")

    assert ended.exit == 0, ended
    assert "with your changes in place that failed; trying it while they are put aside" in ended.err
    assert bob.git("show", "--name-only", "--format=", "HEAD").split() == ["b2.txt"]


def test_a_sync_that_conflicts_keeps_the_change_and_says_so(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    bob.configure(sync="git merge -q --no-edit alice")
    bob.stage("a.txt", "bob's own a\n")
    bob.git("commit", "-q", "-m", "bob's a", "--no-verify")
    bob.stage("b2.txt", "precious\n")
    commit(alice, "alice")
    repair(alice)

    ended = commit(bob, "bob")

    assert ended.exit == 86
    assert bob.git("diff", "--cached", "--name-only") == "b2.txt"


def test_changes_put_aside_by_a_sync_that_was_killed_come_back(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    bob.configure(sync="git merge -q --no-edit alice")
    bob.git("commit", "-q", "-m", "bob's first", "--no-verify")
    bob.stage("b2.txt", "precious\n")
    commit(alice, "alice")
    repair(alice)
    bob.git("update-ref", "refs/worktree/swarm-saved", bob.git("stash", "create"))
    bob.git("reset", "-q", "--hard")

    ended = commit(bob, "bob")

    assert ended.exit == 0
    assert bob.git("show", "--name-only", "--format=", "HEAD").split() == ["b2.txt"]


def test_a_change_that_conflicts_with_the_fix_is_applied_as_printed_and_then_lands(
    two_trees: tuple[Repo, Repo],
) -> None:
    alice, bob = two_trees
    bob.configure(sync="git merge -q --no-edit alice")
    bob.git("commit", "-q", "-m", "bob's first", "--no-verify")
    bob.stage("README", "bob's\n")
    commit(alice, "alice")
    alice.stage("README", "alice's\n")
    repair(alice)

    refused = commit(bob, "bob")
    bob.shell(refused.json["next"])
    conflict = bob.git("diff", "--name-only", "--diff-filter=U")
    bob.stage("README", "both\n")
    landed = commit(bob, "bob")

    assert (refused.exit, conflict) == (86, "README")
    assert landed.exit == 0


def test_a_sync_that_was_killed_before_the_tree_was_clean_loses_and_blocks_nothing(
    two_trees: tuple[Repo, Repo],
) -> None:
    _, bob = two_trees
    bob.configure(sync="git merge -q --no-edit alice")
    bob.stage("README", "bob's\n")
    bob.git("update-ref", "refs/worktree/swarm-saved", bob.git("stash", "create"))

    bob.write("broken", "")
    first = commit(bob, "bob")

    assert first.exit == 81
    assert bob.git("for-each-ref", "refs/worktree") == ""


def test_a_fix_counts_only_on_the_shared_branch(two_trees: tuple[Repo, Repo]) -> None:
    alice, _ = two_trees
    alice.configure(branch="main")
    main = Repo(alice.path.parent / "repo")
    commit(alice, "alice")

    landed = repair(alice)
    before = status(alice)
    early = alice.swarm("--as", "alice", "build", "fixed")
    main.git("merge", "-q", "--ff-only", "alice")
    late = alice.swarm("--as", "alice", "build", "fixed")

    assert (landed.exit, landed.json["next"]) == (81, "swarm build fixed --as alice")
    assert (before, early.exit, late.exit) == ("fixing", 81, 0)
    assert status(alice) == "passing"


# What is left behind when it is interrupted.


def test_ctrl_c_in_the_editor_leaves_no_lease_and_no_lock(repo: Repo) -> None:
    repo.stage("a.txt")
    editor = repo.path.parent / "editor"
    editor.write_text("#!/bin/sh\ntouch opened\nexec sleep 30\n", encoding="utf-8")
    editor.chmod(0o755)
    running = subprocess.Popen(
        ["swarm", "--as", "alice", "commit"],
        cwd=repo.path,
        env=environment() | {"GIT_EDITOR": str(editor)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until((repo.path / "opened").exists, "the editor is open")

    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=WAIT_LIMIT_S)

    assert running.returncode == 1
    assert status(repo) == "passing"
    assert not (repo.path / ".git/index.lock").exists()


def test_a_commit_that_landed_is_named_although_it_could_not_be_recorded(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nmv .git/swarm .git/elsewhere\n")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert (ended.exit, ended.data["commit"]) == (69, repo.head())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_command_alone_ends_git_too(repo: Repo, number: signal.Signals) -> None:
    repo.hook("#!/bin/sh\necho $$ > hook\nexec sleep 20\n")
    repo.stage("a.txt")
    running = repo.start("--as", "alice", "commit", "-m", "x")
    until(
        lambda: (repo.path / "hook").exists() and (repo.path / "hook").read_text().endswith("\n"),
        "the hook has said its process id",
    )

    running.send_signal(number)
    running.communicate(timeout=WAIT_LIMIT_S)
    os.kill(int((repo.path / "hook").read_text()), signal.SIGKILL)

    assert (running.returncode, status(repo)) == (1, "passing")
    assert not (repo.path / ".git/index.lock").exists()


def test_a_sync_that_is_ended_gives_the_change_back(two_trees: tuple[Repo, Repo]) -> None:
    alice, bob = two_trees
    bob.configure(sync="test -e once && touch syncing && exec sleep 20; touch once; exit 1")
    bob.git("add", "swarm.toml")
    bob.git("commit", "-q", "-m", "bob's first", "--no-verify")
    bob.stage("b2.txt", "precious\n")
    commit(alice, "alice")
    repair(alice)
    running = bob.start("--as", "bob", "commit", "-m", "x")
    until((bob.path / "syncing").exists, "the sync has begun")

    running.terminate()
    running.communicate(timeout=WAIT_LIMIT_S)

    assert running.returncode == 143
    assert bob.git("diff", "--cached", "--name-only") == "b2.txt"


@pytest.fixture
def notes(repo: Repo) -> Path:
    """Where commits note what git says, with a folder in it that a killed one left an hour ago."""
    folder = repo.path / ".git/swarm/swarm.db-commits"
    (folder / "4711-killed").mkdir(parents=True)
    (folder / "4711-killed/owner").touch()
    (folder / "4711-killed/trace").touch()
    an_hour_ago = time.time() - 3600
    os.utime(folder / "4711-killed", (an_hour_ago, an_hour_ago))
    return folder


def test_what_a_killed_commit_left_is_cleared_by_the_next(repo: Repo, notes: Path) -> None:
    repo.stage("a.txt")

    commit(repo, "alice")

    assert list(notes.iterdir()) == []


def test_the_notes_of_a_commit_that_runs_are_left_alone_however_old(repo: Repo, notes: Path) -> None:
    repo.stage("a.txt")
    with open(notes / "4711-killed/owner", "w", encoding="ascii") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)

        commit(repo, "alice")

        assert [path.name for path in notes.iterdir()] == ["4711-killed"]


def test_a_killed_commit_leaves_nothing_elsewhere(repo: Repo, tmp_path: Path) -> None:
    repo.hook("#!/bin/sh\necho $$ >hook\nexec sleep 20\n")
    repo.stage("a.txt")
    (tmp_path / "temporary").mkdir()
    running = subprocess.Popen(
        ["swarm", "--as", "alice", "commit", "-m", "x"],
        cwd=repo.path,
        env=environment() | {"TMPDIR": str(tmp_path / "temporary")},
        stderr=subprocess.DEVNULL,
    )
    until(
        lambda: (repo.path / "hook").exists() and (repo.path / "hook").read_text().endswith("\n"),
        "the hook has said its process id",
    )

    running.kill()
    running.wait(timeout=WAIT_LIMIT_S)
    os.kill(int((repo.path / "hook").read_text()), signal.SIGKILL)

    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_fix_whose_commit_was_killed_before_it_was_recorded_is_proven_by_the_command_that_is_told(repo: Repo) -> None:
    repo.stage("broken")
    commit(repo, "alice")
    repo.git("rm", "-q", "-f", "broken")
    repo.stage("fix.txt")
    repo.hook(
        "#!/bin/sh\n[ -e .git/killed ] || { touch .git/killed; kill -9 $(ps -o ppid= -p $PPID); }\n", "post-commit"
    )
    assert commit(repo, "alice").exit == -signal.SIGKILL

    told = repo.swarm("--as", "alice", "--json", "build", "fixed").json["next"]

    assert repo.shell(f"{told} -m 'again, recorded'") == 0
    assert status(repo) == "passing"


# In a checkout that several share.


def test_what_another_landed_in_the_same_checkout_meanwhile_is_not_taken_for_ones_own(repo: Repo) -> None:
    nested = "swarm --as bob commit -q --allow-empty -m bobs >.git/bob 2>&1"
    repo.hook(f'#!/bin/sh\n[ "$SWARM_AGENT" != alice ] || {nested}\n', "post-commit")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert repo.git("log", "-1", "--format=%s") == "bobs"
    assert ended.data["commit"] == repo.git("rev-parse", "HEAD~1")
    assert repo.git("rev-parse", "--short=10", "HEAD") in (repo.path / ".git/bob").read_text()


@pytest.mark.parametrize("end_of_line", ["\u2028", "\x0b", "\x85"])
def test_a_subject_of_another_with_an_end_of_a_line_in_it_hides_nothing(repo: Repo, end_of_line: str) -> None:
    nested = f"swarm --as bob commit -q --allow-empty -m 'bobs{end_of_line}'"
    repo.hook(f'#!/bin/sh\n[ "$SWARM_AGENT" != alice ] || {nested} >.git/bob 2>&1\n', "post-commit")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert ended.data["commit"] == repo.git("rev-parse", "HEAD~1")


def test_a_commit_that_wrote_nothing_names_none_not_even_ones_last(repo: Repo) -> None:
    repo.stage("a.txt")
    commit(repo, "alice")
    repo.stage("b.txt")

    ended = commit(repo, "alice", "--dry-run")

    assert (ended.exit, ended.data["commit"]) == (0, None)


def test_without_a_reflog_a_commit_is_named_too(repo: Repo) -> None:
    repo.git("config", "core.logAllRefUpdates", "false")
    shutil.rmtree(repo.path / ".git/logs")
    repo.stage("a.txt")

    ended = commit(repo, "alice")

    assert ended.data["commit"] == repo.head()


def test_the_reflog_says_who_committed_and_what_a_user_says_instead_stays(repo: Repo) -> None:
    repo.stage("a.txt")
    commit(repo, "alice")
    repo.stage("b.txt")
    ended = repo.swarm("--as", "bob", "--json", "commit", "-m", "x", GIT_REFLOG_ACTION="my tool")

    assert repo.git("log", "-g", "-2", "--format=%gs").splitlines() == ["my tool: x", "swarm commit (alice): work"]
    assert ended.data["commit"] == repo.head()


@pytest.mark.parametrize("action", ["my  tool", " my tool ", "my\ttool\n"])
def test_a_users_name_for_it_may_hold_any_spaces(repo: Repo, action: str) -> None:
    repo.stage("a.txt")

    ended = repo.swarm("--as", "bob", "--json", "commit", "-m", "x", GIT_REFLOG_ACTION=action)

    assert ended.data["commit"] == repo.head()


@pytest.mark.parametrize(
    ("hook", "dies"),
    [("post-commit", "kill -TERM $PPID"), ("reference-transaction", '[ "$1" != committed ] || rm -f .git/index.lock')],
)
def test_a_commit_that_git_made_before_it_died_has_landed(repo: Repo, hook: str, dies: str) -> None:
    repo.stage("broken")
    commit(repo, "alice")
    repo.git("rm", "-q", "-f", "broken")
    repo.stage("fix.txt")
    repo.hook(f"#!/bin/sh\n{dies}\n", hook)

    ended = commit(repo, "alice", "-am", "work")

    assert (ended.exit, ended.data["commit"]) == (0, repo.head()), ended
    assert status(repo) == "passing"


def test_a_hook_that_leaves_a_process_behind_does_not_hold_the_commit(repo: Repo) -> None:
    repo.hook("#!/bin/sh\nsleep 20 &\necho $! > child\nexit 0\n")
    repo.stage("a.txt")

    ended = commit(repo, "alice")
    os.kill(int((repo.path / "child").read_text()), signal.SIGKILL)

    assert ended.exit == 0


def test_the_hook_sees_the_arguments_and_output_of_plain_git(repo: Repo) -> None:
    repo.hook(HOOK + "echo 'hook says hi' >&2\n")
    repo.stage("a.txt")

    ended = repo.swarm("--as", "alice", "commit", "-m", "x", "--quiet")

    assert "hook says hi" in ended.err
    assert re.fullmatch(r"Landed [0-9a-f]{10}\.\n", ended.out)
