"""The `swarm` command as programs rely on it: exit codes, the JSON envelope, identity, bad input."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from swarm_agents.cli.output import CODES
from tests.support.repo import Ran, Repo
from tests.support.until import until

ENVELOPE = ["ok", "code", "exit", "message", "next", "data"]
HOSTILE = ["a\nb", "a'b", 'a"b', "a" * 10_000, "a\x1b[2J", "\u202ea", "-a", "a b", "", "a\u200b", "..", "a/b", "$name"]


def report(repo: Repo, agent: str = "alice") -> Ran:
    return repo.swarm("--as", agent, "--json", "build", "report", "--summary", "tests fail")


def rows(repo: Repo) -> list[str]:
    """The whole database, as SQL text."""
    with closing(sqlite3.connect(repo.path / ".git/swarm/swarm.db")) as connection:
        return list(connection.iterdump())


def receipts(repo: Repo) -> list[str]:
    return [line for line in rows(repo) if line.startswith('INSERT INTO "receipts"')]


def rows_without_heartbeats(repo: Repo) -> list[str]:
    """The rows without those that every command changes: heartbeats and leases."""
    return [line for line in rows(repo) if '"agents"' not in line and '"build_state"' not in line]


# The contract of the verbs.


def test_init_is_harmless_to_repeat(repo: Repo) -> None:
    again = repo.swarm("init", "--json")

    assert again.exit == 0
    assert Path(again.data["db"]) == repo.path / ".git/swarm/swarm.db"


def test_the_database_is_private(repo: Repo) -> None:
    folder = repo.path / ".git/swarm"
    report(repo)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {
        path.name: oct(path.stat().st_mode & 0o077) for path in folder.iterdir() if path.stat().st_mode & 0o077
    } == {}


def test_a_linked_worktree_shares_the_database(repo: Repo) -> None:
    report(repo)

    assert repo.worktree("other").swarm("status", "--json").data["build"]["fixer"] == "alice"


def test_status_answers_everything_the_contract_names(repo: Repo) -> None:
    report(repo)
    report(repo, "bob")

    data = repo.swarm("status", "--json").data

    assert {"status", "fixer", "fence", "attempt", "max_attempts", "broken_since", "lease_expires_at"} <= set(
        data["build"]
    )
    assert (data["build"]["status"], data["build"]["fixer"], data["build"]["attempt"]) == ("fixing", "alice", 1)
    assert [one["agent"] for one in data["waiting"]] == ["bob"]
    assert [(one["name"], one["state"]) for one in data["agents"]] == [("alice", "fixing"), ("bob", "waiting")]
    assert data["escalations"] == [] and data["messages"]["last_id"] > 0
    assert data["build"]["broken_since"].endswith("Z") and len(data["build"]["broken_since"]) == 24


def test_the_life_of_an_incident_by_its_exit_codes(repo: Repo) -> None:
    repo.configure(check="true")
    wait = ["build", "wait", "--timeout", "0.2"]

    assert repo.swarm("--as", "alice", "build", "claim").exit == 0
    assert report(repo).exit == 81
    assert report(repo, "bob").exit == 80
    assert repo.swarm("--as", "bob", *wait).exit == 75
    assert repo.swarm("--as", "alice", "build", "renew").exit == 0
    assert repo.swarm("--as", "bob", "build", "renew").exit == 82
    assert repo.swarm("--as", "bob", "build", "fixed").exit == 82
    assert repo.swarm("--as", "alice", "build", "hand-over", "bob").exit == 0
    assert repo.swarm("--as", "alice", "build", "failed", "--reason", "late").exit == 82
    assert repo.swarm("--as", "bob", "build", "fixed").exit == 0
    assert repo.swarm("--as", "alice", *wait).exit == 0


def test_an_old_fence_is_refused_even_from_the_fixer_itself(repo: Repo) -> None:
    repo.configure(check="true")
    old = str(report(repo).data["fence"])
    repo.swarm("--as", "alice", "build", "give-up")
    repo.swarm("--as", "alice", "build", "claim")
    before = rows_without_heartbeats(repo)

    for verb in (["renew"], ["fixed"], ["failed", "--reason", "x"], ["give-up"], ["hand-over", "bob"]):
        assert repo.swarm("--as", "alice", "build", *verb, "--fence", old).exit == 82

    assert rows_without_heartbeats(repo) == before


def test_fixed_is_refused_while_the_check_fails(repo: Repo) -> None:
    repo.configure(check="false")
    report(repo)

    assert repo.swarm("--as", "alice", "build", "fixed").exit == 1
    assert repo.swarm("status", "--json").data["build"]["status"] == "fixing"


def test_fixed_is_refused_for_what_is_not_committed(repo: Repo) -> None:
    repo.configure(check="true")
    report(repo)
    repo.stage("README", "not committed\n")

    refused = repo.swarm("--as", "alice", "build", "fixed")

    assert refused.exit == 1 and "uncommitted changes in README" in refused.out


def test_fixed_is_refused_when_nothing_can_prove_it(repo: Repo) -> None:
    report(repo)

    assert repo.swarm("--as", "alice", "build", "fixed").exit == 1


def test_the_third_failure_asks_the_human_and_stops_everybody(repo: Repo) -> None:
    for agent in ("alice", "bob", "alice"):
        repo.swarm("--as", agent, "build", "report", "--summary", "x")
        last = repo.swarm("--as", agent, "build", "failed", "--reason", "no idea", "--json")

    assert (last.exit, last.data["attempt"]) == (84, 3)
    assert repo.swarm("--as", "bob", "build", "claim").exit == 84
    assert repo.swarm("--as", "bob", "build", "wait").exit == 84
    assert len(repo.swarm("escalation", "list", "--json").data["escalations"]) == 1
    assert "1. alice: failed (no idea)" in repo.swarm("escalation", "show", "1").out


def test_the_answer_of_the_human_is_shown_with_the_escalation_and_the_incident(repo: Repo) -> None:
    report(repo)
    repo.swarm("build", "escalate", "--reason", "look")
    repo.swarm("escalation", "resolve", "1", "--option", "declare-passing", "--reason", "it is fine")

    asked, broke = repo.swarm("escalation", "show", "1"), repo.swarm("build", "show", "1")

    assert "by human: declare-passing: it is fine\n" in asked.out
    assert "declared by  human  it is fine\n" in broke.out


def test_a_failure_of_class_auth_asks_the_human_at_once(repo: Repo) -> None:
    report(repo)

    assert repo.swarm("--as", "alice", "build", "failed", "--reason", "403", "--class", "auth").exit == 84
    assert repo.swarm("status", "--json").data["build"]["attempt"] == 0


@pytest.mark.parametrize(
    ("words", "status", "fixer"),
    [
        (["retry"], "broken", None),
        (["assign", "--agent", "bob"], "fixing", "bob"),
        (["take-over"], "fixing", "human"),
        (["declare-passing", "--reason", "it is fine"], "passing", None),
    ],
)
def test_every_answer_of_the_human_does_what_it_says(repo: Repo, words: list[str], status: str, fixer: str) -> None:
    report(repo)
    repo.swarm("build", "escalate", "--reason", "look")

    assert repo.swarm("escalation", "resolve", "1", "--option", *words).exit == 0

    build = repo.swarm("status", "--json").data["build"]
    assert (build["status"], build["fixer"]) == (status, fixer)
    assert repo.swarm("escalation", "list", "--json").data["escalations"] == []


def test_a_human_takes_the_role_away(repo: Repo) -> None:
    fence = report(repo).data["fence"]

    assert repo.swarm("build", "force-release", "--reason", "mine").exit == 0

    assert repo.swarm("--as", "alice", "build", "renew", "--fence", str(fence)).exit == 82
    assert "A human took the build from you: mine" in repo.swarm("--as", "alice", "inbox").out
    assert repo.swarm("build", "force-release").exit == 82


HUMAN_ONLY = [
    ["build", "force-release"],
    ["escalation", "resolve", "1", "--option", "retry"],
    ["escalation", "ack", "1"],
]


@pytest.mark.parametrize("words", HUMAN_ONLY)
def test_verbs_reserved_for_a_human_are_refused_to_agents(repo: Repo, words: list[str]) -> None:
    report(repo)
    repo.swarm("build", "escalate", "--reason", "look")

    assert repo.swarm("--as", "alice", *words).exit == 77
    assert repo.swarm(*words, SWARM_AGENT="bob").exit == 77
    assert repo.swarm("escalation", "list", "--json").data["escalations"][0]["state"] == "open"


ACTING = [
    ["build", "report", "--summary", "x"],
    ["build", "claim"],
    ["build", "wait"],
    ["build", "renew"],
    ["build", "fixed"],
    ["build", "failed", "--reason", "x"],
    ["build", "give-up"],
    ["inbox"],
    ["commit", "-m", "x"],
    ["agent", "leave"],
]


@pytest.mark.parametrize("words", ACTING, ids=" ".join)
def test_acting_in_an_agents_name_needs_one(repo: Repo, words: list[str]) -> None:
    before = rows(repo)

    anonymous, ghost = repo.swarm(*words), repo.swarm("--as", "ghost", *words)

    assert (anonymous.exit, ghost.exit) == (64, 92)
    assert "--as NAME" in anonymous.err and "swarm agent join ghost" in ghost.err
    assert rows(repo) == before


def test_a_living_agents_name_is_taken(repo: Repo) -> None:
    assert repo.swarm("agent", "join", "alice").exit == 90
    assert repo.swarm("agent", "adopt", "alice").exit == 0
    assert repo.swarm("--as", "alice", "agent", "leave").exit == 0
    assert repo.swarm("agent", "join", "alice").exit == 0


def test_an_agent_that_leaves_gives_up_the_build(repo: Repo) -> None:
    report(repo)

    repo.swarm("--as", "alice", "agent", "leave")

    assert repo.swarm("status", "--json").data["build"]["status"] == "broken"


def test_whoami_says_where_the_name_comes_from(repo: Repo) -> None:
    assert repo.swarm("--as", "alice", "agent", "whoami", "--json").data == {
        "name": "alice",
        "source": "--as",
        "joined": True,
    }
    assert repo.swarm("agent", "whoami", "--json", SWARM_AGENT="bob").data["source"] == "SWARM_AGENT"
    assert repo.swarm("agent", "whoami").exit == 64


def test_hold_renews_the_lease_while_its_command_runs(repo: Repo) -> None:
    repo.configure(lease_s=4)
    report(repo)

    held = repo.swarm("--as", "alice", "build", "hold", "--", "sleep", "6")

    assert held.exit == 0
    assert repo.swarm("--as", "bob", "build", "claim").exit == 80


def test_hold_stops_its_command_when_the_lease_is_lost(repo: Repo) -> None:
    repo.configure(lease_s=1)
    report(repo)
    holding = repo.start("--as", "alice", "build", "hold", "--", "sleep", "30")

    repo.swarm("build", "force-release")
    holding.communicate(timeout=20)

    assert holding.returncode == 82


def test_any_command_ends_a_lease_that_ran_out(repo: Repo) -> None:
    repo.configure(lease_s=1)
    report(repo)

    until(lambda: repo.swarm("status", "--json").data["build"]["status"] == "broken", "the lease ran out")

    assert repo.swarm("build", "show", "1", "--json").data["attempts"][0]["end"] == "expired"


def test_a_passing_check_ends_the_incident_when_there_is_no_fixer(repo: Repo) -> None:
    repo.configure(check="true")
    report(repo)
    repo.swarm("--as", "alice", "build", "give-up")

    assert repo.swarm("build", "check").exit == 0
    assert repo.swarm("status", "--json").data["build"]["status"] == "passing"


def test_a_report_of_a_check_older_than_the_last_green_is_refused(repo: Repo) -> None:
    repo.configure(check="true")
    began = repo.swarm("status", "--json").data["build"]["changed_at"] or "2020-01-01T00:00:00Z"
    report(repo)
    repo.swarm("--as", "alice", "build", "fixed")

    stale = repo.swarm("--as", "bob", "build", "report", "--summary", "x", "--began", began)

    assert stale.exit == 75
    assert repo.swarm("status", "--json").data["build"]["status"] == "passing"


# Messages.


def test_a_message_is_read_once_and_only_by_its_recipient(repo: Repo) -> None:
    sent = repo.swarm("--as", "alice", "msg", "send", "bob", "hello", "--json")

    assert sent.data["recipients"] == [{"agent": "bob", "state": "skipped", "reason": "no-tmux"}]
    assert [one["body"] for one in repo.swarm("--as", "bob", "inbox", "--json").data["messages"]] == ["hello"]
    assert repo.swarm("--as", "bob", "inbox", "--json").data["messages"] == []
    assert repo.swarm("--as", "alice", "inbox", "--json").data["messages"] == []


def test_reading_five_of_twenty_five_leaves_twenty(repo: Repo) -> None:
    for n in range(25):
        repo.swarm("msg", "send", "bob", f"n{n}")

    page = repo.swarm("--as", "bob", "inbox", "--limit", "5", "--json").data
    rest = repo.swarm("--as", "bob", "inbox", "--json").data

    assert [one["body"] for one in page["messages"]] == [f"n{n}" for n in range(5)] and page["more"]
    assert [one["body"] for one in rest["messages"]] == [f"n{n}" for n in range(5, 25)] and not rest["more"]


def test_peeking_marks_nothing_as_read(repo: Repo) -> None:
    repo.swarm("msg", "broadcast", "hello")

    repo.swarm("--as", "bob", "inbox", "--peek")

    assert len(repo.swarm("--as", "bob", "inbox", "--json").data["messages"]) == 1


def test_an_agent_sends_ten_messages_a_minute(repo: Repo) -> None:
    ended = [repo.swarm("--as", "alice", "msg", "broadcast", f"n{n}") for n in range(11)]

    assert [one.exit for one in ended] == [0] * 10 + [91]
    assert "Try again in" in ended[-1].err


@pytest.mark.parametrize("body", ["two\nlines", "[/] [@click=app.quit]x[/]", "\x1b[2Jgone", "ü" * 5_120, "  spaces  "])
def test_a_body_is_stored_exactly(repo: Repo, body: str) -> None:
    assert repo.swarm("msg", "send", "bob", "--file", "-", typed=body).exit == 0

    assert repo.swarm("msg", "log", "--json").data["messages"][0]["body"] == body
    assert "\x1b" not in repo.swarm("msg", "log").out


@pytest.mark.parametrize("body", ["", " \n", "x" * 10_241])
def test_an_empty_or_oversized_body_is_refused(repo: Repo, body: str) -> None:
    assert repo.swarm("msg", "send", "bob", body).exit == 65
    assert repo.swarm("msg", "log", "--json").data["messages"] == []


# Bad input: a clear error with the right code, and nothing written.


@pytest.mark.parametrize(
    "words",
    [
        lambda name: ["agent", "join", "--", name],
        lambda name: ["agent", "adopt", "--", name],
        lambda name: [f"--as={name}", "build", "report", "--summary", "x"],
        lambda name: ["msg", "send", "--", name, "hi"],
        lambda name: ["--as", "alice", "build", "hand-over", "--", name],
    ],
    ids=["join", "adopt", "as", "send", "hand-over"],
)
def test_a_hostile_name_is_refused(repo: Repo, words: Callable[[str], list[str]]) -> None:
    before = rows_without_heartbeats(repo)

    for name in HOSTILE:
        ended = repo.swarm(*words(name))

        assert ended.exit == 64, name
        assert len(ended.err) < 400 and "\x1b" not in ended.err and "\u202e" not in ended.err
    assert rows_without_heartbeats(repo) == before


@pytest.mark.parametrize("words", [["msg", "log"], ["--as", "alice", "inbox"], ["build", "history"], ["events"]])
def test_an_invalid_limit_is_a_usage_error(repo: Repo, words: list[str]) -> None:
    for limit in ["abc", "0", "-1", "1e9", "1001", "９"]:
        assert repo.swarm(*words, "--limit", limit).exit == 64, limit


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["frobnicate"], 64),
        ([], 64),
        (["build"], 64),
        (["build", "frobnicate"], 64),
        (["--as"], 64),
        (["build", "report"], 64),
        (["--as", "alice", "build", "report", "--summary", " "], 64),
        (["--as", "alice", "build", "failed", "--reason", "x", "--class", "magic"], 64),
        (["--as", "alice", "build", "renew", "--fence", "x"], 64),
        (["--as", "alice", "build", "wait", "--timeout", "-1"], 64),
        (["--as", "alice", "build", "wait", "--timeout", "nan"], 64),
        (["--as", "alice", "build", "hand-over", "ghost"], 92),
        (["msg", "send", "ghost", "hi"], 92),
        (["escalation", "show", "7"], 92),
        (["escalation", "resolve", "7", "--option", "retry"], 92),
        (["--as", "human", "commit", "-m", "x"], 64),
        (["agent", "join", "human"], 90),
        (["agent", "join", "x", "--pane", "nonsense"], 64),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_wrong_call_says_what_is_wrong(repo: Repo, words: list[str], code: int) -> None:
    plain, as_json = repo.swarm(*words), repo.swarm(*words, "--json")

    assert (plain.exit, as_json.exit) == (code, code)
    assert plain.out == "" or code == 64
    assert list(as_json.json) == ENVELOPE
    assert (as_json.json["ok"], as_json.json["code"], as_json.json["exit"]) == (False, CODES[code], code)


@pytest.mark.parametrize(
    "text",
    [
        "[build",
        "[build]\nmax_attempts = 0",
        "[build]\nmax_attempts = true",
        "[build]\nlease_s = 'long'",
        "[build]\nlease_s = nan",
        "[build]\ncheck = ''",
        "[build]\nlease = 3",
        "[bild]\n",
        "build = 3",
        "[notify]\ncommand = 'x'",
        '[build]\ncheck = "\\u0000"',
    ],
)
def test_an_invalid_configuration_is_named_and_nothing_is_done(repo: Repo, text: str) -> None:
    repo.write("swarm.toml", text)
    before = rows_without_heartbeats(repo)

    ended = report(repo)

    assert (ended.exit, ended.json["code"]) == (78, "bad_config")
    assert "swarm.toml" in ended.json["message"]
    assert rows_without_heartbeats(repo) == before


def test_without_a_database_the_error_names_swarm_init(tmp_path: Path) -> None:
    outside = Repo(tmp_path)

    ended = outside.swarm("status", "--json")

    assert (ended.exit, ended.json["code"]) == (66, "no_swarm")
    outside.git("init", "-q")
    assert outside.swarm("status", "--json").json["next"] == "swarm init"


def test_swarm_db_needs_no_repository(tmp_path: Path) -> None:
    outside = Repo(tmp_path)
    database = str(tmp_path / "chosen" / "s.db")

    assert outside.swarm("init", SWARM_DB=database).exit == 0
    assert outside.swarm("status", SWARM_DB=database).exit == 0


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_swarm_database_is_never_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(content)

    for words in (["init"], ["status"], ["--as", "a", "build", "claim"]):
        assert Repo(tmp_path).swarm(*words, SWARM_DB=str(path)).exit == 69

    assert path.read_bytes() == content


def test_the_same_bytes_go_to_a_pipe_whatever_the_locale(repo: Repo) -> None:
    repo.swarm("msg", "send", "bob", "grün")

    assert repo.swarm("msg", "log", LC_ALL="C.UTF-8").out == repo.swarm("msg", "log", LC_ALL="C").out


def test_ascii_only_output_is_still_json(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "naïve \u2713")

    shown = repo.swarm("status", "--json", PYTHONIOENCODING="ascii")

    assert shown.data["build"]["summary"] == "naïve \u2713"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_change_no_answer(repo: Repo, closed: str) -> None:
    repo.stage("a.txt")

    assert repo.shell(f"swarm build claim --as ghost {closed}") == 92
    assert repo.shell(f"swarm agent join carol {closed}") == 0
    assert repo.shell(f"swarm commit -m x --as carol {closed}") == 0


@pytest.mark.parametrize("unwritable", [">/dev/full", ">&-"])
@pytest.mark.parametrize("verb", ["inbox", "inbox --json", "msg poll", "msg wait", "msg wait --after 0 --json"])
def test_an_answer_that_cannot_be_written_is_an_error_and_marks_nothing_as_read(
    repo: Repo, unwritable: str, verb: str
) -> None:
    repo.swarm("msg", "send", "alice", "hello")

    assert repo.shell(f"swarm {verb} --as alice 2>said {unwritable}") == 69
    assert "nothing was marked as read" in (repo.path / "said").read_text()
    assert len(repo.swarm("inbox", "--json", "--as", "alice").data["messages"]) == 1


@pytest.mark.parametrize("unwritable", [">/dev/full", ">&-"])
def test_a_log_that_cannot_be_written_leaves_the_humans_messages_unread(repo: Repo, unwritable: str) -> None:
    repo.swarm("msg", "send", "human", "hello", "--as", "alice")

    assert repo.shell(f"swarm msg log {unwritable}") == 69
    assert receipts(repo) == []
    repo.swarm("msg", "log")
    assert len(receipts(repo)) == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_in_the_middle_has_read_nothing(repo: Repo, unbuffered: str) -> None:
    for _ in range(9):
        assert repo.swarm("msg", "send", "alice", "x" * 10_000).exit == 0

    with_python = f"PYTHONUNBUFFERED={unbuffered} swarm"
    assert repo.shell(f"bash -o pipefail -c '{with_python} inbox --as alice | head -c 1 >first'") == 0
    assert len(repo.swarm("inbox", "--json", "--as", "alice").data["messages"]) == 9


@pytest.mark.parametrize("words", ["--help", "--version", "status --help", "msg send --help"])
def test_help_that_cannot_be_written_is_an_error(repo: Repo, words: str) -> None:
    assert repo.shell(f"swarm {words} >/dev/full") == 69
    assert repo.shell(f"bash -c '(until [ -e gone ]; do :; done; swarm {words} && touch fine) | touch gone'") == 0
    assert (repo.path / "fine").exists()


def test_a_reader_that_went_away_changes_no_answer(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "x")

    assert repo.shell("bash -o pipefail -c 'swarm build claim --as alice | true'") == 81


def test_an_empty_name_is_no_identity(repo: Repo) -> None:
    assert repo.swarm("--as", "", "build", "claim", SWARM_AGENT="alice").exit == 64
    assert repo.swarm("status", SWARM_AGENT="").exit == 0


def test_open_escalations_are_counted(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "x")
    repo.swarm("build", "escalate", "--reason", "y")

    assert repo.swarm("escalation", "list", "--json").json["message"].startswith("1 open")


def test_a_list_with_rows_has_no_message_that_it_is_empty(repo: Repo) -> None:
    repo.swarm("lock", "acquire", "a.txt", "--as", "alice")

    held = repo.swarm("lock", "list", "--json").json["message"]
    repo.swarm("lock", "release", "--as", "alice")
    free = repo.swarm("lock", "list", "--json").json["message"]

    assert (held, free) == ("", "Nothing is locked.")


def test_help_is_not_an_error(repo: Repo) -> None:
    for words in (["--help"], ["build", "--help"], ["build", "wait", "--help"], ["commit", "--help"], ["--version"]):
        ended = repo.swarm(*words)
        assert ended.exit == 0 and ended.out


def test_help_is_plain_text_also_for_an_agent_whose_host_wants_colours(repo: Repo) -> None:
    for words in (["build", "--help"], ["build", "wait", "--help"]):
        assert "\x1b" not in repo.swarm(*words, FORCE_COLOR="1").out


@pytest.mark.parametrize("program", ["no-such-program", "./tell", "not/executable"])
def test_doctor_says_that_the_command_for_escalations_cannot_be_found(repo: Repo, program: str) -> None:
    repo.write("not/executable", "#!/bin/sh\n")
    repo.write("swarm.toml", f'[notify]\ncommand = ["{program}", "x"]\n')

    ended = repo.swarm("doctor")

    assert ended.exit == 1
    assert f"The notify command {program} does not exist or is not executable" in ended.out


@pytest.mark.parametrize("program", ["sh", "./tell", "/bin/sh"])
def test_doctor_finds_the_command_for_escalations_as_it_will_be_started(repo: Repo, program: str) -> None:
    repo.write("tell", "#!/bin/sh\n")
    (repo.path / "tell").chmod(0o755)
    repo.write("swarm.toml", f'[notify]\ncommand = ["{program}"]\n')
    below = Repo(repo.path / "below")
    below.path.mkdir()

    assert "ok       notify        The notify command is /" in below.swarm("doctor").out


def test_doctor_names_the_version_of_tmux_and_what_is_known_of_it(repo: Repo) -> None:
    version = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout.split()[1]

    assert f"ok       tmux          tmux {version}, " in repo.swarm("doctor").out


def test_a_bug_is_shown_with_a_report(repo: Repo, tmp_path: Path) -> None:
    with closing(sqlite3.connect(repo.path / ".git/swarm/swarm.db")) as connection:
        connection.execute("alter table waiters rename to sabotaged")

    ended = repo.swarm("status", "--json", TMPDIR=str(tmp_path))

    assert (ended.exit, ended.json["code"]) == (70, "internal")
    report = next(tmp_path.glob("swarm-bug-*"))
    assert "waiters" in report.read_text(encoding="utf-8")
    logged = (repo.path / ".git/swarm/swarm.db.log").read_text(encoding="utf-8").splitlines()
    assert [line for line in logged if " ERROR " in line and "swarm status" in line and str(report) in line]


def test_every_next_command_runs_as_it_is_printed(repo: Repo) -> None:
    repo.configure(wait_s=0.2)
    ended = [
        report(repo),
        report(repo, "bob"),
        repo.swarm("--as", "bob", "--json", "build", "wait", "--timeout", "0.1"),
        repo.swarm("--as", "ghost", "--json", "build", "claim"),
        repo.swarm("--as", "alice", "--json", "build", "failed", "--reason", "x"),
    ]

    assert [one.json["next"] for one in ended] == [
        "swarm commit --as alice",
        "swarm build wait --as bob",
        "swarm build wait --timeout 0.1 --as bob",
        "swarm agent join ghost",
        "swarm build wait --as alice",
    ]
    assert [repo.shell(one.json["next"]) for one in ended[1:]] == [81, 81, 0, 75]
