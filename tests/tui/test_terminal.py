"""The dashboard in a real terminal, where a stray byte would move a real cursor."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import ErrorClass
from swarm_agents.db.database import Database
from swarm_agents.messages import messages, reading
from swarm_agents.model import BuildRules, BuildStatus
from tests.support.terminal import DashboardTerminal, attached, open_dashboard
from tests.support.tmux import Tmux, alive, private_server
from tests.support.until import until

RULES = BuildRules()
HOSTILE = (
    "\x1b[2J\x1b[H\x1b]0;taken over\x07 \x9b2J\x9d0;taken over\x9c \u202egnp.exe [@click=app.quit]press[/] [/] [bold"
)


@pytest.fixture
def server() -> Iterator[Tmux]:
    with private_server() as started:
        yield started


@pytest.fixture
def live(db_path: Path) -> Iterator[Database]:
    """The same database on the host's clock, which the dashboard's own process has too."""
    with Database(db_path) as db:
        yield db


def test_it_shows_the_fixer_the_waiters_and_the_log(server: Tmux, live: Database) -> None:
    _red(live)
    messages.send(live, "bob", "alice", "are you on it?")

    terminal = open_dashboard(server, live.path)

    terminal.shows(
        "FIXING", "alice repairs it", "attempt 1 of 3", "1. bob", "2. carol", "bob → alice", "are you on it?"
    )


def test_force_release_with_its_confirmation_takes_the_role_away(server: Tmux, live: Database) -> None:
    _red(live)
    terminal = open_dashboard(server, live.path)
    terminal.shows("alice repairs it")

    terminal.press("F")
    terminal.shows("Take the role from the fixer?", "alice is told to stop")
    terminal.press("y")

    until(lambda: build.current(live).status is BuildStatus.BROKEN, "the role is free")
    terminal.shows("BROKEN", "There is no fixer")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_message_that_is_pasted_keeps_its_lines_and_presses_no_key(
    server: Tmux, live: Database, tmp_path: Path, size: tuple[int, int]
) -> None:
    _red(live)
    body = "first line\n  second line\ny\n\nn q last line"
    (tmp_path / "body").write_text(body)
    terminal = open_dashboard(server, live.path, size=size)

    terminal.press("b")
    terminal.shows("what they shall know or do")
    terminal.paste(tmp_path / "body")
    terminal.shows("n q last line", "Send (y)")
    _press_enter_until(terminal, lambda: _last_body(live) == body, "the message is stored whole")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_a_reason_and_a_filter_have_all_that_is_pasted(
    server: Tmux, live: Database, tmp_path: Path, size: tuple[int, int]
) -> None:
    _red(live)
    (tmp_path / "lines").write_text("hung for\nan hour\n")
    terminal = open_dashboard(server, live.path, size=size)

    terminal.press("/")
    terminal.shows("only messages with")
    terminal.paste(tmp_path / "lines")
    terminal.shows("hung for an hour")
    terminal.press("Escape")
    terminal.gone("hung for an hour")
    terminal.press("F")
    terminal.shows("Take the role from the fixer?")
    terminal.press("BTab")
    terminal.paste(tmp_path / "lines")
    terminal.shows("Reason: hung for an hour")
    told = "A human took the build from you: hung for an hour."
    _press_enter_until(terminal, lambda: _last_body(live).startswith(told), "the reason is stored whole")


def test_a_pasted_message_over_the_limit_is_refused_and_stays(server: Tmux, live: Database, tmp_path: Path) -> None:
    _red(live)
    before = _last_body(live)
    (tmp_path / "body").write_text("line of it\n" * 1_000 + "the end")
    terminal = open_dashboard(server, live.path, size=(80, 24))

    terminal.press("b")
    terminal.shows("what they shall know or do")
    terminal.paste(tmp_path / "body")
    terminal.shows("the end")
    refusal = "The text has 11007 bytes; 10240 are the limit"
    _press_enter_until(terminal, lambda: refusal in terminal.screen(), "it is refused")
    terminal.shows("the end")
    assert _last_body(live) == before


def test_a_commit_of_another_process_is_painted_by_itself(server: Tmux, live: Database) -> None:
    terminal = open_dashboard(server, live.path)
    roster.join(live, "alice", "agent", None)

    messages.send(live, "alice", "all", "painted without a key")

    terminal.shows("painted without a key")


def test_emoji_families_and_persian_words_stand_whole_and_shift_nothing(server: Tmux, live: Database) -> None:
    messages.send(live, "human", "human", "👨\u200d👩\u200d👧 می\u200cشود end")

    terminal = open_dashboard(server, live.path)

    terminal.shows("👨\u200d👩\u200d👧 می\u200cشود end")


def test_hostile_text_neither_moves_the_cursor_nor_sets_the_title(server: Tmux, live: Database) -> None:
    _join(live, "alice", "bob")
    build.report(live, "alice", HOSTILE, RULES, evidence=HOSTILE)
    messages.send(live, "bob", "alice", HOSTILE)

    terminal = open_dashboard(server, live.path)
    terminal.shows("bob → alice")
    before = terminal.title()
    build.mark_failed(live, "alice", HOSTILE, ErrorClass.AUTH)  # the toast, the attention line, the answer's dialog
    terminal.shows("ESCALATED", "Needs you 1")
    _still_whole(terminal.screen())
    terminal.press("r")
    terminal.shows("what shall be done?")
    terminal.press("Escape")
    terminal.gone("what shall be done?")
    terminal.press("G", "Enter")
    terminal.shows("What became of it")
    terminal.press("Escape")

    _still_whole(terminal.screen())
    assert "\ufffd" in terminal.screen() and "␛[2J" in terminal.screen()
    assert terminal.title() == before
    assert terminal.runs()


def test_hostile_text_runs_nothing_when_it_is_clicked(server: Tmux, live: Database) -> None:
    _join(live, "alice", "bob")
    messages.send(live, "bob", "alice", "[@click=app.quit]press here[/]")
    terminal = open_dashboard(server, live.path)
    terminal.shows("[@click=app.quit]press here[/]")

    terminal.click("press here")
    terminal.press("?")

    terminal.shows("Keys")
    assert terminal.runs()


def test_o_shows_the_selected_agents_pane_in_this_terminal(server: Tmux, live: Database) -> None:
    agent = server.agent("alice")
    roster.join(live, "alice", "agent", agent.pane)
    terminal = open_dashboard(server, live.path)

    with attached(server, "dash"):
        until(lambda: server.run("list-clients", "-F", "#{pane_id}") == terminal.pane, "the dashboard is seen")
        terminal.press("o")
        until(lambda: server.run("list-clients", "-F", "#{pane_id}") == agent.pane.pane_id, "the agent's pane is seen")


def test_o_without_a_terminal_says_what_to_type(server: Tmux, live: Database) -> None:
    agent = server.agent("alice")
    roster.join(live, "alice", "agent", agent.pane)
    terminal = open_dashboard(server, live.path)

    terminal.press("o")

    terminal.shows("No terminal of yours is attached to that tmux server", "attach -t")


def test_the_dashboards_own_courier_types_into_a_pane(server: Tmux, live: Database) -> None:
    agent = server.agent("alice")
    roster.join(live, "alice", "agent", agent.pane)
    open_dashboard(server, live.path)

    messages.send(live, "human", "alice", "please look at the docs")

    until(lambda: any("[swarm#" in prompt for prompt in agent.prompts()), "the notice was submitted")


@pytest.mark.parametrize("options", [(), ("--no-courier",)])
def test_a_broadcast_shows_who_gets_it_now_and_who_does_not(
    server: Tmux, live: Database, options: tuple[str, ...]
) -> None:
    agents = {"alice": server.agent("alice").pane, "bob": server.agent("bob", "--draft", "half a thought").pane}
    agents["carol"] = server.pane("bash", "--norc")
    for name, pane in agents.items():
        roster.join(live, name, "agent", pane)
    terminal = open_dashboard(server, live.path, *options)

    terminal.press("b")

    terminal.shows(
        "1 in a ready pane, 1 in a pane that waits, 1 by",
        f"alice                    a line is typed into pane {agents['alice'].pane_id}",
        f"bob                      waits: draft in pane {agents['bob'].pane_id}",
        f"carol                    inbox only: a shell in pane {agents['carol'].pane_id}",
    )


def test_a_stopped_tmux_server_does_not_hold_up_the_screen(server: Tmux, live: Database) -> None:
    with private_server() as agents:
        roster.join(live, "alice", "agent", agents.agent("alice").pane)
        terminal = open_dashboard(server, live.path)
        dashboard, stopped = int(terminal.ask("#{pane_pid}")), agents.server_pid()

        os.kill(stopped, signal.SIGSTOP)
        try:
            messages.send(live, "human", "alice", "please look")
            until(lambda: asks_tmux(dashboard), "the courier waits for the server")
            took_s = [answered_in(terminal) for _ in range(3)]
            waits = asks_tmux(dashboard)
        finally:
            os.kill(stopped, signal.SIGCONT)

    assert waits, "it was answered too late to prove anything"
    assert max(took_s) < 1.5


def asks_tmux(pid: int) -> bool:
    """Whether one of its threads waits for a tmux process."""
    with contextlib.suppress(FileNotFoundError):  # a thread, or a child, that has just ended
        children = " ".join(task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")).split()
        return any(Path(f"/proc/{child}/comm").read_text().startswith("tmux") for child in children)
    return False


def answered_in(terminal: DashboardTerminal) -> float:
    """How long help takes to open and to close, in seconds."""
    began = time.monotonic()
    terminal.press("?")
    terminal.shows("esc closes")
    terminal.press("?")
    terminal.gone("esc closes")
    return time.monotonic() - began


def test_a_fixer_whose_pane_is_killed_loses_the_role_before_its_lease_ends(server: Tmux, live: Database) -> None:
    agent = server.agent("alice")
    roster.join(live, "alice", "agent", agent.pane)
    build.report(live, "alice", "red", RULES)
    terminal = open_dashboard(server, live.path)
    terminal.shows("alice repairs it")

    server.run("kill-pane", "-t", agent.pane.pane_id)

    terminal.shows("BROKEN", "its tmux pane is gone")


def test_a_read_only_dashboard_types_nothing(server: Tmux, live: Database) -> None:
    agent = server.agent("alice")
    roster.join(live, "alice", "agent", agent.pane)
    terminal = open_dashboard(server, live.path, "--read-only")

    messages.send(live, "human", "alice", "please look")
    terminal.shows("READ-ONLY", "please look")
    terminal.press("Enter")

    terminal.shows("queued")
    assert agent.prompts() == []


def test_without_colour_it_shows_no_colour(server: Tmux, live: Database) -> None:
    _red(live)

    terminal = open_dashboard(server, live.path, environment="NO_COLOR=1")
    terminal.shows("◆ FIXING")

    codes = set(server.run("capture-pane", "-p", "-e", "-t", terminal.pane).split("\x1b[")[1:])
    colours = {code.split("m")[0] for code in codes if code[:5] in ("38;2;", "48;2;")}
    assert all(len({*colour.split(";")[2:5]}) == 1 for colour in colours if colour.count(";") == 4)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_it_fits_the_terminal(server: Tmux, live: Database, size: tuple[int, int]) -> None:
    _red(live)

    terminal = open_dashboard(server, live.path, size=size)

    terminal.shows("FIXING", "alice repairs it", "1. bob", "The build is red", "? help")


@pytest.mark.parametrize("end", ["q", "SIGTERM", "SIGHUP"])
def test_it_leaves_the_terminal_as_it_found_it(server: Tmux, live: Database, end: str) -> None:
    terminal = open_dashboard(server, live.path, after="echo left with $?; cat")
    assert terminal.ask("#{alternate_on} #{mouse_any_flag}") == "1 1"

    if end == "q":
        terminal.press("q")
    else:
        os.kill(terminal.dashboard_pid(), signal.Signals[end])

    terminal.shows("left with 0")
    assert terminal.ask("#{alternate_on} #{mouse_any_flag}") == "0 0"


def test_it_ends_with_its_terminal_also_while_it_writes(server: Tmux, live: Database) -> None:
    _join(live, "alice", "bob")
    terminal = open_dashboard(server, live.path)
    dashboard = int(terminal.ask("#{pane_pid}"))

    for number in range(20):
        messages.send(live, "human", "alice", f"message {number}")
    os.kill(server.server_pid(), signal.SIGKILL)
    for number in range(20):
        messages.send(live, "human", "alice", f"message {number}")

    until(lambda: not alive(dashboard), "the dashboard has ended")


def test_without_the_mouse_the_terminal_keeps_it(server: Tmux, live: Database) -> None:
    terminal = open_dashboard(server, live.path, "--no-mouse")

    assert terminal.ask("#{alternate_on} #{mouse_any_flag}") == "1 0"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--help"], 0, "--read-only"),
        (["--nonsense"], 64, "unrecognized arguments: --nonsense"),
        (["--db", "/nowhere/swarm.db"], 66, "swarm init"),
        ([], 66, "Not in a git repository"),
    ],
)
def test_a_call_that_cannot_work_ends_with_its_code(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "swarm_tui", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ended.returncode == code
    assert words in ended.stdout + ended.stderr
    assert code == 0 or ended.stdout == ""


def test_leaving_waits_for_no_tmux_server_that_is_stopped(server: Tmux, live: Database) -> None:
    with private_server() as other:
        roster.join(live, "alice", "agent", other.agent("alice").pane)
        terminal = open_dashboard(server, live.path, "--no-courier")
        terminal.press("2")
        terminal.shows("Preview of alice", "ready")
        dashboard, stopped = int(terminal.ask("#{pane_pid}")), other.server_pid()
        os.kill(stopped, signal.SIGSTOP)
        try:
            terminal.shows("no answer")
            until(lambda: _has_children(dashboard), "it asks once more, and gets no answer for two seconds")
            terminal.press("C-q")
            until(lambda: not alive(dashboard), "it has ended", limit_s=1.5)
        finally:
            os.kill(stopped, signal.SIGCONT)


def test_it_starts_in_a_folder_that_was_removed(server: Tmux, live: Database, tmp_path: Path) -> None:
    there = tmp_path / "gone"
    terminal = open_dashboard(server, live.path, environment=f"mkdir {there}; cd {there}; rmdir {there};")

    messages.send(live, "human", "human", "still seen")

    terminal.shows("still seen")


def _has_children(pid: int) -> bool:
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # that thread has just ended
            if Path(task, "children").read_text():
                return True
    return False


def _press_enter_until(terminal: DashboardTerminal, holds: Callable[[], bool], what: str) -> None:
    """The first Enter moves to the button, the next one confirms. One that comes too soon is still the field's."""
    until(lambda: holds() or terminal.press("Enter") is not None, what, look_every_s=0.5)


def _last_body(db: Database) -> str:
    with db.reading() as tx:
        return reading.read_log(tx, 1).messages[0].body


def _join(db: Database, *names: str) -> None:
    for name in names:
        roster.join(db, name, "agent", None)


def _red(db: Database) -> None:
    _join(db, "alice", "bob", "carol")
    build.report(db, "alice", "tests/test_api.py failed", RULES)
    build.report(db, "bob", "red", RULES)
    build.report(db, "carol", "red", RULES)


def _still_whole(screen: str) -> None:
    """Every part of the screen is where it belongs."""
    lines = screen.splitlines()
    assert lines[0].startswith(" swarm")
    assert "ESCALATED" in lines[2]
    assert lines[-1].startswith(" b broadcast")
