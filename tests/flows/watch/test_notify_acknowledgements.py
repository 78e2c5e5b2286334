"""A message without its acknowledgement escalates: announced by the same channels, in the same order."""

import pytest

from swarm_agents.db.database import Database
from swarm_agents.escalations.announcements import BACK_OFF_S, COMMAND, TMUX
from swarm_agents.messages import acknowledgements
from swarm_agents.watch import announcer
from tests.support.clock import FakeClock
from tests.support.notify import (
    HumanTerminal,
    NotifyFolder,
    channel_state,
    escalate_message,
    escalation_text,
    open_tables,
    read_channels,
)
from tests.support.repo import Repo
from tests.support.tmux import Tmux
from tests.support.until import until


def test_a_message_without_acknowledgement_rings_and_runs_the_command(
    db: Database, tmux: Tmux, terminal: HumanTerminal, folder: NotifyFolder
) -> None:
    asked = escalate_message(db, tmux.pane("cat"))

    announcer.announce_due(db, folder.config(folder.script("cat > heard")))

    terminal.shows(
        f"you are asked: bob has not acknowledged message 1 of ada (INFO). See: swarm escalation show {asked}"
    )
    until(terminal.rang, "the bell rang")
    assert folder.read("heard") == f"{escalation_text(db, asked)}\n"
    assert f"swarm escalation resolve {asked} --option excuse" in folder.read("heard")
    assert (channel_state(db, asked, TMUX), channel_state(db, asked, COMMAND)) == (("shown", ""), ("sent", ""))


@pytest.mark.parametrize("failing", [[TMUX], [COMMAND], [TMUX, COMMAND]])
def test_a_channel_that_fails_is_tried_again_and_the_next_one_is_tried(
    db: Database, clock: FakeClock, folder: NotifyFolder, tmux: Tmux, request: pytest.FixtureRequest, failing: list[str]
) -> None:
    if TMUX not in failing:
        request.getfixturevalue("terminal")
    asked = escalate_message(db, tmux.pane("cat"))
    config = folder.config(folder.script("echo x >> tries" + ("; exit 1" if COMMAND in failing else "")))

    for pause_s in (*BACK_OFF_S, 86_400):
        announcer.announce_due(db, config)
        assert {channel for channel in (TMUX, COMMAND) if channel_state(db, asked, channel)[1]} == set(failing)
        clock.forward(pause_s)
    announcer.announce_due(db, config)

    ends = {TMUX: "shown", COMMAND: "sent"} | dict.fromkeys(failing, "retired")
    assert {channel: channel_state(db, asked, channel)[0] for channel in ends} == ends
    assert folder.read("tries").count("x") == (3 if COMMAND in failing else 1)


def test_a_message_acknowledged_before_the_retry_is_not_announced_again(
    db: Database, clock: FakeClock, folder: NotifyFolder
) -> None:
    asked = escalate_message(db)
    config = folder.config(folder.script("echo x >> tries; exit 1"))
    announcer.announce_due(db, config)
    acknowledgements.acknowledge(db, "bob", 1)

    clock.forward(BACK_OFF_S[0])
    announcer.announce_due(db, config)

    assert (folder.read("tries"), channel_state(db, asked, COMMAND)[0]) == ("x\n", "skipped")


def test_the_verb_that_finds_an_overdue_acknowledgement_starts_a_process_that_announces(
    repo: Repo, folder: NotifyFolder
) -> None:
    folder.configure(repo, folder.script("cat > heard; touch done"))
    repo.swarm("--as", "alice", "msg", "send", "bob", "please look", "--requires-ack")
    with open_tables(repo) as tables:
        tables.execute("update acknowledgements set retries = 3, due_mono_ms = 0")

    assert repo.swarm("agent", "list").exit == 0

    until(folder.path("done").exists, "the command ran")
    assert "bob has not acknowledged message 1 of alice (INFO)" in folder.read("heard")
    until(lambda: read_channels(repo)["command"] == ("sent", ""), "it is on record")


@pytest.mark.parametrize("verb", ["status", "escalation list"])
def test_a_verb_that_shows_an_escalation_announces_what_was_never_announced(
    repo: Repo, folder: NotifyFolder, verb: str
) -> None:
    repo.swarm("--as", "alice", "msg", "send", "bob", "please look", "--requires-ack")
    with open_tables(repo) as tables:
        tables.execute("update acknowledgements set retries = 3, due_mono_ms = 0")
    repo.swarm("agent", "list")
    folder.configure(repo, folder.script("touch done"))

    assert repo.swarm(*verb.split()).exit == 0

    until(folder.path("done").exists, "the command ran")
