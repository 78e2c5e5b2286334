"""A mistyped word is answered with one that is close; help is found by noun, by verb, and by both."""

import pytest

from tests.support.repo import Repo


@pytest.mark.parametrize(
    ("line", "code", "meant"),
    [
        ("stauts", 64, "status"),
        ("help comit", 64, "commit"),
        ("task clam x", 64, "claim"),
        ("build failed --reson x", 64, "--reason"),
        ("inbox --peak", 64, "--peek"),
        ("--as alcie inbox", 92, "alice"),
        ("msg send bobb hello", 92, "bob"),
        ("--as alice build hand-over bpb", 92, "bob"),
        ("--as alice task claim prase", 92, "parse"),
        ("task show prase", 92, "parse"),
        ("--as alice lock release src/man.py", 0, "src/main.py"),
        ("--as bob lock renew src/man.py", 82, "src/main.py"),
        ("escalation show 12", 92, "1"),
    ],
)
def test_one_word_that_is_close_is_suggested_and_nothing_is_done(repo: Repo, line: str, code: int, meant: str) -> None:
    repo.swarm("task", "add", "Parse", "--id", "parse")
    repo.swarm("--as", "alice", "lock", "acquire", "src/main.py")
    repo.swarm("--as", "alice", "build", "report", "--summary", "red")
    if "escalation" in line:
        repo.swarm("--as", "alice", "build", "escalate", "--reason", "which?")
    before = repo.swarm("events").out

    ended = repo.swarm(*line.split())

    assert ended.exit == code
    assert (ended.out + ended.err).count("Did you mean") == 1
    assert f"Did you mean '{meant}'?" in ended.out + ended.err
    assert repo.swarm("events").out == before


@pytest.mark.parametrize("line", ["qqqq", "task qqqq", "task show qqqq", "msg send qqqq hello", "inbox --qqqq"])
def test_a_word_that_is_like_no_other_gets_no_suggestion(repo: Repo, line: str) -> None:
    ended = repo.swarm(*line.split())

    assert ended.exit in (64, 92) and "Did you mean" not in ended.err


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ("help build", "build --help"),
        ("help build claim", "build claim --help"),
        ("help commit", "commit --help"),
        ("help acquire", "lock acquire --help"),
        ("help", "--help"),
    ],
)
def test_help_is_found_by_noun_and_by_verb(repo: Repo, asked: str, same: str) -> None:
    ended = repo.swarm(*asked.split())

    assert (ended.exit, ended.out) == (0, repo.swarm(*same.split()).out)


def test_help_for_a_verb_of_several_nouns_names_them(repo: Repo) -> None:
    ended = repo.swarm("help", "claim")

    assert ended.exit == 64
    assert "'swarm help build claim', 'swarm help task claim'" in ended.err
