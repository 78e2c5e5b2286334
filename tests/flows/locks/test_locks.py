"""`swarm lock`: many processes at once, spellings of a path, refusals, and the owners of dirty files."""

from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.courier.courier import CourierRound
from swarm_agents.db.database import Database
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.watch.reaper import Reaper
from tests.flows.tasks.test_tasks import HERD, all_at_once, join
from tests.support.processes import workers
from tests.support.repo import Ran, Repo
from tests.support.until import until

ROUNDS = 200
CHECK = "! grep -rq MISTAKE --include='*.py' ."


def test_of_eight_that_acquire_an_expired_lock_one_wins_and_the_others_name_it(db_path: Path) -> None:
    join(db_path, [*HERD, "dead"])
    with workers(db_path, 8) as crew, Database(db_path) as db:
        for round_ in range(ROUNDS):
            stale = locks.acquire(db, "dead", [LockName("src/a.py")], ttl_s=0)
            assert isinstance(stale, locks.LocksAcquired)

            told = all_at_once(crew, "lock_acquire", path="src/a.py")

            [winner] = [name for name, answer in zip(HERD, told, strict=True) if answer.told == f"Acquired {name}"]
            losers = [answer.told for answer in told if answer.told != f"Acquired {winner}"]
            assert losers == [f"HeldBy {winner}"] * 7, f"round {round_}: {told}"
            assert {answer.fence for answer in told} == {stale.fence + 1}
            locks.release(db, winner, ["src/a.py"])


@pytest.mark.parametrize(
    "spelling", ["src/a.py", "./src/a.py", "src/../src/a.py", "src//a.py", "link.py", "folder/a.py", "ABSOLUTE"]
)
def test_one_file_under_any_spelling_is_one_lock(repo: Repo, spelling: str) -> None:
    lay_out(repo)
    take(repo, "alice", "src/a.py")

    refused = take(repo, "bob", spelling.replace("ABSOLUTE", str(repo.path / "src/a.py")))

    assert (refused.exit, refused.data["holder"], refused.data["held"][0]["path"]) == (90, "alice", "src/a.py")


def test_from_a_folder_below_and_from_another_working_tree_it_is_the_same_lock(repo: Repo) -> None:
    lay_out(repo)
    repo.git("add", "-A")
    repo.git("commit", "-qm", "files")
    other = repo.worktree("other")
    take(repo, "alice", "src/a.py")

    assert take(Repo(repo.path / "src"), "bob", "a.py").exit == 90
    assert take(other, "bob", "src/a.py").exit == 90
    assert take(repo, "bob", str(other.path / "src/a.py")).exit == 90
    assert [one["path"] for one in listed(repo)] == ["src/a.py"]


def test_with_any_case_upper_and_lower_case_are_equal(repo: Repo) -> None:
    take(repo, "alice", "src/a.py")

    assert take(repo, "bob", "SRC/A.py").exit == 0
    assert take(repo, "bob", "SRC/B.py", "--any-case").exit == 0
    assert take(repo, "alice", "src/b.py").exit == 90


def test_all_of_the_paths_or_none(repo: Repo) -> None:
    take(repo, "alice", "b")

    assert take(repo, "bob", "a", "b", "c").exit == 90
    assert [(one["path"], one["holder"]) for one in listed(repo)] == [("b", "alice")]


@pytest.mark.parametrize("path", ["..", "../x", "/etc/passwd", "src/../../x", "outside", ".git/config", ".git/*"])
def test_a_path_outside_of_the_working_tree_cannot_be_locked(repo: Repo, path: str) -> None:
    (repo.path / "outside").symlink_to("/etc")

    assert take(repo, "alice", path).exit == 65
    assert listed(repo) == []


@pytest.mark.parametrize("path", ["", "a\nb", "a\x1b[2Jb", "\u202ea", "x" * 5000, "a/{b,c}", "*/../x", "a\\*"])
def test_a_path_that_cannot_be_shown_or_is_not_understood_is_refused(repo: Repo, path: str) -> None:
    refused = take(repo, "alice", "fine", f"./{path}" if path else path)

    assert refused.exit == 65 and listed(repo) == []
    assert "\x1b" not in refused.out


