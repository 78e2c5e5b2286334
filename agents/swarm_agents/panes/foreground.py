"""Which program reads a pane's keyboard now: the foreground process group of its terminal.

tmux's `pane_current_command` is `node` for one agent and `bash` for another that runs under a wrapper. An agent that
was suspended leaves its shell in the foreground, where a notice would run as a command.
"""

import contextlib
import fcntl
import os
import struct
import termios
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHELLS = frozenset("sh bash dash zsh fish ksh mksh ash csh tcsh nu elvish pwsh xonsh".split())  # noqa: SIM905
_INTERPRETERS = SHELLS | frozenset({"node", "nodejs", "bun", "deno", "ruby", "perl", "uv", "env"})
_SCRIPT_ENDINGS = (".py", ".js", ".mjs", ".cjs", ".ts", ".sh", ".rb")
_CONTENT_LIMIT = 64 * 1024  # of a list of arguments; names are at its beginning
_OPTIONS_WITH_VALUE = frozenset({"--rcfile", "--init-file", "-o", "+o", "-O", "+O"})


@dataclass(frozen=True)
class ForegroundProgram:
    """The program that reads the keyboard. `names` are the names that a profile may know it by."""

    names: frozenset[str]
    shell: bool
    """A shell at its prompt: what is typed would run as a command."""
    stopped: bool
    """Suspended: what is typed stays unread, and another program may read it."""
    leader: tuple[int, str] = (0, "")
    """The leader of its process group, see `find_leader`."""


@dataclass(frozen=True)
class _Process:
    pid: int
    group: int
    front: int
    stopped: bool
    arguments: tuple[str, ...] = ()
    file: str = ""
    """Of its program, or of the script that the kernel started it for; '' where it is not known."""


def read_leaders(pane_pids: Iterable[int]) -> dict[int, ForegroundProgram]:
    """The foreground program for each of the panes' processes, read from the leader of its process group alone.

    `names` may lack some. No entry where the leader alone does not tell, or where there is no /proc.
    """
    return {pid: program for pid in pane_pids if (program := _read_leader_program(pid)) is not None}


def find_leader(pane_pid: int) -> tuple[int, str] | None:
    """Process id and file of the foreground group's leader: when they change, so did the program. None if not known."""
    with contextlib.suppress(OSError):
        found = _read_leader(pane_pid)
        return found.pid, found.file
    return None


def read_programs(pane_pids: Collection[int]) -> dict[int, ForegroundProgram]:
    """The same, read from all of the group, which takes the whole process table. No entry for a process that ended."""
    if not pane_pids:
        return {}
    by_pid = {process.pid: process for process in _processes()}
    groups: dict[int, list[_Process]] = defaultdict(list)
    for process in by_pid.values():
        groups[process.group].append(process)
    fronts = {pid: by_pid[pid].front for pid in pane_pids if pid in by_pid}
    return {pid: _program(groups[front]) for pid, front in fronts.items() if groups.get(front)}


def count_unread_bytes(tty: str) -> int:
    """How many bytes typed into that terminal its program has not read. In line mode only whole lines count."""
    with contextlib.suppress(OSError):
        terminal = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            answer: bytes = fcntl.ioctl(terminal, termios.FIONREAD, struct.pack("i", 0))
            return int(struct.unpack("i", answer)[0])
        finally:
            os.close(terminal)
    return 0  # the terminal is gone, and with it the pane: the next snapshot shows it


def _read_leader(pane_pid: int) -> _Process:
    own = _from_stat(pane_pid)
    return own if own.front == own.pid else _from_stat(own.front)


def _read_leader_program(pane_pid: int) -> ForegroundProgram | None:
    with contextlib.suppress(OSError):
        found = _read_leader(pane_pid)
        if not found.stopped:  # else the other processes of the group decide
            return _program([found])
    return None


def _program(group: list[_Process]) -> ForegroundProgram:
    members = [_with_arguments(process) for process in group]
    leader = next((process for process in members if process.pid == process.group), members[0])
    names = {name for process in members for name in _names(process.arguments)}
    stopped = all(process.stopped for process in members)
    return ForegroundProgram(frozenset(names), _is_bare_shell(leader), stopped, (leader.pid, leader.file))


def _names(arguments: tuple[str, ...]) -> Iterator[str]:
    if not arguments:
        return
    own = _base(arguments[0])
    yield own
    if own in _INTERPRETERS or own.startswith(("python", "pypy")):
        script = next((word for word in arguments[1:] if not word.startswith("-")), None)
        if script:
            yield _base(script)


def _base(path: str) -> str:
    name = path.split(" ")[0].rsplit("/", 1)[-1].removeprefix("-")
    return next((name.removesuffix(end) for end in _SCRIPT_ENDINGS if name.endswith(end)), name)


def _is_bare_shell(process: _Process) -> bool:
    if not process.arguments:
        return False
    if not {_base(process.arguments[0]), process.file} & SHELLS:  # `exec -a` gives a shell another name
        return False
    words = iter(process.arguments[1:])
    for word in words:
        if word in _OPTIONS_WITH_VALUE:
            next(words, None)
        elif not word.startswith(("-", "+")):
            return False  # a script
        elif not word.startswith("--") and "c" in word and "i" not in word:
            return False  # -c COMMAND
        elif not word.startswith("--") and "s" in word:
            return True  # -s: what follows are its arguments, and it reads its terminal
    return True


def _processes() -> Iterator[_Process]:
    if Path("/proc/self/stat").exists():
        yield from _from_proc()
    else:
        yield from _from_ps()


def _from_proc() -> Iterator[_Process]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                yield _from_stat(int(entry))


def _from_stat(pid: int) -> _Process:
    # The name in parentheses may hold anything, also ")".
    before, _, after = _content(f"/proc/{pid}/stat").rpartition(b")")
    state, _, group, _, _, front = after.split(maxsplit=6)[:6]
    file = before.partition(b"(")[2].decode(errors="replace")
    return _Process(pid, int(group), int(front), state == b"T", file=file)


def _with_arguments(process: _Process) -> _Process:
    if process.arguments:
        return process
    try:
        raw = _content(f"/proc/{process.pid}/cmdline")
    except OSError:
        return process
    words = tuple(word.decode(errors="replace") for word in raw.rstrip(b"\0").split(b"\0"))
    return _Process(process.pid, process.group, process.front, process.stopped, words, process.file)


def _content(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY)  # a third of what `open` costs, for every process of the machine
    try:
        return os.read(file, _CONTENT_LIMIT)
    finally:
        os.close(file)


def _from_ps() -> Iterator[_Process]:
    import subprocess  # costs every other verb 5 ms, and is needed only where there is no /proc

    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,tpgid=,state=,args="], capture_output=True, timeout=5, check=True
    )
    for line in listed.stdout.decode(errors="replace").splitlines():
        pid, group, front, state, *arguments = line.split()
        yield _Process(int(pid), int(group), int(front), state.startswith("T"), tuple(arguments))
