"""Acknowledgements with real processes: retries by the courier and by any command, each done once."""

import re
from collections.abc import Iterator

import pytest

from swarm_agents.db.database import Database
from swarm_agents.escalations import escalations
from swarm_agents.messages import messages, reading
from tests.support.repo import Repo
from tests.support.until import until


@pytest.fixture
def db(repo: Repo) -> Iterator[Database]:
    with Database(repo.path / ".git/swarm/swarm.db") as opened:
        yield opened


def send(repo: Repo, *words: str) -> int:
    sent = repo.swarm("--as", "alice", "msg", "send", "bob", "please look", *words, "--json")
    assert sent.exit == 0, sent
    return int(sent.data["id"])


def test_acknowledging_by_its_exit_codes(repo: Repo) -> None:
    message = str(send(repo, "--requires-ack"))

    assert repo.swarm("--as", "alice", "msg", "ack", message).exit == 77
    assert repo.swarm("msg", "ack", message).exit == 77
    assert repo.swarm("--as", "bob", "msg", "ack", "99").exit == 92
    assert repo.swarm("--as", "bob", "msg", "ack", message).exit == 0
    assert repo.swarm("--as", "bob", "msg", "ack", message).exit == 0
    assert repo.swarm("--as", "bob", "msg", "ack", message, "--for", "bob").exit == 77


@pytest.mark.parametrize("who", ["--as", "SWARM_AGENT"])
def test_the_command_printed_with_a_message_acknowledges_it(repo: Repo, who: str) -> None:
    send(repo, "--requires-ack")
    if who == "--as":
        shown, prefix = repo.swarm("--as", "bob", "inbox").out, ""
    else:
        shown, prefix = repo.swarm("inbox", SWARM_AGENT="bob").out, "SWARM_AGENT=bob "

    [command] = re.findall(r"acknowledge it: (swarm .*)$", shown, re.MULTILINE)

    assert repo.shell(prefix + command) == 0
    assert _acks(repo, 1) == {"bob": "acknowledged"}
    assert "acknowledge it" not in repo.swarm("--as", "bob", "msg", "poll").out


def test_the_courier_sends_it_again_and_asks_the_human_without_any_command(repo: Repo, db: Database) -> None:
    courier = repo.start("courier")
    try:
        message = send(repo, "--ack-within", "0.1")
        until(lambda: _state(db, message) == "asked", "the human is asked", 20)
    finally:
        courier.terminate()
        courier.communicate(timeout=20)

    assert len(_retries(db)) == 3
    why = f"bob has not acknowledged message {message} of alice (INFO)"
    [shown] = repo.swarm("status", "--json").data["escalations"]
    assert (shown["reason"], shown["message"], shown["incident"]) == (why, message, None)
    [asked] = repo.swarm("escalation", "list", "--json").data["escalations"]
    assert (asked["message"], asked["incident"], asked["reason"]) == (message, None, why)


def test_every_command_that_the_question_names_works(repo: Repo, db: Database) -> None:
    message = _until_asked(repo, db)
    commands = repo.swarm("escalation", "show", "1").out.partition("You can:\n")[2].splitlines()[:3]

    assert [command.strip() for command in commands] == [
        "swarm escalation resolve 1 --option say-again",
        "swarm escalation resolve 1 --option excuse",
        f"swarm msg show {message}",
    ]
    assert repo.shell(commands[0]) == 0
    until(lambda: repo.swarm("status").exit == 0 and _state(db, message) == "asked", "the human is asked again", 20)
    assert repo.shell(commands[1]) == 92, "that question was answered"
    again = repo.swarm("escalation", "show", "2").out.partition("You can:\n")[2].splitlines()[:3]
    assert [repo.shell(command) for command in again[1:]] == [0, 0]
    assert (_state(db, message), repo.swarm("escalation", "list").out) == ("excused", "No open escalation.\n")


