"""Input of `swarm msg`: bodies stored to the byte; invalid bodies, ids, limits, recipients and cursors refused."""

import subprocess

import pytest

from tests.support.repo import SWARM, Ran, Repo, environment


def bodies(read: Ran) -> list[str]:
    return [one["body"] for one in read.data["messages"]]


@pytest.mark.parametrize("file", [False, True])
@pytest.mark.parametrize(
    ("body", "exit_"),
    [
        (b"x" * 10_240, 0),
        (b"x" * 10_241, 65),
        ("ä".encode() * 5_120, 0),
        (b"x" + "ä".encode() * 5_120, 65),
        (b"x" * 10_238 + b"\xc3\x28", 64),
        (b"x" * 10_239 + b"\xc3", 64),
        (b"a\n\n  b\r\n\tc\n", 0),
        (b"[bold]x[/] [@click=app.quit]y[/] \x1b]0;t\x07 \x00 $(reboot) `id` ; rm -rf /\n", 0),
        (b"", 65),
    ],
)
def test_a_body_is_stored_to_the_byte_or_refused_with_a_reason(repo: Repo, body: bytes, exit_: int, file: bool) -> None:
    (repo.path / "body").write_bytes(body)
    words = ["--as", "alice", "msg", "send", "bob", *(["--file", "body"] if file else [])]

    with (repo.path / "body").open("rb") as typed:
        done = subprocess.run(
            [*SWARM, *words], cwd=repo.path, env=environment(), stdin=typed, capture_output=True, timeout=60
        )

    assert done.returncode == exit_, done.stderr
    assert exit_ == 0 or done.stderr.startswith(b"swarm: ")
    stored = [one.encode() for one in bodies(repo.swarm("--as", "bob", "inbox", "--json"))]
    assert stored == ([body] if exit_ == 0 else [])


def test_an_argument_that_is_no_text_is_refused(repo: Repo) -> None:
    done = subprocess.run(
        [*SWARM, "--as", "alice", "msg", "send", "bob", b"caf\xe9"],
        cwd=repo.path,
        env=environment(),
        capture_output=True,
    )

    assert (done.returncode, b"not valid UTF-8" in done.stderr) == (65, True)


@pytest.mark.parametrize(
    "words",
    [
        *(["msg", verb, "--limit", value] for verb in ("poll", "log", "wait") for value in ("abc", "0", "-1", "1e9")),
        *(["msg", "ack", value] for value in ("abc", "0", "-1", "1e9", "9" * 30, "1\n")),
        *(["msg", "poll", "--after", value] for value in ("abc", "-1", "1.5", "9" * 30)),
        ["msg", "poll", "--type", "info"],
        ["msg", "poll", "--from", "$role"],
        ["msg", "wait", "--for", "NOTHING"],
        ["msg", "wait", "--timeout", "nan"],
        ["msg", "log", "--since", "yesterday"],
        ["msg", "log", "--grep", "!?"],
        ["msg", "send", "$role", "hello"],
        ["msg", "send", "bob", "hello", "--type", "SHOUT"],
        ["msg", "send", "bob", "hello", "--reply-to", "x"],
        ["msg", "export", "a.txt"],
        ["db", "prune"],
        ["db", "prune", "--older-than", "0d"],
    ],
    ids=lambda words: " ".join(words[:4])[:40].replace("\n", " "),
)
def test_a_wrong_call_is_a_usage_error_and_no_traceback(repo: Repo, words: list[str]) -> None:
    ran = repo.swarm("--as", "alice", *words) if words[0] == "msg" else repo.swarm(*words)

    assert ran.exit == 64, ran
    assert ran.err.startswith("swarm: ") and "Traceback" not in ran.err


def test_a_variable_that_the_shell_did_not_expand_is_named(repo: Repo) -> None:
    refused = repo.swarm("--as", "alice", "msg", "send", "$role", "hello")

    assert "'$role' is the name of a variable" in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ["msg", "send", "eve", "hello"],
        ["msg", "send", "bob", "hello", "--reply-to", "99"],
        ["msg", "poll", "--after", "99"],
        ["msg", "log", "--thread", "99"],
        ["msg", "show", "99"],
        ["msg", "ack", "99"],
    ],
    ids=" ".join,
)
def test_not_found_comes_with_a_command_that_works(repo: Repo, words: list[str]) -> None:
    missed = repo.swarm("--as", "alice", *words, "--json")

    assert (missed.exit, missed.json["code"]) == (92, "not_found")
    assert repo.shell(missed.json["next"]) == 0


def test_a_broadcast_without_recipients_says_so_and_is_stored(repo: Repo) -> None:
    repo.swarm("--as", "bob", "agent", "leave")

    unread = repo.swarm("--as", "alice", "msg", "broadcast", "anybody?", "--json")

    assert (unread.exit, unread.data) == (92, {"id": 1, "recipients": []})
    assert "no recipient is present" in unread.json["message"]
    assert bodies(repo.swarm("msg", "log", "--json")) == ["anybody?"]
