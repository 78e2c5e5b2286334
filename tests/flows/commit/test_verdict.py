"""Verdicts by evidence: real checks on real trees, and which agents they do not disturb."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from swarm_agents.db.database import Database
from tests.support.repo import Ran, Repo
from tests.support.until import until

CHECK = "#!/bin/sh\necho run >> \"$RUNS\"\nif [ -e broken ]; then echo 'FAILED test_everything'; exit 1; fi\n"
WAIT_LIMIT_S = 30


@pytest.fixture
def checked(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The hook and the configured check run the same script, which fails while a file `broken` exists."""
    monkeypatch.setenv("RUNS", str(repo.path.parent / "runs"))
    repo.stage("check.sh", CHECK)
    repo.git("commit", "-q", "-m", "add the check")
    repo.hook("#!/bin/sh\nexec sh check.sh\n")
    repo.configure(check="sh check.sh", wait_s=0.2)
    return repo


def commit(repo: Repo, agent: str = "alice", *words: str) -> Ran:
    return repo.swarm("--as", agent, "--json", "commit", *(words or ("-m", "work")))


def verdict(ended: Ran) -> tuple[int, str]:
    return ended.exit, ended.data["verdict"]


def status(repo: Repo) -> str:
    return str(repo.swarm("status", "--json").data["build"]["status"])


def runs(repo: Repo) -> int:
    """How often the check or the hook ran."""
    path = repo.path.parent / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


def land_broken(repo: Repo) -> None:
    """A colleague goes round the hook."""
    repo.stage("broken")
    repo.git("commit", "-q", "-m", "break it", "--no-verify")


def test_what_head_fails_too_is_the_build(checked: Repo) -> None:
    land_broken(checked)
    checked.stage("a.txt")

    ended = commit(checked)

    assert verdict(ended) == (81, "broken")
    assert status(checked) == "fixing"


def test_what_only_the_callers_change_fails_is_the_callers(checked: Repo) -> None:
    checked.stage("broken")

    ended = commit(checked)

    assert verdict(ended) == (83, "mine")
    assert status(checked) == "passing"


def test_others_go_on_while_one_repairs_its_own_change(checked: Repo) -> None:
    tree = checked.worktree("bob")
    tree.configure(check="sh check.sh")
    tree.stage("b.txt")
    checked.stage("broken")

    assert verdict(commit(checked, "alice")) == (83, "mine")
    assert commit(tree, "bob").exit == 0


def test_what_lies_uncommitted_in_a_shared_checkout_is_named(checked: Repo) -> None:
    checked.write("broken", "another agent's unfinished work\n")
    checked.stage("a.txt")

    ended = commit(checked)

    assert verdict(ended) == (89, "dirty_tree")
    assert "broken" in ended.json["message"]
    assert status(checked) == "passing"


def test_a_check_that_fails_once_is_flaky(checked: Repo) -> None:
    flaky = 'if mkdir "$RUNS.once" 2>/dev/null; then echo "FAILED test_flaky"; exit 1; fi\n'
    checked.configure(check=flaky)
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (88, "flaky")
    assert status(checked) == "passing"


def test_a_hook_that_refuses_once_is_flaky(checked: Repo) -> None:
    checked.hook('#!/bin/sh\nif mkdir "$RUNS.once" 2>/dev/null; then exit 1; fi\n')
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (88, "flaky")


# Runs of a check or a hook, one after the other: `fail NAME` is what fails in it, `pass` passes.
SCRIPT = """\
count=$(($(cat "$RUNS.count" 2>/dev/null || echo 0) + 1)); echo $count > "$RUNS.count"
set -- {runs}
eval "name=\\${{$count:-{last}}}"
test $name = pass || {{ echo "FAILED tests/a.py::$name - boom"; exit 1; }}
"""


def runs_of(*names: str) -> str:
    """A script of which each run fails with the next of these names; the last one stands for all others."""
    return SCRIPT.format(runs=" ".join(names), last=names[-1])


