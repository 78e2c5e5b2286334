"""Our `libtmux.Server`: every call ends within a time limit, and what libtmux gets wrong is put right here.

What is wrong in libtmux 0.62, and where its issue is:

* It waits for tmux without a limit, so a stopped server hangs its caller (#732, #735). `cmd` has a limit.
* Listings (`panes`, `windows`, `refresh`, ...) start tmux past `cmd` (#757). They are led back to it.
* It cuts listings at line ends and at U+241E. A folder or title that contains one makes the listing of the whole server
  raise ValueError (#752). Here tmux separates the fields with a text that no pane can know.
* Under LC_ALL=C tmux replaces its separator by underscores (#678 is the half of it). `cmd` always passes -u.
* Some methods drop tmux's errors (`send_keys`, `capture_pane`; #340), or only warn (`display_message`). They raise.
* `sessions`, `clients` and `is_alive` call a server that gives no answer empty or dead (#677, #704). They raise.
* A program for a new pane is one text, which a shell parses. `CommandWords` reach the program as they are.
* It inherits $TMUX, with which tmux chooses targets of its own, and the standard input.

A pane is the same for libtmux when its id is, although a restarted server gives ids again. So a `PaneAddress` decides
whether a pane is still the one that was meant, and everything guarded is a script (`snapshot`, `keyboard`).
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

from swarm_agents.errors import Unavailable
from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.tmux import NoAnswer, NoAnswerError, ServerGone, ServerGoneError, TmuxOutput, TmuxProcess
from swarm_agents.text import one_line

# On import it reads the encoding of sys.stdout, and a running Textual app replaces that by one without it.
with redirect_stdout(sys.__stdout__ or sys.stdout):
    import libtmux
    from libtmux import neo
    from libtmux.common import tmux_cmd
    from libtmux.formats import FORMAT_SEPARATOR

_STARTS_SERVER = frozenset({"new-session", "start-server"})
_ERRORS_DROPPED = frozenset({"send-keys", "capture-pane", "display-message", "list-sessions", "list-clients"})


class TmuxRefusedError(Unavailable):
    """tmux refused a command, where libtmux would not tell."""


class CommandWords(str):
    """The words of a program, where libtmux takes one text for a shell. Only tmux before us may split them again."""

    words: tuple[str, ...]

    def __new__(cls, words: Sequence[str]) -> "CommandWords":
        made = super().__new__(cls, shlex.join(words))
        made.words = tuple(words)
        return made


class TmuxServer(libtmux.Server):
    """The tmux server on a socket. It and its sessions, windows and panes wait `limit_s` at most for each answer.

    Each call raises `ServerGoneError` when no server listens there, `NoAnswerError` when one does but gives no answer,
    both are `Unavailable`, and `LibTmuxException` or `TmuxRefusedError` when tmux refuses.
    """

    def __init__(
        self,
        socket_path: str,
        config_file: str | None = None,
        limit_s: float = tmux.LIMIT_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`config_file` and `environment` are for a server that a call starts: what it reads, what its panes get."""
        super().__init__(socket_path=socket_path, config_file=config_file, tmux_bin="tmux")
        self.socket = socket_path
        self.limit_s = limit_s
        self.tmux_bin = _ServerBinary(self)
        self._environment = environment

    def cmd(self, cmd: str, *args: Any, target: str | int | None = None) -> tmux_cmd:
        """Run one command of tmux, as every object of libtmux does. Its errors are in `stderr`."""
        return self.run_words([cmd, *(() if target is None else ("-t", target)), *args])

    def run_words(self, words: Sequence[Any]) -> tmux_cmd:
        """Run one command of tmux, with its arguments."""
        mark, fields = tmux.make_separator(), 0
        command: list[str] = []
        for word in words:
            if isinstance(word, CommandWords):
                command += ["--", *word.words]
            elif str(word).startswith("-F") and FORMAT_SEPARATOR in str(word):
                command.append(str(word).replace(FORMAT_SEPARATOR, mark))
                fields = str(word).count(FORMAT_SEPARATOR)
            else:
                command.append(str(word))
        config_file = None if self.config_file is None else str(self.config_file)
        answer = tmux.run_command(self.socket, command, self.limit_s, config_file, self._environment)
        match answer:
            case NoAnswer():
                raise NoAnswerError(answer)
            case ServerGone() if command[0] in _STARTS_SERVER:
                raise Unavailable(f"tmux could not start a server on {one_line(self.socket, 200)}.")
            case ServerGone():
                raise ServerGoneError(self.socket)
            case TmuxOutput(errors=errors) if errors and command[0] in _ERRORS_DROPPED:
                raise TmuxRefusedError(f"tmux refused {command[0]}: {errors}.")
        text = answer.output.decode(errors="replace")
        return _FinishedCommand(command, _make_records(text, mark, fields) if fields else text.split("\n"), answer)

    def start_script(self, script: str) -> TmuxProcess:
        """Start to run a whole script in one process, see `tmux.start_script`."""
        return tmux.start_script(self.socket, script)

    def start_waiting_process(self) -> TmuxProcess:
        """Start a process that waits for its script, see `tmux.start_waiting_process`."""
        return tmux.start_waiting_process(self.socket)

    def run_script(self, script: str) -> TmuxOutput | ServerGone | NoAnswer:
        """Run a whole script in one process, and wait for its output."""
        return tmux.run_script(self.socket, script, self.limit_s)

    def is_alive(self) -> bool:
        """Whether a server listens there. Raises `NoAnswerError` when that is not known."""
        try:
            return not self.cmd("display-message", "-p", "#{pid}").returncode
        except ServerGoneError:
            return False

    def raise_if_dead(self) -> None:
        """Raises `ServerGoneError` or `NoAnswerError`."""
        self.cmd("display-message", "-p", "#{pid}")

    def has_session(self, target_session: str, exact: bool = True) -> bool:
        try:
            return super().has_session(target_session, exact)
        except ServerGoneError:
            return False

    def kill(self) -> None:
        """End the server. It may be gone already."""
        try:
            super().kill()
        except ServerGoneError:
            return


