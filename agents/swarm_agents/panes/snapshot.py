"""A snapshot of a tmux server: every pane, every client, and the requested screens, from one tmux process.

No pane can hide another one or forge a field: the separator between fields is a new random one for every snapshot. A
title that contains an old separator, a folder name with a newline, an option with a tab are just text.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.tmux import NoAnswer, ServerGone, TmuxOutput
from swarm_agents.text import one_line, printable

_TEXT_LIMIT = 1_000  # characters of a title or a path; no screen shows more

_PANE_NUMBERS = (
    *("pane_pid", "pane_dead", "pane_in_mode", "pane_input_off", "cursor_x", "cursor_y", "pane_width", "pane_height"),
    *("window_activity", "window_active_clients"),
)
_PANE_TEXTS = (
    *("pane_id", "pane_tty", "window_id", "window_name", "pane_title", "pane_current_path", "pane_current_command"),
    *("@swarm_last", "@swarm_profile", "@swarm_notice"),
)
_CLIENT_NUMBERS = ("client_activity", "client_control_mode", "client_readonly")
_CLIENT_TEXTS = ("client_name", "pane_id")


@dataclass(frozen=True)
class Pane:
    """One pane as tmux describes it, with printable texts. `last`, `profile`, `notice` are our options on it."""

    address: PaneAddress
    dead: bool
    in_mode: bool
    input_off: bool
    cursor_x: int
    cursor_y: int
    width: int
    height: int
    activity: int
    """When its window last printed something, in seconds of the wall clock."""
    watchers: int
    """Terminals that show its window."""
    tty: str
    window_id: str
    window: str
    title: str
    path: str
    command: str
    last: str
    profile: str
    notice: str = ""


@dataclass(frozen=True)
class Client:
    """An attached terminal. `activity`: when its human last pressed a key, in seconds; what we type does not count."""

    name: str
    pane_id: str
    activity: int
    control: bool
    read_only: bool


@dataclass(frozen=True)
class ServerSnapshot:
    """A server at one instant. `screens` has the rows of the requested panes, raw, with their colours."""

    socket: str
    server: str
    since: int = 0
    """When it began, in seconds of the wall clock."""
    panes: Mapping[str, Pane] = field(default_factory=dict)
    clients: tuple[Client, ...] = ()
    screens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def find_pane(self, address: PaneAddress) -> Pane | None:
        """The pane at that address; None when it is gone or was replaced. All four parts of the address must agree."""
        found = self.panes.get(address.pane_id)
        return found if found is not None and found.address == address else None

    def is_at_rest(self, address: PaneAddress) -> bool:
        """Whether this snapshot stays true of the pane and its screen until its `activity` changes.

        Output after the snapshot falls into a later second, and no terminal shows the pane, so no human types there.
        """
        found = self.find_pane(address)
        return (
            found is not None and address.pane_id in self.screens and found.activity < self.since and not found.watchers
        )

    def is_human_typing(self, pane_id: str, within_s: float) -> bool:
        """Whether a human pressed a key within that time in a terminal that shows this pane."""
        return any(
            client.pane_id == pane_id
            and not client.control
            and not client.read_only
            and time.time() - client.activity < within_s
            for client in self.clients
        )


class PendingSnapshot:
    """A snapshot that tmux is taking. A context manager: a snapshot that is not complete at its end is given up."""

    def __init__(self, socket: str, screens: Iterable[str] = (), separate_screens: bool = False) -> None:
        """Begin a snapshot with the screens of the named pane ids.

        With `separate_screens` it stays correct when a hook of the user's prints between them, at 1.5 times the cost.
        """
        self._socket = socket
        self._screens = [pane_id for pane_id in screens if tmux.is_pane_id(pane_id)]
        self._mark = tmux.make_separator()
        self._since = int(time.time())
        from swarm_agents.panes.server import TmuxServer  # loads libtmux: 90 ms more before the first paint

        self._running = TmuxServer(socket).start_script(_make_script(self._mark, self._screens, separate_screens))

    def __enter__(self) -> "PendingSnapshot":
        return self

    def __exit__(self, *error: object) -> None:
        self._running.__exit__(*error)

    def wait(self, limit_s: float = tmux.LIMIT_S) -> ServerSnapshot | ServerGone | NoAnswer:
        """Wait for it, up to the limit. An error is never an empty snapshot."""
        answer = self._running.read_output(limit_s, end=f"{self._mark}end")
        if not isinstance(answer, TmuxOutput):
            return answer
        seen = _read(self._socket, self._mark, self._since, self._screens, answer)
        if seen is not None:
            return seen
        with PendingSnapshot(self._socket, self._screens, separate_screens=True) as again:
            return again.wait(limit_s)


def take_snapshot(
    socket: str, screens: Iterable[str] = (), limit_s: float = tmux.LIMIT_S
) -> ServerSnapshot | ServerGone | NoAnswer:
    """Take a snapshot with the screens of the named pane ids. An error is never an empty snapshot."""
    with PendingSnapshot(socket, screens) as pending:
        return pending.wait(limit_s)


def _make_script(mark: str, screens: Sequence[str], separate_screens: bool) -> str:
    lines = [
        f"display-message -p '{mark}server{mark}#{{pid}}:#{{start_time}}'",
        f"list-panes -a -F '{mark}pane{mark}{_fields(mark, _PANE_NUMBERS, _PANE_TEXTS)}'",
        f"list-clients -F '{mark}client{mark}{_fields(mark, _CLIENT_NUMBERS, _CLIENT_TEXTS)}'",
    ]
    if screens and not separate_screens:
        lines.append(f"display-message -p {mark}screens{mark}")
    for pane_id in screens:
        if separate_screens:
            number = pane_id[1:]  # tmux would read the "%" as part of a date
            lines.append(f"display-message -p {mark}screen{mark}{number}{mark}")
        lines.append(f"capture-pane -p -e -t {pane_id}")
    return "\n".join([*lines, f"display-message -p '{mark}end'", ""])


def _read(
    socket: str, mark: str, since: int, requested: Sequence[str], answer: TmuxOutput
) -> ServerSnapshot | NoAnswer | None:
    """None when a hook of the user's printed something between screens without separators."""
    chunks = iter(answer.output.decode(errors="replace").split(mark)[1:])
    server = ""
    panes: dict[str, Pane] = {}
    clients: list[Client] = []
    screens: dict[str, tuple[str, ...]] = {}
    rows: list[str] | None = None
    printed = 0  # rows, by a hook of the user's after each `display-message`
    complete = False
    for kind in chunks:
        match _line(kind):
            case "server":
                first, _, more = next(chunks).partition("\n")
                server, printed = server or first, more.count("\n")
            case "pane":
                pane = _pane(socket, server, chunks)
                if tmux.is_pane_id(pane.address.pane_id):  # a hook may print our own words once more
                    panes[pane.address.pane_id] = pane  # a window linked twice lists its panes twice
            case "client":
                clients.append(_client(chunks))
            case "screens":
                rows = _rows(next(chunks))
            case "screen":
                pane_id, screen = f"%{next(chunks)}", next(chunks)
                if pane_id in panes:  # of a pane that is gone tmux captures nothing
                    screens[pane_id] = tuple(_rows(screen)[printed : printed + _height(panes[pane_id])])
            case "end":
                complete = True
    if not complete or not server:
        return NoAnswer(socket, f"tmux answered only in part: {answer.errors or 'no reason given'}")
    if rows is not None:
        split = _split_rows(rows, {pane_id: _height(panes[pane_id]) for pane_id in requested if pane_id in panes})
        if split is None:
            return None
        screens = split
    return ServerSnapshot(socket, server, since, panes, tuple(clients), screens)