@pytest.mark.parametrize(
    "names",
    [
        ("test_a", "pass"),  # HEAD
        ("pass", "test_a", "pass"),  # the change
        ("test_a", "pass", "test_a", "test_a"),  # HEAD, and then twice the change
        ("test_a", "test_b", "pass"),  # each once
        ("pass", "test_a", "test_b", "pass"),
    ],
)
def test_what_is_flaky_on_head_or_on_the_change_is_flaky(checked: Repo, names: tuple[str, ...]) -> None:
    checked.configure(check=runs_of(*names))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (88, "flaky")
    assert status(checked) == "passing"


def test_what_is_flaky_in_the_working_tree_is_flaky(checked: Repo) -> None:
    checked.configure(check=runs_of("pass", "pass", "test_a", "pass"))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.write("b.txt", "uncommitted\n")
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (88, "flaky")


def test_what_was_flaky_before_is_flaky_on_another_change(checked: Repo) -> None:
    checked.configure(check=runs_of("test_a", "pass", "pass", "test_a"))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")
    first = verdict(commit(checked))
    forget_results(checked, "state <> 'passed'")
    checked.stage("b.txt")

    assert (first, verdict(commit(checked))) == ((88, "flaky"), (88, "flaky"))


def test_a_flaky_result_that_is_kept_is_flaky(checked: Repo) -> None:
    checked.configure(check=runs_of("pass", "test_a", "pass"))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")

    assert [verdict(commit(checked)) for _ in range(2)] == [(88, "flaky")] * 2


def test_a_change_that_fails_on_something_else_than_the_flaky_test_is_the_callers(checked: Repo) -> None:
    checked.configure(check=runs_of("test_a", "pass", "test_b"))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (83, "mine")


def test_a_change_that_keeps_failing_on_a_flaky_test_is_the_callers_in_the_end(checked: Repo) -> None:
    checked.configure(check=runs_of("test_a", "pass", "test_a"))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")

    ends = [verdict(commit(checked)) for _ in range(4)]

    assert ends == [(88, "flaky")] * 3 + [(83, "mine")]


def test_a_head_that_fails_only_where_it_is_known_to_be_flaky_is_flaky(checked: Repo) -> None:
    checked.configure(check=runs_of("pass", "test_a", "pass", "test_a"))
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.stage("a.txt")
    first = verdict(commit(checked))
    checked.git("commit", "-q", "--no-verify", "-m", "a")
    forget_results(checked, "state <> 'passed'")
    checked.stage("b.txt")

    assert (first, verdict(commit(checked))) == ((88, "flaky"), (88, "flaky"))


def forget_results(repo: Repo, which: str) -> None:
    """As ten minutes do to what failed."""
    with Database(repo.path / ".git/swarm/swarm.db") as db, db.transaction() as tx:
        tx.execute(f"delete from check_runs where {which}")


@pytest.mark.parametrize("names", [("test_a", "test_b"), ("test_a", "pass")])
def test_a_hook_that_refuses_twice_on_different_tests_is_flaky(checked: Repo, names: tuple[str, ...]) -> None:
    checked.configure(check="true")
    checked.hook("#!/bin/sh\n" + runs_of(*names))
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (88, "flaky")


def test_a_hook_that_refuses_twice_on_a_test_that_is_known_to_be_flaky_is_flaky(checked: Repo) -> None:
    checked.configure(check="true")
    checked.hook("#!/bin/sh\n" + runs_of("test_a", "pass", "test_a"))
    checked.stage("a.txt")
    first = verdict(commit(checked))
    checked.stage("b.txt")

    assert (first, verdict(commit(checked))) == ((88, "flaky"), (88, "flaky"))


