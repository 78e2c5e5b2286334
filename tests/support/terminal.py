"""The dashboard in a real terminal: `swarm-tui` in a pane of a private tmux server, read with capture-pane."""

import os
import pty
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.tmux import Tmux, alive
from tests.support.until import until


class DashboardTerminal:
    """One running dashboard."""

    def __init__(self, server: Tmux, pane: str) -> None:
        self._server = server
        self.pane = pane

    def press(self, *keys: str) -> None:
        self._server.run("send-keys", "-t", self.pane, *keys)

    def paste(self, file: Path) -> None:
        """Paste the text of the file as a terminal does: tmux brackets it."""
        self._server.run("load-buffer", "-b", "paste", str(file))
        self._server.run("paste-buffer", "-p", "-d", "-b", "paste", "-t", self.pane)

    def click(self, words: str) -> None:
        """Click on the first occurrence of the words."""
        lines = self.screen().splitlines()
        y = next(number for number, line in enumerate(lines) if words in line)
        x = lines[y].index(words)
        for end in "Mm":
            self._server.run("send-keys", "-t", self.pane, "-l", f"\x1b[<0;{x + 2};{y + 1}{end}")

    def screen(self) -> str:
        return self._server.run("capture-pane", "-p", "-t", self.pane)

    def shows(self, *words: str) -> None:
        """Wait until all of the words are on the screen."""
        try:
            until(lambda: all(word in self.screen() for word in words), f"the screen shows {words}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{self.screen()}") from None

    def gone(self, words: str) -> None:
        """Wait until the words are gone from the screen."""
        until(lambda: words not in self.screen(), f"the screen no longer shows {words!r}")

    def title(self) -> str:
        return self.ask("#{pane_title}")

    def runs(self) -> bool:
        return alive(int(self.ask("#{pane_pid}")))

    def dashboard_pid(self) -> int:
        """The dashboard's process, where a shell started it."""
        shell = self.ask("#{pane_pid}")
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])

    def ask(self, what: str) -> str:
        """Expand a tmux format for this pane."""
        return self._server.run("display-message", "-p", "-t", self.pane, what)


def open_dashboard(
    server: Tmux,
    database: Path | None,
    *options: str,
    folder: Path | None = None,
    size: tuple[int, int] = (120, 40),
    environment: str = "",
    after: str = "",
) -> DashboardTerminal:
    """Start it in a session of its own, and wait until it shows the swarm.

    `folder`: where it is started, and without `database` finds its repository. `after`: what its shell runs then.
    """
    found = ["--db", str(database)] if database else []
    program = shlex.join([sys.executable, "-m", "swarm_tui", *found, *options])
    line = f"{environment} {program}; {after}" if after else f"{environment} exec {program}"
    width, height = size
    session = server.server.new_session("dash", window_command=line, x=width, y=height, start_directory=folder)
    [pane] = session.panes
    assert pane.pane_id
    terminal = DashboardTerminal(server, pane.pane_id)
    terminal.shows("swarm", "Messages")
    return terminal


@contextmanager
def attached(server: Tmux, session: str) -> Iterator[None]:
    """A person's terminal that shows that session."""
    master, slave = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")} | {"TERM": "xterm"}
    command = ["tmux", "-u", "-S", server.socket, "attach", "-t", f"={session}"]
    client = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
    os.close(slave)
    reader = threading.Thread(target=_drain, args=(master,), daemon=True)
    reader.start()
    try:
        until(lambda: bool(server.run("list-clients")), "the terminal is attached")
        yield
    finally:
        client.terminate()
        client.wait(10)
        os.close(master)
        reader.join(10)


def _drain(master: int) -> None:
    try:
        while os.read(master, 65_536):
            pass
    except OSError:
        pass  # the terminal was closed