def _split_rows(rows: Sequence[str], heights: Mapping[str, int]) -> dict[str, tuple[str, ...]] | None:
    """The rows of each screen; None when there are more or fewer than all screens together have."""
    if len(rows) != sum(heights.values()):
        return None
    below = iter(rows)
    return {pane_id: tuple(islice(below, height)) for pane_id, height in heights.items()}


def _height(pane: Pane) -> int:
    return max(1, pane.height)  # tmux gives height 0 when the border takes the pane's only row


def _rows(chunk: str) -> list[str]:
    return chunk.removeprefix("\n").split("\n")[:-1]


def _fields(mark: str, numbers: tuple[str, ...], texts: tuple[str, ...]) -> str:
    return mark.join(f"#{{{name}}}" for name in texts) + mark + " ".join(f"#{{{name}}}" for name in numbers)


# A marker is compared with tmux's value later, so it keeps its line ends.
def _take(chunks: Iterator[str], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        text = next(chunks)
        if text.isprintable() and len(text) <= _TEXT_LIMIT:  # nearly all; there are ten for each pane
            yield text
        else:
            yield printable(text) if name == "@swarm_last" else one_line(text, _TEXT_LIMIT)


def _line(chunk: str) -> str:
    return chunk.partition("\n")[0]  # a hook of the user's printed the rest


def _numbers(chunk: str) -> Iterator[int]:
    return (int(word) if word.isdigit() else 0 for word in _line(chunk).split(" "))


def _pane(socket: str, server: str, chunks: Iterator[str]) -> Pane:
    pane_id, tty, window_id, window, title, path, command, last, profile, notice = _take(chunks, _PANE_TEXTS)
    pid, dead, in_mode, input_off, cursor_x, cursor_y, width, height, activity, watchers = _numbers(next(chunks))
    return Pane(
        address=PaneAddress(socket, server, pane_id, pid),
        dead=bool(dead),
        in_mode=bool(in_mode),
        input_off=bool(input_off),
        cursor_x=cursor_x,
        cursor_y=cursor_y,
        width=width,
        height=height,
        activity=activity,
        watchers=watchers,
        tty=tty,
        window_id=window_id,
        window=window,
        title=title,
        path=path,
        command=command,
        last=last,
        profile=profile,
        notice=notice,
    )


def _client(chunks: Iterator[str]) -> Client:
    name, pane_id = _take(chunks, _CLIENT_TEXTS)
    activity, control, read_only = _numbers(next(chunks))
    return Client(name, pane_id, activity, bool(control), bool(read_only))