@pytest.mark.parametrize("words", [["-am", "x"], ["-m", "x", "README"]])
def test_the_hook_runs_again_on_what_would_be_committed(checked: Repo, words: list[str]) -> None:
    checked.configure(check="true")
    checked.hook("#!/bin/sh\ngit diff --cached | grep -q '^+ugly' && { echo 'README is ugly'; exit 1; }; exit 0\n")
    checked.write("README", "ugly\n")

    assert verdict(commit(checked, "alice", *words)) == (83, "mine")


def test_a_hook_that_is_killed_when_it_runs_again_is_not_the_callers(checked: Repo) -> None:
    checked.configure(check="true")
    checked.hook('#!/bin/sh\nmkdir "$RUNS.once" 2>/dev/null && exit 1; kill -9 $$\n')
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (85, "infra")


def test_a_hook_that_refuses_for_another_reason_than_the_check_speaks_of_the_change(checked: Repo) -> None:
    checked.hook("#!/bin/sh\necho 'lint: ugly'; exit 1\n")
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (83, "mine")


def test_what_commit_a_would_commit_is_what_is_checked(checked: Repo) -> None:
    checked.hook("#!/bin/sh\nexec sh check.sh\n")
    checked.configure(check="grep -q hello README")
    checked.hook("#!/bin/sh\ngrep -q hello README\n")
    checked.write("README", "changed\n")

    assert verdict(commit(checked, "alice", "-am", "x")) == (83, "mine")
    assert verdict(commit(checked, "alice", "-m", "x", "README")) == (83, "mine")


def test_paths_are_read_from_where_the_caller_stands(checked: Repo) -> None:
    checked.stage("deep/file", "hello\n")
    checked.git("commit", "-q", "--no-verify", "-m", "a file")
    checked.configure(check="grep -q hello deep/file")
    checked.hook("#!/bin/sh\ngrep -q hello deep/file\n")
    checked.write("deep/file", "changed\n")

    assert verdict(commit(Repo(checked.path / "deep"), "alice", "-m", "x", "file")) == (83, "mine")


@pytest.mark.parametrize(
    "check",
    ["exit 127", "exit 126", "kill -9 $$", "echo 'No space left on device'; exit 1", "./missing", "sh -c 'kill -9 $$'"],
)
def test_a_check_that_cannot_run_is_not_the_build(checked: Repo, check: str) -> None:
    checked.configure(check=check)
    checked.stage("broken")

    assert verdict(commit(checked)) == (85, "infra")
    assert status(checked) == "passing"


@pytest.mark.parametrize("code", [126, 127, 130, 255])
def test_a_check_that_returns_the_number_of_failures_has_judged(checked: Repo, code: int) -> None:
    checked.configure(check=f"test ! -e broken || {{ echo '  {code} failing'; exit {code}; }}")
    checked.stage("broken")

    assert verdict(commit(checked)) == (83, "mine")


def test_why_a_check_could_not_run_is_told(checked: Repo) -> None:
    checked.configure(check="no-such-tool")
    checked.stage("broken")

    assert "no-such-tool: not found" in commit(checked).json["message"]


def test_a_check_that_hangs_is_ended_and_is_not_red(checked: Repo) -> None:
    checked.configure(check='sleep 60 & echo $! > "$RUNS.pid"; wait', timeout_s=1)
    checked.stage("broken")

    ended = commit(checked)

    assert verdict(ended) == (85, "infra")
    assert "did not end in time on HEAD" in ended.json["message"]
    assert status(checked) == "passing"
    hung = int(Path(f"{checked.path.parent}/runs.pid").read_text())
    assert not alive(hung)


def test_a_check_that_had_too_little_time_is_tried_again_by_who_has_more(checked: Repo) -> None:
    slow = "sleep 1; test ! -e broken"
    checked.configure(check=slow, budget_s=0.3)
    checked.stage("broken")
    short = verdict(commit(checked))

    checked.configure(check=slow, budget_s=30)

    assert short == (85, "infra")
    assert verdict(commit(checked)) == (83, "mine")