def make_address(pane: libtmux.Pane) -> PaneAddress:
    """The address of a pane whose fields were read. Raises `Unavailable` when no program runs in it."""
    assert isinstance(pane.server, TmuxServer) and pane.pane_id
    if not pane.pane_pid:
        raise Unavailable(f"The program in the new pane {pane.pane_id} ended at once.")
    return PaneAddress(pane.server.socket, f"{pane.pid}:{pane.start_time}", pane.pane_id, int(pane.pane_pid))


class _ServerBinary(str):
    """The name of the program, which libtmux passes on wherever it starts tmux. It knows the server."""

    server: TmuxServer

    def __new__(cls, server: TmuxServer) -> "_ServerBinary":
        made = super().__new__(cls, "tmux")
        made.server = server
        return made


class _FinishedCommand(tmux_cmd):
    """The result of a command, as libtmux reads it."""

    def __init__(self, command: Sequence[str], lines: Sequence[str], answer: TmuxOutput) -> None:
        self.cmd = list(command)
        self.stdout = list(lines)
        while self.stdout and not self.stdout[-1]:
            self.stdout.pop()
        self.stderr = [answer.errors] if answer.errors else []
        self.returncode = int(answer.failed)


def _make_records(text: str, mark: str, fields: int) -> list[str]:
    """A line for each record, as libtmux parses it: no field contains a line end or libtmux's separator."""
    *values, _ = text.split(mark)  # what follows the last one was printed by a hook of the user's
    if len(values) % fields:
        raise Unavailable("tmux answered only in part.")
    flat = [value.removeprefix("\n") if n % fields == 0 and n else value for n, value in enumerate(values)]
    flat = [value.replace("\n", " ").replace(FORMAT_SEPARATOR, " ") for value in flat]
    return [FORMAT_SEPARATOR.join([*flat[n : n + fields], ""]) for n in range(0, len(flat), fields)]


def _list(*words: Any, tmux_bin: str | None = None) -> tmux_cmd:
    """What libtmux lists through: for our servers by `run_words`, for others as before."""
    if isinstance(tmux_bin, _ServerBinary):
        return tmux_bin.server.run_words(words[1:])  # the first is the socket
    return tmux_cmd(*words, tmux_bin=tmux_bin)


setattr(neo, "tmux_cmd", _list)  # noqa: B010 - the one name through which all listings start tmux, see above
