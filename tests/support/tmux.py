"""A private tmux server for one test: its own socket and configuration, killed by its own name, nothing left."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swarm_agents import panes
from swarm_agents.model import PaneAddress
from tests.support.until import until

FAKE_AGENT = Path(__file__).with_name("fake_agent.py")
LIGHT_AGENT = Path(__file__).with_name("light_agent.py")
LIMIT_S = 20.0


class Tmux:
    """A test's tmux server. `folder` has the records of its fake agents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = str(folder / "tmux")

    def run(self, *words: str, check: bool = True) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}
        ended = subprocess.run(
            ["tmux", "-u", "-f", "/dev/null", "-S", self.socket, *words],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            env=environment,
            check=False,
        )
        assert not check or ended.returncode == 0, ended.stderr
        return ended.stdout.rstrip("\n")

    def start(self) -> None:
        self.run("new-session", "-d", "-s", "base", "-x", "100", "-y", "30", "cat")
        self.run("set-option", "-g", "remain-on-exit", "on")

    def pane(
        self, *command: str, profile: str = "", session: str = "base", beside: PaneAddress | None = None
    ) -> PaneAddress:
        """A new window that runs the command, or a part of the window of another pane; its pane's address."""
        line = " ".join(shlex.quote(word) for word in command)
        where = ["split-window", "-t", beside.pane_id] if beside else ["new-window", "-t", f"={session}:"]
        pane_id = self.run(*where, "-d", "-P", "-F", "#{pane_id}", line)
        if beside:
            self.run("select-layout", "-t", pane_id, "tiled")
        if profile:
            self.run("set-option", "-p", "-t", pane_id, "@swarm_profile", profile)
        return panes.find_address(pane_id, self.socket)

    def agent(self, name: str, *options: str, profile: str = "claude-code", ready: bool = True) -> "FakeAgent":
        """A fake agent in a pane of its own, drawn and waiting for input."""
        record = self.folder / f"{name}.jsonl"
        address = self.pane(sys.executable, "-SEI", str(FAKE_AGENT), str(record), *options, profile=profile)
        agent = FakeAgent(self, name, address, record)
        if ready:
            until(lambda: record.exists(), f"{name} has started")
        return agent

    def screen(self, pane: PaneAddress) -> str:
        return self.run("capture-pane", "-p", "-t", pane.pane_id)

    def server_pid(self) -> int:
        return int(self.run("display-message", "-p", "#{pid}"))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server with SIGSTOP while the block runs: it accepts connections, and answers nothing."""
        pid = self.server_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def end_other(self, socket: str) -> None:
        """End a server that a test started on another socket in its folder."""
        pid = int(self._on(socket, "display-message", "-p", "#{pid}") or 0)
        self._on(socket, "kill-server")
        until(lambda: not pid or not alive(pid), "the other tmux server has ended")

    def _on(self, socket: str, *words: str) -> str:
        ended = subprocess.run(["tmux", "-S", socket, *words], capture_output=True, text=True, timeout=LIMIT_S)
        return ended.stdout.strip()

    def stop(self) -> None:
        with contextlib.suppress(AssertionError, ValueError, subprocess.TimeoutExpired):
            pid = self.server_pid()
            self.run("kill-server", check=False)
            until(lambda: not alive(pid), "the tmux server has ended")


class FakeAgent:
    """A running fake agent, and what it recorded."""

    def __init__(self, server: Tmux, name: str, pane: PaneAddress, record: Path) -> None:
        self.server = server
        self.name = name
        self.pane = pane
        self.record = record

    def prompts(self) -> list[str]:
        """What was submitted to it, in order."""
        entries = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [entry["prompt"] for entry in entries if "prompt" in entry]

    def typed(self) -> bytes:
        """Every byte it ever read."""
        entries = [json.loads(line) for line in self.record.read_text().splitlines()]
        return b"".join(bytes.fromhex(entry["bytes"]) for entry in entries if "bytes" in entry)

    def keys(self, *words: str) -> None:
        self.server.run("send-keys", "-t", self.pane.pane_id, *words)

    def shows(self, text: str) -> bool:
        return text in self.server.screen(self.pane)


@contextmanager
def private_server() -> Iterator[Tmux]:
    with tempfile.TemporaryDirectory(prefix="swt") as folder:  # short: a socket's path has 107 bytes at most
        server = Tmux(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
