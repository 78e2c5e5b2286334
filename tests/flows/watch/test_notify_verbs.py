"""Verbs that escalate start a process that announces; verbs that show an escalation show how far that came."""

import os
import time
from pathlib import Path

from swarm_agents.build import human_acts
from swarm_agents.db.database import Database
from swarm_agents.escalations.announcements import COMMAND
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.watch import announcer
from tests.support.notify import (
    RULES,
    NotifyFolder,
    break_build,
    channel_state,
    make_retry_due,
    raise_escalation,
    read_channels,
)
from tests.support.repo import Repo
from tests.support.until import until


def test_the_verb_that_escalates_starts_a_process_that_announces(repo: Repo, folder: NotifyFolder) -> None:
    folder.configure(repo, folder.script("cat > heard; touch done"))
    break_build(repo)

    asked = repo.swarm("build", "escalate", "--reason", "no credentials", "--json")

    assert asked.data["escalation"] == 1
    until(folder.path("done").exists, "the command ran")
    assert "Asked because: no credentials" in folder.read("heard")
    until(lambda: read_channels(repo)["command"] == ("sent", ""), "it is on record")


def test_the_verb_that_answers_announces_nothing_and_starts_no_process(db: Database, folder: NotifyFolder) -> None:
    asked = raise_escalation(db)
    human_acts.resolve(db, asked, Resolution.TAKE_OVER, RULES)

    announcer.spawn_if_due(db, folder.config(folder.script("touch done")))

    assert channel_state(db, asked, COMMAND)[0] == "skipped"  # at once: a process would need a moment


def test_a_human_is_told_even_when_the_output_of_the_verb_is_not_read(repo: Repo, folder: NotifyFolder) -> None:
    folder.configure(repo, folder.script("touch done"))
    break_build(repo)

    asking = repo.start("build", "escalate", "--reason", "no credentials")
    assert asking.stdout
    asking.stdout.close()

    until(folder.path("done").exists, "the command ran")
    assert asking.communicate()[1] == ""


def test_a_command_that_hangs_keeps_no_verb_waiting(repo: Repo, folder: NotifyFolder) -> None:
    os.mkfifo(folder.path("gate"))
    folder.configure(repo, folder.script("touch begun; read line < gate; touch done"), timeout_s=60)
    break_build(repo)

    assert repo.swarm("build", "escalate", "--reason", "no credentials").exit == 0

    assert not folder.path("done").exists()
    until(folder.path("begun").exists, "the command runs")
    folder.path("gate").write_text("go\n")
    until(lambda: read_channels(repo)["command"] == ("sent", ""), "it is on record")


def test_a_later_claim_announces_what_was_never_announced(repo: Repo, folder: NotifyFolder) -> None:
    break_build(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")
    folder.configure(repo, folder.script("touch done"))

    met = repo.swarm("--as", "bob", "build", "claim")

    assert met.exit == 84
    until(folder.path("done").exists, "the command ran")


def test_a_command_that_fails_is_retried_by_the_process_of_the_verb(
    repo: Repo, folder: NotifyFolder, tmp_path: Path
) -> None:
    folder.configure(repo, folder.script("echo x >> tries; exit 1"))
    break_build(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")
    until(lambda: read_channels(repo)["command"][0] == "failed", "the first try failed")

    make_retry_due(repo)
    until(lambda: folder.read("tries") == "x\nx\n", "it was tried again")
    until(lambda: read_channels(repo)["command"][0] == "failed", "the second try failed")
    make_retry_due(repo)

    until(lambda: read_channels(repo)["command"][0] == "retired", "it was given up")
    assert folder.read("tries") == "x\nx\nx\n"


def test_quiet_hours_hold_the_command_back_and_are_shown(repo: Repo, folder: NotifyFolder) -> None:
    now = time.localtime()
    first, last = (now.tm_hour - 1) % 24, (now.tm_hour + 2) % 24
    folder.configure(repo, folder.script("touch done"), quiet=f"{first:02d}:00-{last:02d}:00")
    break_build(repo)

    repo.swarm("build", "escalate", "--reason", "no credentials")
    assert repo.swarm("escalation", "announce").exit == 0

    assert f"quiet hours until {last:02d}:00" in repo.swarm("escalation", "show", "1").out
    assert not folder.path("done").exists()
    folder.configure(repo, folder.script("touch done"))
    assert repo.swarm("escalation", "announce").exit == 0
    assert folder.path("done").exists()


def test_show_lists_every_channel_and_its_result(repo: Repo, folder: NotifyFolder) -> None:
    command = folder.script("echo no route >&2; exit 7")
    folder.configure(repo, command)
    break_build(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")

    until(lambda: read_channels(repo)["command"][0] == "failed", "the first try failed")
    lines = repo.swarm("escalation", "show", "1").out.partition("Channels:\n")[2].splitlines()

    assert [line.split()[:2] for line in lines] == [
        ["dashboard", "waiting"],
        ["tmux", "skipped"],
        ["command", "failed"],
    ]
    assert lines[2].endswith(f"{command} ended with exit status 7: no route")


def test_an_instruction_of_the_human_reaches_every_agent(repo: Repo) -> None:
    break_build(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")

    repo.swarm("escalation", "resolve", "1", "--option", "retry", "--reason", "use the mirror")

    for agent in ("alice", "bob"):
        assert "A human says: try again: use the mirror." in repo.swarm("--as", agent, "inbox").out


def test_debug_messages_go_to_the_log_and_standard_error_only(repo: Repo) -> None:
    plain = repo.swarm("escalation", "list")
    debugged = repo.swarm("escalation", "list", SWARM_DEBUG="1")

    assert debugged.out == plain.out
    assert (plain.err, "DEBUG" in debugged.err) == ("", True)
    logged = (repo.path / ".git/swarm/swarm.db.log").read_text()
    assert "swarm escalation list: exit 0: No open escalation." in logged
