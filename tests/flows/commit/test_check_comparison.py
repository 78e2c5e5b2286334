"""`swarm build check` and `swarm doctor`: the check in a clean tree, and how the working tree differs."""

import pytest

from tests.support.repo import Ran, Repo

RUN = 'test -e venv/bin && test ! -e broken || { echo "FAILED a.py::test_a - boom"; exit 1; }'


@pytest.fixture
def ignoring(repo: Repo) -> Repo:
    """A check that needs `venv`, which git ignores, and therefore never passed in a clean tree."""
    repo.stage(".gitignore", "venv\nswarm.toml\n")
    repo.git("commit", "-q", "--no-verify", "-m", "ignore")
    repo.write("venv/bin", "x\n")
    repo.configure(check=RUN)
    return repo


def check(repo: Repo, *words: str) -> Ran:
    return repo.swarm("--json", "build", "check", *words)


def states(ended: Ran) -> tuple[str, str]:
    return ended.data["clean_tree"]["state"], ended.data["working_tree"]["state"]


def test_a_check_that_needs_what_git_ignores_is_told_apart(ignoring: Repo) -> None:
    ended = check(ignoring)

    assert (ended.exit, states(ended)) == (1, ("failed", "passed"))
    assert "it never passed in a clean tree here: perhaps" in ended.json["message"]
    assert "[build] setup and link" in ended.json["message"]
    assert ended.data["only_here"] == ["swarm.toml", "venv/"]
    assert (ended.data["clean_tree"]["exit_status"], ended.data["working_tree"]["exit_status"]) == (1, 0)


def test_people_see_what_the_clean_tree_printed(ignoring: Repo) -> None:
    shown = ignoring.swarm("build", "check").out

    assert "clean tree:\n  FAILED a.py::test_a - boom\n" in shown
    assert "failed with exit status 1" in shown and "passed in the working tree" in shown


def test_with_link_it_passes_in_both(ignoring: Repo) -> None:
    ignoring.configure(check=RUN, link=["venv"])

    ended = check(ignoring)

    assert (ended.exit, states(ended), ended.data["head_passes"]) == (0, ("passed", "passed"), True)


def test_doctor_says_what_the_clean_tree_lacks(ignoring: Repo) -> None:
    wrong = ignoring.swarm("doctor").out
    ignoring.configure(check=RUN, link=["venv"])
    right = ignoring.swarm("doctor").out

    assert "warning  check " in wrong
    assert "it never passed in a clean tree here: perhaps" in wrong and "Only here: swarm.toml, venv/" in wrong
    assert "ok       check " in right and " passed at " in right


def test_doctor_says_that_no_check_is_configured(repo: Repo) -> None:
    assert "No [build] check is configured: every refusal counts as a broken build" in repo.swarm("doctor").out


def test_a_file_that_was_not_committed_is_named(repo: Repo) -> None:
    repo.configure(check="test -e needed")
    repo.stage("needed")
    repo.git("commit", "-q", "--no-verify", "-m", "needed")
    assert check(repo).exit == 0
    repo.git("rm", "-q", "needed")
    repo.git("commit", "-q", "--no-verify", "-m", "forget it")
    repo.write("needed", "x\n")

    ended = check(repo)

    assert (ended.exit, states(ended), ended.data["head_passes"]) == (1, ("failed", "passed"), False)
    assert "Only here: needed, swarm.toml. Commit what belongs to it." in ended.json["message"]
    assert ended.json["next"].startswith("swarm build report --summary ")


def test_what_lies_uncommitted_does_not_make_head_red(repo: Repo) -> None:
    repo.configure(check="test ! -e broken && grep -q hello README")
    repo.swarm("--as", "alice", "build", "report", "--summary", "x")
    repo.swarm("--as", "alice", "build", "give-up")
    repo.write("README", "changed\n")

    ended = check(repo)

    assert (ended.exit, states(ended), ended.data["head_passes"]) == (1, ("passed", "failed"), True)
    assert "uncommitted: README" in ended.json["message"]
    assert repo.swarm("status", "--json").data["build"]["status"] == "passing"


def test_a_head_that_fails_in_both_is_red(repo: Repo) -> None:
    repo.configure(check="test ! -e broken")
    repo.stage("broken")
    repo.git("commit", "-q", "--no-verify", "-m", "break it")

    ended = check(repo)

    assert (ended.exit, states(ended), ended.data["head_passes"]) == (1, ("failed", "failed"), False)
    assert "proves nothing" not in ended.json["message"]


@pytest.mark.parametrize("command", ["no-such-tool", "kill -9 $$", "echo MemoryError; exit 1"])
def test_a_check_that_cannot_run_says_nothing_of_head(repo: Repo, command: str) -> None:
    repo.configure(check=command)

    ended = check(repo)

    assert (ended.exit, states(ended)) == (1, ("could_not_run", "could_not_run"))
    assert (ended.data["head_passes"], ended.json["next"]) == (None, None)


def test_a_failure_in_a_clean_tree_is_tried_again_at_once(ignoring: Repo) -> None:
    ignoring.configure(check=f"test -e '{ignoring.path.parent}/now'")
    before = check(ignoring)
    (ignoring.path.parent / "now").touch()

    assert (before.exit, check(ignoring).exit) == (1, 0)


def test_a_flaky_check_is_called_flaky(repo: Repo) -> None:
    repo.configure(check=f"mkdir '{repo.path.parent}/once' 2>/dev/null && exit 1; true")

    ended = check(repo)

    assert (ended.exit, states(ended)) == (1, ("flaky", "passed"))
    assert "it is flaky" in ended.json["message"]


def test_before_the_first_commit_only_the_working_tree_is_tried(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "new")
    repo.configure(check="test -e README")

    ended = check(repo)

    assert (ended.exit, ended.data["clean_tree"], ended.data["working_tree"]["state"]) == (0, None, "passed")


def test_the_fixer_that_tries_the_check_keeps_its_lease(repo: Repo) -> None:
    repo.configure(check="sleep 7", lease_s=6)
    repo.swarm("--as", "alice", "build", "report", "--summary", "x")

    repo.swarm("--as", "alice", "build", "check")

    assert repo.swarm("--as", "bob", "build", "claim").exit == 80


def test_the_81_says_that_a_check_which_never_passed_proves_nothing(ignoring: Repo) -> None:
    ignoring.hook("#!/bin/sh\nexit 1\n")
    ignoring.stage("a.txt")

    first = ignoring.swarm("--as", "alice", "--json", "commit", "-m", "x")
    ignoring.configure(check=RUN, wait_s=0.2)
    second = ignoring.swarm("--as", "bob", "--json", "commit", "-m", "x")

    assert (first.exit, first.data["verdict"], second.exit) == (81, "unknown", 80)
    for ended in (first, second):
        assert "never passed in a clean tree here" in ended.json["message"]
        assert "[build] setup or link" in ended.json["message"]


def test_why_it_proves_nothing_is_kept_with_the_incident(ignoring: Repo) -> None:
    ignoring.hook("#!/bin/sh\nexit 1\n")
    ignoring.stage("a.txt")
    ignoring.swarm("--as", "alice", "commit", "-m", "x")

    (kept,) = ignoring.swarm("build", "show", "1", "--json").data["verdicts"]

    assert "it never passed in a clean tree here: perhaps" in kept["why"]
