"""The demo with its real parts: its summary, and that nothing of it stays behind, however it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.repo import environment
from tests.support.tmux import Tmux
from tests.support.until import until

SWARM = Path(sys.executable).parent / "swarm"
LIMIT_S = 120  # of any run here on a busy machine


@contextmanager
def running_demo(log: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """The demo with all its agents joined; ended by its process id if the test has not ended it."""
    with log.open("w") as errors:
        demo = subprocess.Popen(
            [SWARM, "demo", "--headless", "--json", *words],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        try:
            until(lambda: log.read_text().count(" joined ") == 5, "all agents have joined", LIMIT_S)
            yield demo
        finally:
            demo.terminate()
            demo.communicate(timeout=LIMIT_S)


def folder_of(log: Path) -> Path:
    found = re.search(r"the demo runs in ([^;]+);", log.read_text())
    assert found, log.read_text()
    return Path(found[1])


def processes_of(folder: Path) -> list[str]:
    """Every process whose command line names the folder: tmux, the agents, what they run, the watchdog."""
    listed = subprocess.run(["ps", "-ww", "-e", "-o", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def assert_nothing_stays(folder: Path) -> None:
    until(lambda: not folder.exists(), f"{folder} is removed", LIMIT_S)
    until(lambda: not processes_of(folder), "its processes have ended", LIMIT_S)


def test_a_headless_demo_ends_by_itself_and_every_promise_held(tmp_path: Path) -> None:
    with running_demo(tmp_path / "log", "--seconds", "20") as demo:
        out, _ = demo.communicate(timeout=LIMIT_S)

    said = json.loads(out)
    data = said["data"]
    assert (demo.returncode, said["message"]) == (0, "Every promise held."), data["promises"]
    assert data["incidents"] >= 1
    assert data["attempts"] == len(data["fixers"]) >= data["incidents"]
    assert data["commits"] >= 5
    assert data["duplicate_fixes"] == 0
    assert data["killed"]
    assert all(wait["waited_s"] is not None for wait in data["waits"])
    assert_nothing_stays(folder_of(tmp_path / "log"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_stays_behind_when_it_is_ended(number: signal.Signals, tmp_path: Path) -> None:
    with running_demo(tmp_path / "log", "--seconds", "60") as demo:
        folder = folder_of(tmp_path / "log")
        assert len(processes_of(folder)) >= 7  # the tmux server, five agents, the watchdog

        os.killpg(demo.pid, number)

        demo.communicate(timeout=LIMIT_S)
        assert_nothing_stays(folder)
        assert demo.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9}.get(number, 128 + number)


@pytest.mark.parametrize(
    "made", ["", "stall/.git/hooks/pre-commit", "eve/swarm.toml", "tmux", "journals/ada.jsonl", "journals/eve.jsonl"]
)
def test_nothing_stays_behind_when_it_is_killed_while_it_is_set_up(made: str) -> None:
    with tempfile.TemporaryDirectory(prefix="swd") as folder:  # short: a socket's path has 107 bytes at most
        starting = subprocess.Popen(
            [SWARM, "demo", "--headless", "--seconds", "60"],
            env=environment() | {"TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: any(Path(folder).glob(f"swarm-demo-*/{made}")), f"{made or 'the folder'} is there", LIMIT_S)

        os.killpg(starting.pid, signal.SIGKILL)

        starting.wait(LIMIT_S)
        until(lambda: not processes_of(Path(folder)), "its processes have ended", LIMIT_S)
        assert list(Path(folder).glob("swarm-demo-*")) == []


def test_what_is_kept_can_be_looked_at_and_removed_with_the_printed_commands(tmp_path: Path) -> None:
    with running_demo(tmp_path / "log", "--seconds", "60", "--keep") as demo:
        os.killpg(demo.pid, signal.SIGINT)
        demo.communicate(timeout=LIMIT_S)

    folder = folder_of(tmp_path / "log")
    status = subprocess.run([SWARM, "status"], cwd=folder / "stall", env=environment(), capture_output=True, text=True)
    removal = re.search(r"remove it with: (.*)", (tmp_path / "log").read_text())
    assert removal
    subprocess.run(["sh", "-c", removal[1]], env=environment(), check=True)

    assert "The build is" in status.stdout
    assert_nothing_stays(folder)


def test_it_is_attached_when_there_is_a_terminal_and_q_leaves_it(tmux: Tmux) -> None:
    line = f"env -u TMUX {SWARM} demo --seconds 60 2>{tmux.folder}/log; echo left with $?"
    pane = tmux.pane("sh", "-c", f"{line}; exec cat")

    until(lambda: re.search(r"\bada\b.*\n.*\bben\b", tmux.screen(pane)) is not None, "the dashboard shows", LIMIT_S)
    folder = folder_of(tmux.folder / "log")
    tmux.run("send-keys", "-t", pane.pane_id, "q")

    until(lambda: "left with 0" in tmux.screen(pane), "it has ended", LIMIT_S)
    assert "duplicate fixes" in tmux.screen(pane)
    assert_nothing_stays(folder)


def test_inside_a_tmux_it_does_not_attach_but_says_what_to_type_elsewhere(tmux: Tmux) -> None:
    pane = tmux.pane("sh", "-c", f"{SWARM} demo --seconds 60 2>{tmux.folder}/log; exec cat")

    until(lambda: "attach" in _text(tmux.folder / "log"), "it says how to see it", LIMIT_S)
    tmux.run("send-keys", "-t", pane.pane_id, "C-c")

    folder = folder_of(tmux.folder / "log")
    assert "would take the keys of both" in _text(tmux.folder / "log")
    assert f"tmux -S {folder}/tmux attach" in _text(tmux.folder / "log")
    assert_nothing_stays(folder)


def test_without_tmux_it_says_how_to_install_it(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    (tmp_path / "git").symlink_to(git)

    ran = subprocess.run(
        [SWARM, "demo", "--headless"], env=os.environ | {"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert ran.returncode == 69
    assert re.search(r"The demo needs tmux\. Install: .*\btmux\b", ran.stderr)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
