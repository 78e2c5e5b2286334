"""A private tmux server for one test: its own socket and configuration, killed by its own name, nothing left."""

import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libtmux import Pane

from swarm_agents.model import PaneAddress
from swarm_agents.panes.server import CommandWords, TmuxRefusedError, TmuxServer, make_address
from swarm_agents.panes.tmux import ServerGoneError
from tests.support.until import until

FAKE_AGENT = Path(__file__).with_name("fake_agent.py")
LIGHT_AGENT = Path(__file__).with_name("light_agent.py")
LIMIT_S = 20.0


class Tmux:
    """A test's tmux server. `folder` has the records of its fake agents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = str(folder / "tmux")
        self.server = TmuxServer(self.socket, os.devnull, LIMIT_S)

    def run(self, *words: str, check: bool = True) -> str:
        """Run one command of tmux, for what libtmux has no method; its output."""
        try:
            ended = self.server.cmd(*words)
        except TmuxRefusedError as error:
            assert not check, error
            return ""
        assert not check or ended.returncode == 0, ended.stderr
        return "\n".join(ended.stdout)

    def start(self) -> None:
        self.base = self.server.new_session("base", window_command="cat", x=100, y=30)
        self.base.set_option("remain-on-exit", "on", global_=True)

    def pane(
        self, *command: str, profile: str = "", session: str = "base", beside: PaneAddress | None = None
    ) -> PaneAddress:
        """A new window that runs the command, or a part of the window of another pane; its pane's address."""
        words = CommandWords(command)
        if beside:
            made = self.find(beside).split(shell=words)
            made.window.select_layout("tiled")
        else:
            in_session = self.server.sessions.get(session_name=session)
            assert in_session is not None
            made = in_session.new_window(window_shell=words).panes[0]
        if profile:
            made.set_option("@swarm_profile", profile)
        return make_address(made)

    def find(self, pane: PaneAddress) -> Pane:
        """The pane as libtmux has it, with its fields."""
        return Pane.from_pane_id(self.server, pane.pane_id)

    def agent(self, name: str, *options: str, profile: str = "claude-code", ready: bool = True) -> "FakeAgent":
        """A fake agent in a pane of its own, drawn and waiting for input."""
        record = self.folder / f"{name}.jsonl"
        address = self.pane(sys.executable, "-SEI", str(FAKE_AGENT), str(record), *options, profile=profile)
        agent = FakeAgent(self, name, address, record)
        if ready:
            until(lambda: record.exists(), f"{name} has started")
        return agent

    def set_hook(self, name: str, command: str) -> None:
        """Set a hook of the user's for the whole server."""
        self.base.set_hook(name, command, global_=True)

    def unset_hook(self, name: str) -> None:
        self.base.unset_hook(name, global_=True)

    def screen(self, pane: PaneAddress) -> str:
        return "\n".join(Pane(self.server, pane_id=pane.pane_id).capture_pane())

    def server_pid(self) -> int:
        asked = self.server.display_message("#{pid}", get_text=True)
        assert asked
        return int(asked[0])

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
        _end(TmuxServer(socket, limit_s=LIMIT_S))

    def stop(self) -> None:
        _end(self.server)


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


def _end(server: TmuxServer) -> None:
    """End a server that may be gone already, and wait until its process has ended."""
    with contextlib.suppress(ServerGoneError):
        [pid] = server.display_message("#{pid}", get_text=True) or []
        server.kill()
        until(lambda: not alive(int(pid)), "the tmux server has ended")


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
