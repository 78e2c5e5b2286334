"""Where no dashboard can be drawn: `swarm-tui` says so in words, in a place where a person looks."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repo import environment
from tests.support.tmux import Tmux, private_server
from tests.support.until import until


@pytest.fixture
def server() -> Iterator[Tmux]:
    with private_server() as started:
        yield started


def screen_of(server: Tmux, db_path: Path, line: str) -> str:
    """What a terminal shows after this line, in which TUI is the dashboard; at its end the exit code."""
    program = f"PYTHONWARNINGS= {shlex.join([sys.executable, '-m', 'swarm_tui', '--db', str(db_path)])}"
    command = f"cd {db_path.parent}; {line.replace('TUI', program)}; echo code $?; cat"
    session = server.server.new_session("there", window_command=command, x=300, y=20)
    [pane] = session.panes
    until(lambda: "code " in "\n".join(pane.capture_pane()), "it has ended")
    return "\n".join(pane.capture_pane())


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("TUI </dev/null", "standard input of this command is not one"),
        ("TUI <&-", "standard input of this command is not one"),
        ("TUI 2>errors", "standard error of this command is not one"),
        ("TUI 2>&-", "standard error of this command is not one"),
        ("TUI >&-", "standard output of this command is not one"),
        ("TUI </dev/null 2>errors", "standard input and standard error of this command are not one"),
        ("TERM=dumb TUI", "TERM is dumb"),
        ("env -u TERM TUI", "TERM is not set"),
    ],
)
def test_the_terminal_shows_what_is_wrong(server: Tmux, db_path: Path, line: str, what: str) -> None:
    shown = screen_of(server, db_path, line)

    assert what in shown and "Run: " in shown and "code 64" in shown
    assert "Traceback" not in shown


def test_a_file_for_errors_gets_it_too(server: Tmux, db_path: Path) -> None:
    screen_of(server, db_path, "TUI 2>errors")

    assert (db_path.parent / "errors").read_text().startswith("swarm-tui: The dashboard needs a terminal, but standard")


def test_a_pipe_after_it_is_refused_on_the_terminal(server: Tmux, db_path: Path) -> None:
    assert "standard output of this command is not one" in screen_of(server, db_path, "TUI | cat")


def test_a_missing_swarm_is_said_on_the_terminal_too(server: Tmux, tmp_path: Path) -> None:
    assert "No swarm here" in screen_of(server, tmp_path / "none.db", "TUI 2>errors")


@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", "</dev/null >/dev/full 2>/dev/full"])
def test_without_any_stream_the_exit_code_tells(db_path: Path, streams: str) -> None:
    line = f"{shlex.join([sys.executable, '-m', 'swarm_tui', '--db', os.fspath(db_path)])} {streams}"

    assert subprocess.run(["sh", "-c", line], env=environment()).returncode == 64


def test_the_version_needs_no_terminal_and_no_swarm(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "swarm_tui", "--version"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("swarm-tui ") and ended.stdout.count("\n") == 1
