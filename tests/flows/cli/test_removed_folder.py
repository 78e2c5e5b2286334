"""The working folder was removed under the caller: an answer in words, and `SWARM_DB` still finds the swarm."""

import subprocess
import sys

import pytest

from tests.support.repo import RUN_LIMIT_S, SWARM, Ran, Repo, environment

TUI = [sys.executable, "-m", "swarm_tui"]
IN_REMOVED_FOLDER = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'


def run_there(repo: Repo, *command: str, **extra: str) -> Ran:
    """Run a command whose working folder, a folder of the repository, was removed."""
    done = subprocess.run(
        ["sh", "-c", IN_REMOVED_FOLDER, "sh", *command],
        cwd=repo.path,
        env=environment() | {"SWARM_AGENT": "alice"} | extra,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT_S,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "verb",
    [
        *("status", "init", "inbox", "msg log", "msg send bob hi", "agent list", "task list", "lock list", "events"),
        *("lock acquire README", "setup git", "setup git --check", "commit -m x", "build check", "build hold -- true"),
        *("build report --summary x", "build wait", "courier --as human", "db query select"),
    ],
)
def test_every_verb_says_that_the_folder_was_removed(repo: Repo, verb: str) -> None:
    refused = run_there(repo, *SWARM, *verb.split())

    assert (refused.exit, refused.out) == (69, "")
    assert refused.err.startswith("swarm: The working folder was removed. Change to ")


def test_the_dashboard_says_so_too(repo: Repo) -> None:
    for options in ([], ["--db", "swarm.db"]):
        refused = run_there(repo, *TUI, *options)

        assert refused.exit == 69
        assert refused.err.startswith("swarm-tui: The working folder was removed. Change to ")


def test_the_database_that_is_named_is_used(repo: Repo) -> None:
    named = {"SWARM_DB": repo.place.database}

    sent = run_there(repo, *SWARM, "msg", "send", "bob", "hi", **named)
    read = run_there(repo, *SWARM, "inbox", SWARM_AGENT="bob", **named)
    watched = run_there(repo, *TUI, **named)

    assert (sent.exit, read.exit) == (0, 0) and read.out.endswith("alice -> bob INFO: hi\n")
    assert (watched.exit, "needs a terminal" in watched.err) == (64, True)


def test_what_needs_the_folder_is_refused_although_the_database_is_named(repo: Repo) -> None:
    for verb in (["lock", "acquire", "README"], ["lock", "acquire", str(repo.path / "README")], ["commit", "-m", "x"]):
        assert run_there(repo, *SWARM, *verb, SWARM_DB=repo.place.database).exit == 69
    assert run_there(repo, *SWARM, "status", SWARM_DB="swarm.db").exit == 69
    exported = run_there(repo, *SWARM, "msg", "export", "all.jsonl", SWARM_DB=repo.place.database)
    assert (exported.exit, exported.err) == (73, "swarm: Cannot write all.jsonl: No such file or directory.\n")


def test_a_worktree_that_was_made_again_is_found_after_cd(repo: Repo) -> None:
    path = repo.worktree("other").path
    git = f"git -C {repo.path} worktree"
    made_again = f"cd {path} && {git} remove {path} && {git} add -q {path}"

    assert repo.shell(f"{made_again} && swarm status") == 69
    assert repo.shell(f"{made_again} && cd {path} && swarm status") == 0
