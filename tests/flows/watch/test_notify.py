"""Telling a human by real tmux terminals and real commands: what they get, what is tried again, what is never lost."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import HumanAsked
from swarm_agents.config.config import Config, NotifyConfig
from swarm_agents.db.clock import host_clock
from swarm_agents.db.database import Database
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import BACK_OFF_S, COMMAND, TMUX
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.messages import acknowledgements, messages
from swarm_agents.model import HUMAN, PaneAddress, Rules
from swarm_agents.system import file_lock, log
from swarm_agents.watch import notifier
from swarm_tui.background import Keeper
from swarm_tui.settings import Settings
from tests.support.app import dashboard, shows
from tests.support.clock import FakeClock
from tests.support.processes import run_python
from tests.support.repo import Repo
from tests.support.tmux import Tmux, alive, private_server
from tests.support.until import until

RULES = Rules()

PUMP = """
import sys
from pathlib import Path
from swarm_agents.watch import notifier
from swarm_agents.config.config import Config, NotifyConfig
from swarm_agents.system import file_lock
from swarm_agents.db.clock import host_clock
from swarm_agents.db.database import Database
with Database(Path(sys.argv[1])) as db:
    notifier.pump(db, Config(notify=NotifyConfig(command=(sys.argv[2],))))
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    """The server that the agents are on."""
    with private_server() as server:
        yield server


@pytest.fixture
def terminal(tmux: Tmux) -> Iterator["Terminal"]:
    """A terminal of the human's that is attached to the agents' server."""
    with private_server() as outer:
        yield Terminal(outer, tmux)


@pytest.fixture
def repo(repo: Repo) -> Iterator[Repo]:
    """At the end nothing is left to try, so that no process stays behind."""
    yield repo
    with shell(repo) as tables:
        tables.execute("update announcements set state = 'skipped', reason = 'the test is over'")
    with file_lock.held(repo.path / ".git/swarm/swarm.db-announcer", 20) as ended:
        assert ended, "the process left behind has ended"


@pytest.fixture
def tape(tmp_path: Path) -> "Tape":
    return Tape(tmp_path)


# tmux


def test_the_human_sees_a_line_in_their_terminal_and_hears_the_bell(
    db: Database, tmux: Tmux, terminal: "Terminal"
) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    asked = ask(db, "no credentials for the registry")

    notifier.pump(db, Config())

    terminal.shows(f"swarm: you are asked: no credentials for the registry. See: swarm escalation show {asked}")
    until(terminal.rang, "the bell rang")
    assert state(db, asked, TMUX) == ("shown", "")


def test_what_an_agent_wrote_is_shown_as_it_stands(db: Database, tmux: Tmux, terminal: "Terminal") -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    ask(db, "#(touch /tmp/never) #{pid} %H 'quoted' \x1b[2J; kill-server")

    notifier.pump(db, Config())

    terminal.shows("you are asked: #(touch /tmp/never) #{pid} %H 'quoted' ␛[2J; kill-server.")