def test_a_refusal_names_the_holder_and_a_command_that_asks_it(repo: Repo) -> None:
    take(repo, "alice", "it's here", "--reason", "moving it")

    refused = take(repo, "bob", "it's here")

    assert "alice" in refused.json["message"] and "moving it" in refused.json["message"]
    assert repo.shell(refused.json["next"]) == 0
    assert [one["from"] for one in repo.swarm("--as", "alice", "inbox", "--json").data["messages"]] == ["bob"]


def test_only_the_holder_releases_a_lock_and_releasing_again_is_harmless(repo: Repo) -> None:
    take(repo, "alice", "a")

    assert act(repo, "bob", "release", "a").exit == 90
    assert act(repo, "alice", "release", "a").data == {"released": ["a"], "free": []}
    assert act(repo, "alice", "release", "a").data == {"released": [], "free": ["a"]}
    assert take(repo, "bob", "a").exit == 0


def test_the_lock_of_a_dead_holder_is_free_and_its_fence_is_void(repo: Repo) -> None:
    old = str(take(repo, "alice", "a", "--ttl", "0.5").data["fence"])

    until(lambda: take(repo, "bob", "a").exit == 0, "the lease runs out", look_every_s=0.2)

    assert act(repo, "alice", "renew", "a", "--fence", old).exit == 82
    assert act(repo, "alice", "release", "a", "--fence", old).exit == 90
    assert [one["holder"] for one in listed(repo)] == ["bob"]


def test_only_a_human_force_releases_a_lock_and_its_holder_is_told(repo: Repo) -> None:
    take(repo, "alice", "a")

    assert act(repo, "bob", "force-release", "a").exit == 77
    assert repo.swarm("lock", "force-release", "a", "--reason", "stuck").exit == 0
    assert listed(repo) == []
    [told] = repo.swarm("--as", "alice", "inbox", "--json").data["messages"]
    assert "lock on a: stuck" in told["body"]


@pytest.mark.parametrize("words", [["acquire", "a"], ["renew"], ["release"]])
def test_acts_on_locks_need_a_known_agent(repo: Repo, words: list[str]) -> None:
    assert repo.swarm("lock", *words).exit == 64
    assert repo.swarm("--as", "stranger", "lock", *words).exit == 92
    assert listed(repo) == []


def test_a_dirty_tree_names_who_has_locked_the_dirty_files(repo: Repo) -> None:
    repo.hook(f"#!/bin/sh\n{CHECK}\n")
    repo.configure(check=CHECK)
    repo.stage("swarm.toml", (repo.path / "swarm.toml").read_text(encoding="utf-8"))
    repo.stage("theirs.py")
    repo.git("commit", "-qm", "good")
    take(repo, "bob", "theirs.py")
    repo.write("theirs.py", "MISTAKE\n")
    repo.stage("mine.py")

    refused = repo.swarm("--as", "alice", "--json", "commit", "-m", "mine")

    assert (refused.exit, refused.data["owners"]) == (89, {"theirs.py": "bob"})
    assert "theirs.py (bob). Ask bob." in refused.json["message"]


def test_the_courier_ends_the_expired_locks_of_a_dead_agent(db_path: Path) -> None:
    with Database(db_path) as db:
        roster.join(db, "dead", "agent", None)
        locks.acquire(db, "dead", [LockName("a")], ttl_s=0)

        Reaper().end_leases(db, CourierRound(leads=True))

        with db.reading() as tx:
            assert locks.list_locks(tx) == []


def lay_out(repo: Repo) -> None:
    repo.write("src/a.py", "x\n")
    (repo.path / "link.py").symlink_to("src/a.py")
    (repo.path / "folder").symlink_to("src")


def take(repo: Repo, agent: str, *words: str) -> Ran:
    return act(repo, agent, "acquire", *words)


def act(repo: Repo, agent: str, verb: str, *words: str) -> Ran:
    return repo.swarm("--as", agent, "--json", "lock", verb, *words)


def listed(repo: Repo) -> list[dict[str, str]]:
    found: list[dict[str, str]] = repo.swarm("lock", "list", "--json").data["locks"]
    return found