def test_the_command_that_a_refused_say_again_advises_works(repo: Repo, db: Database) -> None:
    send(repo, "--requires-ack")
    repo.swarm("--as", "bob", "agent", "leave")
    _make_due(db)
    repo.swarm("status")

    refused = repo.swarm("escalation", "resolve", "1", "--option", "say-again", "--json")

    assert (refused.exit, repo.shell(refused.json["next"])) == (92, 0)


def test_only_the_human_may_answer_the_question_also_for_one_recipient(repo: Repo, db: Database) -> None:
    repo.swarm("--as", "alice", "msg", "broadcast", "please look", "--ack-within", "0.1")
    resolve = ("escalation", "resolve", "1", "--option", "excuse")
    until(lambda: bool(repo.swarm("status", "--json").data["escalations"]), "the human is asked", 20)

    assert repo.swarm("--as", "bob", *resolve).exit == 77
    assert repo.swarm(*resolve, "--agent", "eve").exit == 92
    assert repo.swarm("escalation", "resolve", "1", "--option", "retry").exit == 64
    assert repo.swarm(*resolve, "--agent", "bob").exit == 0
    assert "bob" not in repo.swarm("escalation", "list").out


def test_acknowledging_the_escalation_does_not_resolve_it(repo: Repo, db: Database) -> None:
    _until_asked(repo, db)

    assert repo.swarm("escalation", "ack", "1").exit == 0

    assert [one["state"] for one in repo.swarm("escalation", "list", "--json").data["escalations"]] == ["acknowledged"]


def test_after_a_restart_of_the_host_any_command_sends_again_what_is_due(repo: Repo, db: Database) -> None:
    send(repo, "--requires-ack")
    _make_due(db)

    repo.swarm("agent", "list")

    assert [one.recipient for one in _retries(db)] == ["bob"]


def test_eight_processes_at_once_send_it_again_once(repo: Repo, db: Database) -> None:
    send(repo, "--requires-ack")
    _make_due(db)

    looking = [repo.start("status") for _ in range(8)]
    exits = [(one.wait(60), one.communicate())[0] for one in looking]

    assert (exits, len(_retries(db))) == ([0] * 8, 1)


def test_eight_processes_at_once_ask_the_human_once(repo: Repo, db: Database) -> None:
    for number in range(1, 6):
        send(repo, "--requires-ack")
        _make_due(db, retries=3)

        looking = [repo.start("agent", "list") for _ in range(8)]
        exits = [(one.wait(60), one.communicate())[0] for one in looking]

        with db.reading() as tx:
            asked = escalations.list_open(tx)
            rows = tx.execute("select 1 from announcements")
            noted = tx.execute("select 1 from events where kind = 'needs_attention'")
        assert (exits, len(asked), len(rows), len(noted)) == ([0] * 8, number, 3 * number, number)


def _until_asked(repo: Repo, db: Database) -> int:
    message = send(repo, "--ack-within", "0.1")
    until(lambda: repo.swarm("status").exit == 0 and _state(db, message) == "asked", "the human is asked", 20)
    return message


def _make_due(db: Database, retries: int = 0) -> None:
    """As after a restart of the host: the deadline belongs to another boot, so it has passed."""
    with db.transaction() as tx:
        tx.execute(
            "update acknowledgements set due_boot_id = 'the boot before', retries = :retries where state = 'waiting'",
            retries=retries,
        )


def _retries(db: Database) -> list[messages.Message]:
    with db.reading() as tx:
        return [one for one in reading.read_log(tx, 1000).messages if one.retry_of]


def _state(db: Database, message: int) -> str:
    with db.reading() as tx:
        row = tx.one("select state from acknowledgements where message_id = :id", id=message)
        return row["state"] if row else "none"


def _acks(repo: Repo, message: int) -> dict[str, str]:
    shown = repo.swarm("msg", "show", str(message), "--json")
    return {one["agent"]: one["ack"] for one in shown.data["recipients"]}