def test_a_program_that_drives_tmux_is_no_terminal(db: Database, tmux: Tmux) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    asked = ask(db)
    control = subprocess.Popen(
        ["tmux", "-S", tmux.socket, "-C", "attach", "-t", "base"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    until(lambda: bool(tmux.run("list-clients")), "it is attached")

    notifier.pump(db, Config())

    assert state(db, asked, TMUX) == ("failed", f"No terminal is attached to tmux on {tmux.socket}.")
    control.communicate()


def test_a_human_who_comes_back_is_told_at_the_next_try(db: Database, clock: FakeClock, tmux: Tmux) -> None:
    roster.join(db, "ada", "agent", tmux.pane("cat"))
    asked = ask(db)
    notifier.pump(db, Config())
    assert state(db, asked, TMUX)[0] == "failed"

    with private_server() as outer:
        terminal = Terminal(outer, tmux)
        clock.forward(BACK_OFF_S[0])
        notifier.pump(db, Config())

        terminal.shows("swarm: you are asked: please look")
    assert state(db, asked, TMUX) == ("shown", "")


def test_one_server_that_hangs_does_not_hide_the_line_from_another(
    db: Database, tmux: Tmux, terminal: "Terminal"
) -> None:
    with private_server() as hung:
        roster.join(db, "ada", "agent", hung.pane("cat"))
        roster.join(db, "bob", "agent", tmux.pane("cat"))
        asked = ask(db)
        server = hung.server_pid()
        os.kill(server, signal.SIGSTOP)
        try:
            notifier.pump(db, Config())
        finally:
            os.kill(server, signal.SIGCONT)

    terminal.shows("swarm: you are asked: please look")
    assert state(db, asked, TMUX) == ("shown", "")
    assert "could not be asked" in log.path_of(db.path).read_text()


def test_without_any_pane_there_is_no_such_channel(db: Database) -> None:
    roster.join(db, "ada", "agent", None)
    asked = ask(db)

    notifier.pump(db, Config())

    assert state(db, asked, TMUX) == ("skipped", "no agent is in a tmux pane")


# The user's command


def test_the_command_gets_the_whole_text_on_its_standard_input(db: Database, tape: "Tape") -> None:
    asked = ask(db)

    notifier.pump(db, tape.config(tape.script("cat > heard; echo $SWARM_ESCALATION > id")))

    text = tape.read("heard")
    assert text == f"{escalation_text(db, asked)}\n"
    assert f"swarm escalation resolve {asked} --option retry" in text
    assert tape.read("id") == f"{asked}\n"
    assert state(db, asked, COMMAND) == ("sent", "")


def test_the_command_is_words_and_no_shell_reads_them(db: Database, tape: "Tape") -> None:
    ask(db)
    script = tape.script('printf "%s|" "$@" > heard')

    notifier.pump(db, tape.config(script, "$(touch sprung)", "; touch sprung", "*"))

    assert tape.read("heard") == "$(touch sprung)|; touch sprung|*|"
    assert not tape.path("sprung").exists()


def test_the_command_gets_nothing_that_an_agent_was_given(
    db: Database, tape: "Tape", monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SWARM_AGENT", "SOME_API_KEY", "GIT_DIR", "TMUX_PANE", "PYTHONPATH"):
        monkeypatch.setenv(name, "given to an agent")
    monkeypatch.setenv("LC_TIME", "C")
    ask(db)

    notifier.pump(db, tape.config(tape.script("env > heard")))

    names = {line.partition("=")[0] for line in tape.read("heard").splitlines()}
    assert {"PATH", "LC_TIME", "SWARM_ESCALATION"} <= names
    assert "given to an agent" not in tape.read("heard")


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
def test_a_command_that_fails_is_on_record_logged_and_listed(db: Database, tape: "Tape", script: str, why: str) -> None:
    asked = ask(db)
    command = tape.script(script)

    notifier.pump(db, tape.config(command))

    assert state(db, asked, COMMAND) == ("failed", f"{command} {why}")
    with db.reading() as tx:
        assert [(one.channel, one.reason) for one in announcements.list_failed(tx)] == [(COMMAND, f"{command} {why}")]
    logged = log.path_of(db.path).read_text()
    assert f"ERROR {os.getpid()} escalation {asked} by command: try 1 of 3 failed, again in 30 s: {command}" in logged


def test_what_a_command_started_ends_with_its_time_limit(db: Database, tape: "Tape") -> None:
    ask(db)

    notifier.pump(db, tape.config(tape.script("sleep 600 & echo $! > child; wait")))

    until(lambda: not alive(int(tape.read("child"))), "its child has ended")


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
def test_a_command_that_cannot_be_started_says_why(db: Database, tape: "Tape", make, why: str) -> None:  # type: ignore[no-untyped-def]
    asked = ask(db)
    make(tape.path("ring"))

    notifier.pump(db, tape.config(str(tape.path("ring"))))

    assert state(db, asked, COMMAND) == ("failed", f"{tape.path('ring')} {why}")


def test_a_command_that_fails_twice_and_then_works_is_sent(db: Database, clock: FakeClock, tape: "Tape") -> None:
    asked = ask(db)
    config = tape.config(tape.script("echo x >> tries; [ $(wc -l < tries) -ge 3 ]"))

    for pause_s in (*BACK_OFF_S, 86_400):
        notifier.pump(db, config)
        clock.forward(pause_s)
    notifier.pump(db, config)

    assert tape.read("tries") == "x\nx\nx\n"
    assert state(db, asked, COMMAND) == ("sent", "")


def test_what_was_answered_before_its_turn_rings_nobody(db: Database, clock: FakeClock, tape: "Tape") -> None:
    asked = ask(db)
    config = tape.config(tape.script("echo x >> tries; exit 1"))
    notifier.pump(db, config)
    human_acts.resolve(db, asked, Resolution.RETRY, RULES)

    clock.forward(BACK_OFF_S[0])
    notifier.pump(db, config)

    assert tape.read("tries") == "x\n"
    assert state(db, asked, COMMAND)[0] == "skipped"


# Several who tell, and one who dies


def test_six_processes_that_look_at_once_ring_once(db_path: Path, tape: "Tape") -> None:
    command = tape.script("echo $SWARM_ESCALATION >> tries; cat > /dev/null")
    for round_ in range(1, 11):
        with Database(db_path) as db:
            ask(db)

        done = run_python([(PUMP, str(db_path), command)] * 6)

        assert [one.stderr for one in done] == [""] * 6
        assert tape.read("tries").split() == [str(n) for n in range(1, round_ + 1)]
        with Database(db_path) as db:
            human_acts.resolve(db, round_, Resolution.DECLARE_PASSING, RULES)


def test_a_teller_killed_before_it_could_record_is_followed_once_and_marked(db_path: Path, tape: "Tape") -> None:
    command = tape.script("cat >> heard; echo x >> tries; kill -9 $PPID")
    with Database(db_path) as db:
        asked = ask(db)

    for later_s in (0, 60, 120, 180):
        killed = run_python(
            [(PUMP.replace("Path(sys.argv[1])", f"Path(sys.argv[1]), {later(later_s)}"), str(db_path), command)]
        )
        assert (killed[0].returncode == -signal.SIGKILL) == (later_s <= 60), killed[0].stderr

    assert tape.read("tries") == "x\nx\n"
    assert tape.read("heard").count("(This may reach you for the second time.)") == 1
    with Database(db_path) as db:
        assert state(db, asked, COMMAND) == ("retired", "two processes that tried it ended without a result")


# The verbs


def test_the_verb_that_asks_leaves_a_process_behind_that_tells(repo: Repo, tape: "Tape") -> None:
    tape.configure(repo, tape.script("cat > heard; touch done"))
    break_(repo)

    asked = repo.swarm("build", "escalate", "--reason", "no credentials", "--json")

    assert asked.data["escalation"] == 1
    until(tape.path("done").exists, "the command ran")
    assert "Asked because: no credentials" in tape.read("heard")
    until(lambda: shown(repo)["command"] == ("sent", ""), "it is on record")


def test_the_verb_that_answers_rings_nobody_and_starts_nothing(db: Database, tape: "Tape") -> None:
    asked = ask(db)
    human_acts.resolve(db, asked, Resolution.TAKE_OVER, RULES)

    notifier.leave_behind(db, tape.config(tape.script("touch done")))

    assert state(db, asked, COMMAND)[0] == "skipped"  # at once: a process would need a moment


def test_a_human_is_told_also_when_nobody_reads_the_answer(repo: Repo, tape: "Tape") -> None:
    tape.configure(repo, tape.script("touch done"))
    break_(repo)

    asking = repo.start("build", "escalate", "--reason", "no credentials")
    assert asking.stdout
    asking.stdout.close()

    until(tape.path("done").exists, "the command ran")
    assert asking.communicate()[1] == ""


def test_a_command_that_hangs_keeps_no_verb_waiting(repo: Repo, tape: "Tape") -> None:
    os.mkfifo(tape.path("gate"))
    tape.configure(repo, tape.script("touch begun; read line < gate; touch done"), timeout_s=60)
    break_(repo)

    assert repo.swarm("build", "escalate", "--reason", "no credentials").exit == 0

    assert not tape.path("done").exists()
    until(tape.path("begun").exists, "the command runs")
    tape.path("gate").write_text("go\n")
    until(lambda: shown(repo)["command"] == ("sent", ""), "it is on record")


def test_an_agent_that_runs_into_it_later_makes_up_for_what_was_never_told(repo: Repo, tape: "Tape") -> None:
    break_(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")
    tape.configure(repo, tape.script("touch done"))

    met = repo.swarm("--as", "bob", "build", "claim")

    assert met.exit == 84
    until(tape.path("done").exists, "the command ran")


def test_a_command_that_fails_is_tried_again_by_the_process_left_behind(
    repo: Repo, tape: "Tape", tmp_path: Path
) -> None:
    tape.configure(repo, tape.script("echo x >> tries; exit 1"))
    break_(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")
    until(lambda: shown(repo)["command"][0] == "failed", "the first try failed")

    hurry(repo)
    until(lambda: tape.read("tries") == "x\nx\n", "it was tried again")
    until(lambda: shown(repo)["command"][0] == "failed", "the second try failed")
    hurry(repo)

    until(lambda: shown(repo)["command"][0] == "retired", "it was given up")
    assert tape.read("tries") == "x\nx\nx\n"


def test_the_quiet_hours_of_the_repository_hold_it_back_and_say_so(repo: Repo, tape: "Tape") -> None:
    now = time.localtime()
    first, last = (now.tm_hour - 1) % 24, (now.tm_hour + 2) % 24
    tape.configure(repo, tape.script("touch done"), quiet=f"{first:02d}:00-{last:02d}:00")
    break_(repo)

    repo.swarm("build", "escalate", "--reason", "no credentials")
    assert repo.swarm("escalation", "announce").exit == 0

    assert f"quiet hours until {last:02d}:00" in repo.swarm("escalation", "show", "1").out
    assert not tape.path("done").exists()
    tape.configure(repo, tape.script("touch done"))
    assert repo.swarm("escalation", "announce").exit == 0
    assert tape.path("done").exists()


def test_a_courier_tells_too(repo: Repo, tape: "Tape") -> None:
    break_(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")
    tape.configure(repo, tape.script("touch done"))

    courier = repo.start("courier", "--seconds", "30")
    until(tape.path("done").exists, "the command ran")
    courier.terminate()

    assert courier.communicate()[0].startswith("The courier stopped")


def test_a_teller_in_a_thread_ends_when_it_is_told_to(db_path: Path, tape: "Tape") -> None:
    with Database(db_path) as db:
        ask(db)
    stop = threading.Event()
    arguments = (db_path, tape.config(tape.script("touch done")), stop)
    teller = threading.Thread(target=notifier.keep_telling, args=arguments)
    teller.start()

    until(tape.path("done").exists, "the command ran")
    stop.set()

    teller.join(10)
    assert not teller.is_alive()


def test_show_lists_every_channel_and_what_came_of_it(repo: Repo, tape: "Tape") -> None:
    command = tape.script("echo no route >&2; exit 7")
    tape.configure(repo, command)
    break_(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")

    until(lambda: shown(repo)["command"][0] == "failed", "the first try failed")
    lines = repo.swarm("escalation", "show", "1").out.partition("Channels:\n")[2].splitlines()

    assert [line.split()[:2] for line in lines] == [
        ["dashboard", "waiting"],
        ["tmux", "skipped"],
        ["command", "failed"],
    ]
    assert lines[2].endswith(f"{command} ended with exit status 7: no route")


def test_an_instruction_of_the_human_reaches_every_agent(repo: Repo) -> None:
    break_(repo)
    repo.swarm("build", "escalate", "--reason", "no credentials")

    repo.swarm("escalation", "resolve", "1", "--option", "retry", "--reason", "use the mirror")

    for agent in ("alice", "bob"):
        assert "A human says: try again: use the mirror." in repo.swarm("--as", agent, "inbox").out


# All that may fail, one at a time and all at once


@pytest.mark.parametrize(
    "broken", [["lookup"], ["message"], ["pane"], ["command"], ["lookup", "message", "pane", "command"]]
)
def test_whatever_fails_the_question_is_kept_listed_and_shown(repo: Repo, tape: "Tape", broken: list[str]) -> None:
    tape.configure(repo, "/nowhere/ring" if "command" in broken else tape.script("touch done"))
    break_(repo)
    repo.swarm("--as", "alice", "build", "give-up")
    with shell(repo) as tables:
        if "pane" in broken:
            tables.execute(
                "update agents set pane_socket = '/nowhere/tmux', pane_server = '1:1', pane_id = '%1', pane_pid = 1"
            )
        if "lookup" in broken:
            tables.execute("alter table attempts rename to mislaid")
        if "message" in broken:
            tables.execute("create trigger refusal before insert on messages begin select raise(abort, 'full'); end")

    asked = repo.swarm("build", "escalate", "--reason", "no credentials", "--json")

    assert asked.exit == 0 and asked.data["escalation"] == 1
    assert [one["id"] for one in repo.swarm("escalation", "list", "--json").data["escalations"]] == [1]
    repo.swarm("escalation", "announce")
    assert "Asked because: no credentials" in repo.swarm("escalation", "show", "1").out
    until(lambda: failed_channels(repo) == {"message", "pane", "command"} & set(broken), "each failure is on record")
    if "lookup" in broken:
        assert "could not be read (no such table: attempts)" in repo.swarm("escalation", "show", "1").out


# A message that nobody acknowledged: the same channels, in the same order


def test_a_message_that_nobody_acknowledged_rings_and_runs_the_command(
    db: Database, tmux: Tmux, terminal: "Terminal", tape: "Tape"
) -> None:
    asked = ask_about_message(db, tmux.pane("cat"))

    notifier.pump(db, tape.config(tape.script("cat > heard")))

    terminal.shows(
        f"you are asked: bob has not acknowledged message 1 of ada (INFO). See: swarm escalation show {asked}"
    )
    until(terminal.rang, "the bell rang")
    assert tape.read("heard") == f"{escalation_text(db, asked)}\n"
    assert f"swarm escalation resolve {asked} --option excuse" in tape.read("heard")
    assert (state(db, asked, TMUX), state(db, asked, COMMAND)) == (("shown", ""), ("sent", ""))


@pytest.mark.parametrize("failing", [[TMUX], [COMMAND], [TMUX, COMMAND]])
def test_a_channel_that_fails_is_tried_again_and_the_next_one_is_tried(
    db: Database, clock: FakeClock, tape: "Tape", tmux: Tmux, request: pytest.FixtureRequest, failing: list[str]
) -> None:
    if TMUX not in failing:
        request.getfixturevalue("terminal")
    asked = ask_about_message(db, tmux.pane("cat"))
    config = tape.config(tape.script("echo x >> tries" + ("; exit 1" if COMMAND in failing else "")))

    for pause_s in (*BACK_OFF_S, 86_400):
        notifier.pump(db, config)
        assert {channel for channel in (TMUX, COMMAND) if state(db, asked, channel)[1]} == set(failing)
        clock.forward(pause_s)
    notifier.pump(db, config)

    ends = {TMUX: "shown", COMMAND: "sent"} | dict.fromkeys(failing, "retired")
    assert {channel: state(db, asked, channel)[0] for channel in ends} == ends
    assert tape.read("tries").count("x") == (3 if COMMAND in failing else 1)


def test_an_acknowledgement_before_its_turn_rings_nobody(db: Database, clock: FakeClock, tape: "Tape") -> None:
    asked = ask_about_message(db)
    config = tape.config(tape.script("echo x >> tries; exit 1"))
    notifier.pump(db, config)
    acknowledgements.acknowledge(db, "bob", 1)

    clock.forward(BACK_OFF_S[0])
    notifier.pump(db, config)

    assert (tape.read("tries"), state(db, asked, COMMAND)[0]) == ("x\n", "skipped")


def test_the_verb_that_finds_it_due_leaves_a_process_behind_that_tells(repo: Repo, tape: "Tape") -> None:
    tape.configure(repo, tape.script("cat > heard; touch done"))
    repo.swarm("--as", "alice", "msg", "send", "bob", "please look", "--requires-ack")
    with shell(repo) as tables:
        tables.execute("update acknowledgements set retries = 3, due_mono_ms = 0")

    assert repo.swarm("agent", "list").exit == 0

    until(tape.path("done").exists, "the command ran")
    assert "bob has not acknowledged message 1 of alice (INFO)" in tape.read("heard")
    until(lambda: shown(repo)["command"] == ("sent", ""), "it is on record")


@pytest.mark.parametrize("verb", ["status", "escalation list"])
def test_a_verb_that_shows_it_later_makes_up_for_what_was_never_told(repo: Repo, tape: "Tape", verb: str) -> None:
    repo.swarm("--as", "alice", "msg", "send", "bob", "please look", "--requires-ack")
    with shell(repo) as tables:
        tables.execute("update acknowledgements set retries = 3, due_mono_ms = 0")
    repo.swarm("agent", "list")
    tape.configure(repo, tape.script("touch done"))

    assert repo.swarm(*verb.split()).exit == 0

    until(tape.path("done").exists, "the command ran")


@pytest.mark.anyio
async def test_whatever_fails_the_question_stands_on_the_screen(repo: Repo) -> None:
    break_(repo)
    repo.swarm("--as", "alice", "build", "give-up")
    with shell(repo) as tables:
        tables.execute("alter table attempts rename to mislaid")
        tables.execute("create trigger refusal before insert on messages begin select raise(abort, 'full'); end")
    repo.swarm("build", "escalate", "--reason", "no credentials")
    with shell(repo) as tables:
        tables.execute("alter table mislaid rename to attempts")

    async with dashboard(repo.path / ".git/swarm/swarm.db", host_clock) as pilot:
        await shows(pilot, "ESCALATED", "no credentials")


def test_a_dashboard_tells_too(db_path: Path, tape: "Tape") -> None:
    with Database(db_path) as db:
        ask(db)
    config = tape.config(tape.script("touch done"))
    keeper = Keeper(Settings(db_path, config=config, courier=False), lambda error: None)

    keeper.start()
    until(tape.path("done").exists, "the command ran")
    keeper.stop()

    keeper.join(10)
    assert not keeper.is_alive()


def test_the_log_and_not_the_answer_holds_what_was_done(repo: Repo) -> None:
    plain = repo.swarm("escalation", "list")
    debugged = repo.swarm("escalation", "list", SWARM_DEBUG="1")

    assert debugged.out == plain.out
    assert (plain.err, "DEBUG" in debugged.err) == ("", True)
    logged = (repo.path / ".git/swarm/swarm.db.log").read_text()
    assert "swarm escalation list: exit 0: No open escalation." in logged


class Terminal:
    """A human's terminal, played by another tmux server: a pane of it is attached to the agents' one."""

    def __init__(self, outer: Tmux, inner: Tmux) -> None:
        self._outer = outer
        attach = ["env", "-u", "TMUX", "TERM=screen", "tmux", "-S", inner.socket, "attach", "-t", "base"]
        self._pane = outer.pane(*attach)
        until(lambda: bool(inner.run("list-clients")), "the terminal is attached")

    def shows(self, words: str) -> None:
        until(lambda: words in self._outer.screen(self._pane).replace("\n", ""), f"the terminal shows {words!r}")

    def rang(self) -> bool:
        asked = ("display-message", "-p", "-t", self._pane.pane_id, "#{window_bell_flag}")
        return self._outer.run(*asked) == "1"


class Tape:
    """Where a command of the human's leaves what it heard."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "tape"
        self._folder.mkdir()

    def path(self, name: str) -> Path:
        return self._folder / name

    def read(self, name: str) -> str:
        return self.path(name).read_text()

    def script(self, lines: str) -> str:
        script = self.path("ring")
        script.write_text(f'#!/bin/sh\ncd "{self._folder}" || exit 99\n{lines}\n')
        script.chmod(0o755)
        return str(script)

    def config(self, *command: str) -> Config:
        return Config(notify=NotifyConfig(command=command, timeout_s=0.5 if "sleep" in self._script() else 20))

    def _script(self) -> str:
        return self.read("ring") if self.path("ring").is_file() else ""

    def configure(self, repo: Repo, command: str, **keys: object) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in {"command": [command], **keys}.items()]
        repo.write("swarm.toml", "\n".join(["[notify]", *lines, ""]))


def ask(db: Database, reason: str = "please look") -> int:
    with db.reading() as tx:
        somebody = bool(roster.list_present(tx))
    if not somebody:
        roster.join(db, "ada", "agent", None)
    build.report(db, "ada", "3 tests fail", RULES)
    asked = build.escalate(db, HUMAN, reason)
    assert isinstance(asked, HumanAsked)
    return asked.escalation


def ask_about_message(db: Database, pane: PaneAddress | None = None) -> int:
    roster.join(db, "ada", "agent", None)
    roster.join(db, "bob", "agent", pane)
    messages.send(db, "ada", "bob", "please look", ack_within_s=30)
    with db.transaction() as tx:
        tx.execute("update acknowledgements set retries = 3, due_mono_ms = 0")
    acknowledgements.pump(db)
    with db.reading() as tx:
        return escalations.list_open(tx)[0].id


def state(db: Database, escalation: int, channel: str) -> tuple[str, str]:
    with db.reading() as tx:
        return next(
            (one.state, one.reason) for one in announcements.list_channels(tx, escalation) if one.channel == channel
        )


def escalation_text(db: Database, escalation: int) -> str:
    with db.reading() as tx:
        return escalations.find(tx, escalation).text


def later(seconds: int) -> str:
    """A clock for another process that is ahead by so much."""
    return (
        "clock=lambda: __import__('swarm_agents.model', fromlist=['Moment']).Moment("
        f"*[part + {seconds * 1000} if isinstance(part, int) else part for part in "
        "__import__('swarm_agents.db.clock', fromlist=['host_clock']).host_clock()])"
    )


def break_(repo: Repo) -> None:
    repo.swarm("--as", "alice", "build", "report", "--summary", "3 tests fail")


def shown(repo: Repo) -> dict[str, tuple[str, str]]:
    channels = repo.swarm("escalation", "show", "1", "--json").data["channels"]
    return {one["channel"]: (one["state"], one["reason"]) for one in channels}


def failed_channels(repo: Repo) -> set[str]:
    names = {"tmux": "pane"}
    return {names.get(channel, channel) for channel, (state, reason) in shown(repo).items() if state == "failed"}


def hurry(repo: Repo) -> None:
    """The time until the next try is over."""
    with shell(repo) as tables:
        tables.execute("update announcements set due_mono_ms = 0 where state = 'failed'")


def shell(repo: Repo) -> sqlite3.Connection:
    """What a person with the sqlite3 program has."""
    return sqlite3.connect(repo.path / ".git/swarm/swarm.db", timeout=10)