def test_a_head_that_was_never_seen_to_pass_in_a_clean_tree_proves_nothing(checked: Repo) -> None:
    checked.configure(check="test -e venv")
    checked.hook("#!/bin/sh\nexit 1\n")
    checked.write("venv", "ignored\n")
    checked.stage("a.txt")

    assert verdict(commit(checked)) == (81, "unknown")


def test_setup_and_link_give_the_clean_tree_what_git_ignores(checked: Repo) -> None:
    checked.configure(check="test -e made && test -e venv/bin && sh check.sh", setup="touch made", link=["venv"])
    checked.write("venv/bin/python", "\n")
    checked.stage("broken")

    assert verdict(commit(checked)) == (83, "mine")


def test_a_check_that_changes_files_changes_no_working_tree(checked: Repo) -> None:
    checked.configure(check="echo x >> README; rm -f check.sh; sh -c 'test ! -e broken'")
    checked.stage("broken")

    assert verdict(commit(checked)) == (83, "mine")
    assert checked.git("status", "--porcelain", "README", "check.sh") == ""
    assert checked.git("worktree", "list").count("\n") == 0


def test_a_tree_is_checked_once_for_all(checked: Repo) -> None:
    land_broken(checked)
    trees = [checked.worktree(f"w{n}") for n in range(4)]
    checked.join(*[f"w{n}" for n in range(4)])
    for n, tree in enumerate(trees):
        tree.configure(check="sh check.sh", wait_s=0.2)
        tree.stage(f"{n}.txt")
    checked.hook("#!/bin/sh\nexit 1\n")

    running = [tree.start("--as", f"w{n}", "commit", "-m", "x") for n, tree in enumerate(trees)]
    codes = sorted(ended.wait(WAIT_LIMIT_S) for ended in running if ended.communicate())

    assert codes == [80, 80, 80, 81]
    assert runs(checked) <= 3  # HEAD, HEAD again, and a parent that shows that the check can pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_check_ends_it_and_leaves_nothing(checked: Repo, number: signal.Signals) -> None:
    pid, running = start_of_a_long_check(checked)

    running.send_signal(number)
    running.communicate(timeout=30)

    assert (running.returncode, alive(pid)) == (128 + number, False)
    assert checked.git("worktree", "list").count("\n") == 0


def test_the_tree_of_a_check_that_was_killed_is_removed_by_the_next(checked: Repo) -> None:
    pid, running = start_of_a_long_check(checked)
    running.kill()
    running.communicate(timeout=30)
    os.kill(pid, signal.SIGKILL)
    left = checked.git("worktree", "list").count("\n")
    checked.configure(check="true")

    commit(checked)

    assert (left, checked.git("worktree", "list").count("\n")) == (1, 0)


def test_a_check_that_another_agent_took_over_stays_theirs(checked: Repo) -> None:
    _, running = start_of_a_long_check(checked)
    with Database(checked.path / ".git/swarm/swarm.db") as db, db.transaction() as tx:
        tx.execute("update check_runs set runner = 'another' where state = 'running'")

    running.terminate()
    running.communicate(timeout=30)

    with Database(checked.path / ".git/swarm/swarm.db") as db, db.reading() as tx:
        assert [row["runner"] for row in tx.execute("select runner from check_runs order by runner")] == ["another"]


def start_of_a_long_check(checked: Repo) -> "tuple[int, subprocess.Popen[str]]":
    note = checked.path.parent / "pid"
    checked.configure(check=f"echo $$ > '{note}'; exec >/dev/null 2>&1 sleep 20")
    checked.stage("broken")
    running = checked.start("--as", "alice", "commit", "-m", "x")
    until(lambda: note.exists() and note.read_text().endswith("\n"), "the check started", WAIT_LIMIT_S)
    return int(note.read_text()), running


