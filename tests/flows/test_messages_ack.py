"""What must be acknowledged, with real processes: said again when nobody polls, once, after a restart, by its ids."""

import re
from collections.abc import Iterator

import pytest

from swarm_agents import messages
from swarm_agents.db.database import Database
from tests.support.processes import until
from tests.support.repo import Ran, Repo


@pytest.fixture
def db(repo: Repo) -> Iterator[Database]:
    with Database(repo.path / ".git/swarm/swarm.db") as opened:
        yield opened


def send(repo: Repo, *words: str) -> int:
    sent = repo.swarm("--as", "alice", "msg", "send", "bob", "please look", *words, "--json")
    assert sent.exit == 0, sent
    return int(sent.data["id"])


def bodies(read: Ran) -> list[str]:
    return [one["body"] for one in read.data["messages"]]


def test_acknowledging_by_its_exit_codes(repo: Repo) -> None:
    message = str(send(repo, "--requires-ack"))

    assert repo.swarm("--as", "alice", "msg", "ack", message).exit == 77
    assert repo.swarm("msg", "ack", message).exit == 77
    assert repo.swarm("--as", "bob", "msg", "ack", "99").exit == 92
    assert repo.swarm("--as", "bob", "msg", "ack", message).exit == 0
    assert repo.swarm("--as", "bob", "msg", "ack", message).exit == 0
    assert repo.swarm("--as", "bob", "msg", "ack", message, "--for", "bob").exit == 77


@pytest.mark.parametrize("who", ["--as", "SWARM_AGENT"])
def test_the_command_that_a_message_gives_acknowledges_it(repo: Repo, who: str) -> None:
    send(repo, "--requires-ack")
    if who == "--as":
        shown, said = repo.swarm("--as", "bob", "inbox").out, ""
    else:
        shown, said = repo.swarm("inbox", SWARM_AGENT="bob").out, "SWARM_AGENT=bob "

    [command] = re.findall(r"acknowledge it: (swarm .*)$", shown, re.MULTILINE)

    assert repo.shell(said + command) == 0
    assert _acks(repo, 1) == {"bob": "acked"}
    assert "acknowledge it" not in repo.swarm("--as", "bob", "msg", "poll").out


def test_the_courier_says_it_again_and_asks_the_human_when_nobody_polls(repo: Repo, db: Database) -> None:
    courier = repo.start("courier")
    try:
        message = send(repo, "--ack-within", "0.1")
        until(lambda: _state(db, message) == "asked", "the human is asked", 20)
    finally:
        courier.terminate()
        courier.communicate(timeout=20)

    assert len(_retries(db)) == 3
    assert repo.swarm("status", "--json").data["unacknowledged"][0]["agent"] == "bob"
    [command, excuse] = _commands(repo.swarm("escalation", "list").out)
    assert repo.shell(command) == 0 and repo.shell(excuse) == 0
    assert repo.swarm("escalation", "list", "--json").data["unacknowledged"] == []


def test_the_commands_that_the_human_is_told_work(repo: Repo, db: Database) -> None:
    message = send(repo, "--ack-within", "0.1")
    until(lambda: repo.swarm("status").exit == 0 and _state(db, message) == "asked", "the human is asked", 20)

    told = [body for body in bodies(repo.swarm("msg", "poll", "--json")) if "has not acknowledged" in body]
    commands = re.findall(r"swarm msg [a-z]+ [0-9]+(?: --for [a-z]+)?", told[0])

    assert commands == [f"swarm msg show {message}", f"swarm msg ack {message} --for bob"]
    assert [repo.shell(command) for command in commands] == [0, 0]


def test_timers_go_on_after_a_restart_whatever_command_comes_first(repo: Repo, db: Database) -> None:
    send(repo, "--requires-ack")
    _let_it_be_due(db)

    repo.swarm("agent", "list")

    assert [one.recipient for one in _retries(db)] == ["bob"]


def test_what_is_due_is_said_again_once_however_many_look(repo: Repo, db: Database) -> None:
    send(repo, "--requires-ack")
    _let_it_be_due(db)

    looking = [repo.start("status") for _ in range(8)]
    exits = [(one.wait(60), one.communicate())[0] for one in looking]

    assert (exits, len(_retries(db))) == ([0] * 8, 1)


def _let_it_be_due(db: Database) -> None:
    """As after a restart of the host: the monotonic clock that the deadline was written by is gone."""
    with db.transaction() as tx:
        tx.execute("update acknowledgements set due_boot_id = 'the boot before'")


def _retries(db: Database) -> list[messages.Message]:
    with db.reading() as tx:
        return [one for one in messages.log(tx, 1000).messages if one.retry_of]


def _state(db: Database, message: int) -> str:
    with db.reading() as tx:
        row = tx.one("select state from acknowledgements where message_id = :id", id=message)
        return row["state"] if row else "none"


def _acks(repo: Repo, message: int) -> dict[str, str]:
    shown = repo.swarm("msg", "show", str(message), "--json")
    return {one["agent"]: one["ack"] for one in shown.data["recipients"]}


def _commands(text: str) -> list[str]:
    [offered] = re.findall(r"\((swarm [^()]*)\)", text)
    return [part.strip() for part in offered.split(";")]
