"""Messages with real processes: none is lost, doubled, or marked as read before it was printed."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest

from swarm_agents import phases, roster
from swarm_agents.db.database import Database
from swarm_agents.messages import messages, reading
from tests.support.processes import workers
from tests.support.repo import SWARM, Ran, Repo, environment
from tests.support.until import until

WRITERS, EACH = 8, 125


@pytest.fixture
def db(repo: Repo) -> Iterator[Database]:
    with Database(repo.path / ".git/swarm/swarm.db") as opened:
        yield opened


def send(repo: Repo, *words: str, to: str = "bob", as_: str = "alice") -> int:
    sent = repo.swarm("--as", as_, "msg", "send", to, *words, "--json")
    assert sent.exit == 0, sent
    return int(sent.data["id"])


def bodies(read: Ran) -> list[str]:
    return [one["body"] for one in read.data["messages"]]


# Many processes.


def test_paging_under_eight_writers_gives_each_message_once_and_in_order(repo: Repo, db: Database) -> None:
    seen: list[int] = []
    cursor, total = 0, WRITERS * EACH

    with workers(db.path, WRITERS) as writers:
        for writer in writers:
            for number in range(EACH):
                writer.send("send", sender="alice", recipient="bob", body=f"{writer.pid} {number}")
        while len(seen) < total:
            with db.reading() as tx:
                page = reading.poll(tx, roster.find(tx, "bob"), cursor, 7)
            seen += [one.id for one in page.messages]
            cursor = page.cursor
        answers = [writer.receive() for writer in writers for _ in range(EACH)]

    assert seen == sorted(set(seen)) and sorted(answer.fence for answer in answers) == seen
    assert not [answer.error for answer in answers if answer.error]


def test_of_25_broadcasts_by_25_processes_10_pass_and_each_counts_once(repo: Repo, db: Database) -> None:
    for number in range(40):
        roster.join(db, f"agent-{number}", "crowd", None)

    first = repo.swarm("--as", "bob", "msg", "broadcast", "hello all", "--json")
    senders = [repo.start("--as", "alice", "msg", "broadcast", f"number {number}") for number in range(25)]
    exits = [(sender.wait(60), sender.communicate())[0] for sender in senders]

    assert (first.exit, len(first.data["recipients"])) == (0, 41)
    assert sorted(exits) == [0] * 10 + [91] * 15


# Reading.


def test_reading_5_of_25_unread_leaves_20(repo: Repo, db: Database) -> None:
    for number in range(25):
        messages.send(db, "human", "bob", f"number {number}")

    first = repo.swarm("--as", "bob", "inbox", "--limit", "5", "--json")
    rest = repo.swarm("--as", "bob", "inbox", "--json")

    assert (bodies(first), first.data["more"]) == ([f"number {n}" for n in range(5)], True)
    assert bodies(rest) == [f"number {n}" for n in range(5, 25)]
    assert repo.swarm("--as", "bob", "inbox").out == "Nothing new.\n"


def test_messages_that_could_not_be_printed_stay_unread(repo: Repo) -> None:
    send(repo, "hello")

    for words in (["inbox"], ["msg", "poll"], ["msg", "wait"]):
        reader = subprocess.Popen(
            [*SWARM, "--as", "bob", *words], cwd=repo.path, env=environment(), stdout=subprocess.PIPE
        )
        assert reader.stdout
        reader.stdout.close()
        assert reader.wait(60) == 0

    assert bodies(repo.swarm("--as", "bob", "inbox", "--json")) == ["hello"]


def test_a_poll_answers_what_the_contract_names(repo: Repo) -> None:
    send(repo, "one", "--type", "QUESTION")
    send(repo, "two")

    first = repo.swarm("--as", "bob", "msg", "poll", "--limit", "1", "--json")
    rest = repo.swarm("--as", "bob", "msg", "poll", "--after", str(first.data["cursor"]), "--json")

    [one] = first.data["messages"]
    assert {"id", "at", "from", "to", "type", "body"} <= set(one)
    assert (one["from"], one["to"], one["type"], one["body"]) == ("alice", "bob", "QUESTION", "one")
    assert (first.data["more"], rest.data["more"], bodies(rest)) == (True, False, ["two"])
    assert repo.swarm("--as", "alice", "msg", "poll", "--json").data["messages"] == []
    assert len(repo.swarm("--as", "alice", "msg", "poll", "--include-self", "--json").data["messages"]) == 2


def test_a_poll_says_that_old_messages_were_pruned(repo: Repo, db: Database) -> None:
    old = send(repo, "old")
    repo.swarm("--as", "bob", "inbox")
    send(repo, "new")
    until(lambda: db.now() > _at(db, old) + 1000, "a second has passed")

    assert repo.swarm("db", "prune", "--older-than", "1s", "--json").data == {"removed": 1, "kept": 0}

    told = repo.swarm("--as", "bob", "msg", "poll", "--after", "0", "--json")
    assert (bodies(told), told.data["pruned_through"]) == (["new"], old)
    assert "pruned" in told.err


def test_an_agent_does_not_prune(repo: Repo) -> None:
    assert repo.swarm("--as", "alice", "db", "prune", "--older-than", "1s").exit == 77


def test_the_log_marks_messages_to_the_human_as_read(repo: Repo, db: Database) -> None:
    asked = send(repo, "may I?", to="human")
    repo.swarm("--as", "bob", "msg", "log")
    assert _read_by(db, asked) == []

    repo.swarm("msg", "log")

    assert _read_by(db, asked) == ["human"]


# Waiting.


def test_a_wait_returns_within_a_second_of_a_match(repo: Repo, db: Database) -> None:
    waiting = repo.start("--as", "alice", "msg", "wait", "--for", "ANSWER", "--from", "bob", "--timeout", "50")
    until(lambda: _listeners(db) == 1, "it listens")
    messages.send(db, "bob", "alice", "not this one")
    assert waiting.poll() is None

    began = time.monotonic()
    messages.send(db, "bob", "alice", "because", messages.MessageType.ANSWER)
    out, _ = waiting.communicate(timeout=60)
    took_s = time.monotonic() - began

    assert (waiting.returncode, out.endswith("bob -> alice ANSWER: because\n")) == (0, True)
    assert took_s < 1
    assert bodies(repo.swarm("--as", "alice", "inbox", "--json")) == ["not this one"]


def test_a_wait_finds_an_answer_that_came_before_it_began(repo: Repo) -> None:
    send(repo, "because", "--type", "ANSWER", to="alice", as_="bob")

    waited = repo.swarm("--as", "alice", "msg", "wait", "--for", "ANSWER", "--timeout", "0", "--json")
    again = repo.swarm("--as", "alice", "msg", "wait", "--for", "ANSWER", "--timeout", "0")

    assert (waited.exit, bodies(waited), again.exit) == (0, ["because"], 75)


def test_a_wait_that_times_out_names_a_command_that_waits_again(repo: Repo) -> None:
    ended = repo.swarm("--as", "alice", "msg", "wait", "--for", "ANSWER", "--from", "bob", "--timeout", "0.1", "--json")
    send(repo, "because", "--type", "ANSWER", to="alice", as_="bob")

    assert ended.exit == 75
    assert repo.shell(ended.json["next"]) == 0


# The log.


def test_agents_of_a_phase_read_its_messages_and_with_all_phases_all(repo: Repo, db: Database) -> None:
    in_plan, in_build = _begin_phases(db, "plan", "build")
    repo.swarm("--as", "alice", "msg", "send", "bob", "the old plan", **in_plan)
    repo.swarm("--as", "alice", "msg", "send", "bob", "the build", **in_build)
    repo.swarm("msg", "send", "bob", "from the human", **in_plan)

    for read in (["inbox", "--peek"], ["msg", "poll", "--after", "0"]):
        scoped = repo.swarm("--as", "bob", *read, "--json", **in_build)
        everything = repo.swarm("--as", "bob", *read, "--all-phases", "--json", **in_build)

        assert bodies(scoped) == ["the build", "from the human"]
        assert [one["phase"] for one in everything.data["messages"]] == ["oauth/plan/1", "oauth/build/1", None]
        assert bodies(everything) == ["the old plan", "the build", "from the human"]


def test_a_wait_is_limited_to_its_phase_and_with_all_phases_is_not(repo: Repo, db: Database) -> None:
    in_plan, in_build = _begin_phases(db, "plan", "build")
    repo.swarm("--as", "alice", "msg", "send", "bob", "the old plan", **in_plan)
    wait = ("--as", "bob", "msg", "wait", "--since", "1h", "--timeout", "0", "--json")

    waited = repo.swarm(*wait, **in_build)

    assert waited.json["next"] == "swarm msg wait --since 1h --timeout 0 --as bob"
    assert bodies(repo.swarm(*wait, "--all-phases", **in_build)) == ["the old plan"]
    again = repo.swarm(*wait, "--all-phases", **in_build)
    assert again.json["next"].endswith("--timeout 0 --all-phases --as bob")
    assert [repo.shell(one.json["next"]) for one in (waited, again)] == [75, 75]


def test_a_wait_in_a_phase_ends_with_it(repo: Repo, db: Database) -> None:
    [in_plan] = _begin_phases(db, "plan")
    waiting = repo.start("--as", "bob", "msg", "wait", "--timeout", "50", **in_plan)
    until(lambda: _listeners(db) == 1, "it waits")

    phases.end_phase(db, "oauth/plan/1", phases.PhaseEnd.COMPLETE, "driver")
    out, _ = waiting.communicate(timeout=60)

    assert (waiting.returncode, out.startswith("Phase plan has ended")) == (75, True)


def test_a_phase_that_does_not_exist_is_named_and_nothing_is_sent(repo: Repo) -> None:
    for variables in ({"SWARM_RUN": "oauth"}, {"SWARM_RUN": "oauth", "SWARM_PHASE": "plan"}):
        sent = repo.swarm("--as", "alice", "msg", "send", "bob", "hello", **variables)
        assert (sent.exit, "correct or unset" in sent.err) == (92, True)
    assert repo.swarm("--as", "alice", "inbox", SWARM_PHASE="plan").exit == 64
    assert repo.swarm("--as", "alice", "inbox", SWARM_RUN="../x").exit == 64
    assert repo.swarm("msg", "log").out == "There are no messages yet.\n"


def test_the_log_is_searched_counted_and_exported(repo: Repo) -> None:
    send(repo, "the login test is flaky", "--type", "BLOCKED")
    send(repo, "something else")

    found = repo.swarm("msg", "log", "--grep", "flak", "--type", "BLOCKED", "--since", "1h", "--json")
    counted = repo.swarm("msg", "count", "--json")
    exported = repo.swarm("msg", "export", "all.jsonl")

    assert bodies(found) == ["the login test is flaky"]
    assert (counted.data["counts"]["BLOCKED"], counted.data["counts"]["INFO"], counted.data["total"]) == (1, 1, 2)
    lines = (repo.path / "all.jsonl").read_text(encoding="utf-8").splitlines()
    assert (exported.exit, [json.loads(line)["body"] for line in lines]) == (0, [*bodies(found), "something else"])


def test_a_search_goes_on_while_others_write(repo: Repo, db: Database) -> None:
    for number in range(300):
        messages.send(db, "human", "bob", f"needle {number}")

    with workers(db.path, 2) as writers:
        for writer in writers:
            for number in range(50):
                writer.send("send", sender="alice", recipient="bob", body=f"needle w{number}")
        searches = [repo.start("msg", "log", "--grep", "needle", "--limit", "1000", "--json") for _ in range(4)]
        found = [json.loads(search.communicate(timeout=60)[0])["data"]["messages"] for search in searches]
        errors = [writer.receive().error for writer in writers for _ in range(50)]

    assert not any(errors)
    assert all(len(ids) == len(set(ids)) >= 300 for ids in ([one["id"] for one in page] for page in found))
    assert len(repo.swarm("msg", "log", "--grep", "needle", "--limit", "1000", "--json").data["messages"]) == 400


def _begin_phases(db: Database, *names: str) -> list[dict[str, str]]:
    """Begin phases and end all but the last. Returns the environment of the agents of each."""
    for number, name in enumerate(names):
        if number:
            phases.end_phase(db, f"oauth/{names[number - 1]}/1", phases.PhaseEnd.COMPLETE, "driver")
        phases.begin_phase(db, "oauth", name, "driver")
    return [{"SWARM_RUN": "oauth", "SWARM_PHASE": name} for name in names]


def _listeners(db: Database) -> int:
    return len(list(db.notifier.folder.glob("w-*"))) if db.notifier.folder.exists() else 0


def _read_by(db: Database, message: int) -> list[str]:
    with db.reading() as tx:
        return list(reading.read_receipts(tx, message))


def _at(db: Database, message: int) -> int:
    with db.reading() as tx:
        row = tx.one("select at from messages where id = :id", id=message)
        assert row is not None
        return int(row["at"])