def test_a_process_killed_in_the_middle_of_a_check_is_replaced(checked: Repo) -> None:
    checked.configure(check='mkdir "$RUNS.first" 2>/dev/null && sleep 60; sh check.sh', wait_s=0.2)
    checked.stage("broken")
    killed = checked.start("--as", "alice", "commit", "-m", "x")
    until(Path(f"{checked.path.parent}/runs.first").exists, "the check started", WAIT_LIMIT_S)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()

    assert verdict(commit(checked, "bob")) == (83, "mine")


def test_every_verdict_is_kept_with_its_evidence(checked: Repo) -> None:
    land_broken(checked)
    checked.stage("a.txt")
    commit(checked)

    shown = checked.swarm("build", "show", "1", "--json").data

    (kept,) = shown["verdicts"]
    assert (kept["verdict"], kept["command"], kept["exit_status"]) == ("broken", "sh check.sh", 1)
    assert "FAILED test_everything" in kept["output"]
    assert kept["head_tree"] == checked.git("rev-parse", "HEAD^{tree}")


def test_the_first_red_commit_is_named_with_its_author(checked: Repo) -> None:
    checked.stage("a.txt")
    assert commit(checked).exit == 0
    checked.git("config", "user.name", "Colleague")
    land_broken(checked)
    checked.stage("b.txt")
    commit(checked)

    shown = checked.swarm("build", "show", "1", "--json").data

    assert (shown["first_red"], shown["first_red_by"]) == (checked.head(), "Colleague")


def test_an_agent_that_only_merged_the_broken_commit_is_not_suspected(checked: Repo) -> None:
    checked.stage("a.txt")
    assert commit(checked).exit == 0
    tree = checked.worktree("elsewhere")
    tree.configure(check="sh check.sh", wait_s=0.2)
    tree.stage("b.txt")
    assert commit(tree, "bob").exit == 0
    author = checked.git("config", "user.name")
    checked.git("config", "user.name", "Colleague")
    land_broken(checked)
    broken = checked.head()
    checked.git("config", "user.name", author)
    tree.git("merge", "-q", "--no-edit", "--no-verify", broken)
    tree.stage("c.txt")
    commit(tree, "bob")

    shown = checked.swarm("build", "show", "1", "--json").data

    assert (shown["first_red"], shown["first_red_by"]) == (broken, "Colleague")


def test_a_merge_of_good_commits_that_is_red_is_suspected_itself(checked: Repo) -> None:
    both = CHECK.replace("[ -e broken ]", "[ -e x ] && [ -e y ]")
    checked.stage("check.sh", both)
    assert commit(checked).exit == 0
    tree = checked.worktree("elsewhere")
    tree.configure(check="sh check.sh", wait_s=0.2)
    for where, name in ((checked, "x"), (tree, "y")):
        where.stage(name)
        assert commit(where).exit == 0
    tree.git("merge", "-q", "--no-edit", "--no-verify", checked.head())
    tree.stage("c.txt")
    commit(tree, "bob")

    shown = checked.swarm("build", "show", "1", "--json").data

    assert shown["first_red"] == tree.head()


@pytest.mark.parametrize("name", ["with space", "ünï ☃"])
def test_paths_of_any_kind_are_checked(checked: Repo, name: str) -> None:
    tree = checked.worktree(name.replace(" ", "-"))
    tree.configure(check="sh check.sh")
    tree.stage(f"{name}/{name}.txt")
    tree.stage("broken")

    assert verdict(commit(tree)) == (83, "mine")


def test_a_detached_head_is_checked(checked: Repo) -> None:
    checked.git("checkout", "-q", "--detach")
    checked.stage("broken")

    assert verdict(commit(checked)) == (83, "mine")


def test_a_repository_without_commits_has_no_broken_build(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    repo.path.mkdir()
    repo.git("init", "-q")
    repo.git("config", "user.name", "Test")
    repo.git("config", "user.email", "test@example.org")
    repo.swarm("init")
    repo.join("alice")
    repo.configure(check="test ! -e broken")
    repo.hook("#!/bin/sh\ntest ! -e broken\n")
    repo.stage("broken")

    assert verdict(commit(repo)) == (83, "mine")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
