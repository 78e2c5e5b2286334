"""Announcing an escalation by the user's own command: what it gets, what it may not see, and how it may fail."""

import os

import pytest

from swarm_agents.build import human_acts
from swarm_agents.db.database import Database
from swarm_agents.escalations import announcements
from swarm_agents.escalations.announcements import BACK_OFF_S, COMMAND
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.system import log
from swarm_agents.watch import announcer
from tests.support.clock import FakeClock
from tests.support.notify import RULES, NotifyFolder, channel_state, escalation_text, raise_escalation
from tests.support.tmux import alive
from tests.support.until import until


def test_the_command_gets_the_whole_text_on_its_standard_input(db: Database, folder: NotifyFolder) -> None:
    asked = raise_escalation(db)

    announcer.announce_due(db, folder.config(folder.script("cat > heard; echo $SWARM_ESCALATION > id")))

    text = folder.read("heard")
    assert text == f"{escalation_text(db, asked)}\n"
    assert f"swarm escalation resolve {asked} --option retry" in text
    assert folder.read("id") == f"{asked}\n"
    assert channel_state(db, asked, COMMAND) == ("sent", "")


def test_the_command_is_words_and_no_shell_reads_them(db: Database, folder: NotifyFolder) -> None:
    raise_escalation(db)
    script = folder.script('printf "%s|" "$@" > heard')

    announcer.announce_due(db, folder.config(script, "$(touch sprung)", "; touch sprung", "*"))

    assert folder.read("heard") == "$(touch sprung)|; touch sprung|*|"
    assert not folder.path("sprung").exists()


def test_the_command_gets_nothing_that_an_agent_was_given(
    db: Database, folder: NotifyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SWARM_AGENT", "SOME_API_KEY", "GIT_DIR", "TMUX_PANE", "PYTHONPATH"):
        monkeypatch.setenv(name, "given to an agent")
    monkeypatch.setenv("LC_TIME", "C")
    raise_escalation(db)

    announcer.announce_due(db, folder.config(folder.script("env > heard")))

    names = {line.partition("=")[0] for line in folder.read("heard").splitlines()}
    assert {"PATH", "LC_TIME", "SWARM_ESCALATION"} <= names
    assert "given to an agent" not in folder.read("heard")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo no route >&2; exit 7", "ended with exit status 7: no route"),
        ("exit 1", "ended with exit status 1"),
        ("kill -9 $$", "ended with signal 9"),
        ("exec 0<&-; sleep 600", "did not end within 0.5 s and was stopped"),
        ("trap '' TERM; sleep 600 & wait; sleep 600", "did not end within 0.5 s and was stopped"),
    ],
)
def test_a_command_that_fails_is_on_record_logged_and_listed(
    db: Database, folder: NotifyFolder, script: str, why: str
) -> None:
    asked = raise_escalation(db)
    command = folder.script(script)

    announcer.announce_due(db, folder.config(command))

    assert channel_state(db, asked, COMMAND) == ("failed", f"{command} {why}")
    with db.reading() as tx:
        assert [(one.channel, one.reason) for one in announcements.list_failed(tx)] == [(COMMAND, f"{command} {why}")]
    logged = log.log_path(db.path).read_text()
    assert f"ERROR {os.getpid()} escalation {asked} by command: try 1 of 3 failed, again in 30 s: {command}" in logged


def test_children_of_a_command_end_with_its_time_limit(db: Database, folder: NotifyFolder) -> None:
    raise_escalation(db)

    announcer.announce_due(db, folder.config(folder.script("sleep 600 & echo $! > child; wait")))

    until(lambda: not alive(int(folder.read("child"))), "its child has ended")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "could not be started: No such file or directory"),
        (lambda path: path.write_text("#!/bin/sh\n"), "could not be started: Permission denied"),
        (lambda path: (path.write_text("words\n"), path.chmod(0o755)), "could not be started: Exec format error"),
        (lambda path: path.mkdir(), "could not be started: Permission denied"),
    ],
    ids=["missing", "not executable", "no program", "a folder"],
)
def test_a_command_that_cannot_be_started_says_why(db: Database, folder: NotifyFolder, make, why: str) -> None:  # type: ignore[no-untyped-def]
    asked = raise_escalation(db)
    make(folder.path("ring"))

    announcer.announce_due(db, folder.config(str(folder.path("ring"))))

    assert channel_state(db, asked, COMMAND) == ("failed", f"{folder.path('ring')} {why}")


def test_a_command_that_fails_twice_and_then_works_is_sent(
    db: Database, clock: FakeClock, folder: NotifyFolder
) -> None:
    asked = raise_escalation(db)
    config = folder.config(folder.script("echo x >> tries; [ $(wc -l < tries) -ge 3 ]"))

    for pause_s in (*BACK_OFF_S, 86_400):
        announcer.announce_due(db, config)
        clock.forward(pause_s)
    announcer.announce_due(db, config)

    assert folder.read("tries") == "x\nx\nx\n"
    assert channel_state(db, asked, COMMAND) == ("sent", "")


def test_an_escalation_answered_before_the_retry_is_not_announced_again(
    db: Database, clock: FakeClock, folder: NotifyFolder
) -> None:
    asked = raise_escalation(db)
    config = folder.config(folder.script("echo x >> tries; exit 1"))
    announcer.announce_due(db, config)
    human_acts.resolve(db, asked, Resolution.RETRY, RULES)

    clock.forward(BACK_OFF_S[0])
    announcer.announce_due(db, config)

    assert folder.read("tries") == "x\n"
    assert channel_state(db, asked, COMMAND)[0] == "skipped"
