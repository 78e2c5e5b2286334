"""A snapshot of a tmux server: every pane, every client, and the requested screens, from one tmux process.

No pane can hide another one or forge a field: the separator between fields is a new random one for every snapshot. A
title that contains an old separator, a folder name with a newline, an option with a tab are just text. A field that is
empty hides no pane either: it is unknown, and the rest counts.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.pane import Client, Pane, make_client_format, make_pane_format, read_client, read_pane
from swarm_agents.panes.server import TmuxServer
from swarm_agents.panes.tmux import NoAnswer, ServerGone, TmuxOutput

_UNEXPANDED_ID = "#{pane_id}"  # in the row that a hook of the user's prints when it prints our command


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
        """The pane at that address; None when it is gone or was replaced. All four parts of the address must agree.

        A process that tmux does not tell may be the one of the address, so such a pane is found, and has the address.
        """
        found = self.panes.get(address.pane_id)
        if found is not None and "pane_pid" in found.unknown and self.server == address.server:
            return replace(found, address=address)
        return found if found is not None and found.address == address else None

    def has_process(self, address: PaneAddress) -> bool | None:
        """Whether the pane still runs the process of that address; None when tmux does not tell."""
        found = self.find_pane(address)
        if found is None or found.dead:
            return False
        return None if found.unknown & {"pane_pid", "pane_dead"} else True

    def list_processes(self) -> Sequence[int]:
        """The processes of all panes that have one."""
        return [pane.address.pane_pid for pane in self.panes.values() if not pane.dead and pane.address.pane_pid]

    def is_at_rest(self, address: PaneAddress) -> bool:
        """Whether this snapshot stays true of the pane and its screen until its `activity` changes.

        Output after the snapshot falls into a later second, and no terminal shows the pane, so no human types there.
        """
        found = self.find_pane(address)
        return (
            found is not None
            and not found.unknown
            and address.pane_id in self.screens
            and found.activity < self.since
            and not found.watchers
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
        f"list-panes -a -F '{mark}pane{mark}{make_pane_format(mark)}'",
        f"list-clients -F '{mark}client{mark}{make_client_format(mark)}'",
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
    """None when the rows of the screens cannot be told apart: take it again, with a separator before each screen."""
    chunks = iter(answer.output.decode(errors="replace").split(mark)[1:])
    server = ""
    panes: dict[str, Pane] = {}
    clients: list[Client] = []
    screens: dict[str, tuple[str, ...]] = {}
    rows: list[str] | None = None
    printed = 0  # rows, by a hook of the user's after each `display-message`
    complete = False
    for kind in chunks:
        match kind.partition("\n")[0]:
            case "server":
                first, _, more = next(chunks, "").partition("\n")
                server, printed = server or first, more.count("\n")
            case "pane":
                pane = read_pane(socket, server, chunks)
                if tmux.is_pane_id(pane.address.pane_id):
                    panes[pane.address.pane_id] = pane  # a window linked twice lists its panes twice
                elif pane.address.pane_id != _UNEXPANDED_ID:
                    return NoAnswer(socket, "tmux listed a pane without telling its id")
            case "client":
                clients.append(read_client(chunks))
            case "screens":
                rows = _rows(next(chunks, ""))
            case "screen":
                pane_id, screen = f"%{next(chunks, '')}", next(chunks, "")
                if pane_id in panes:  # of a pane that is gone tmux captures nothing
                    pane = panes[pane_id]
                    height = None if "pane_height" in pane.unknown else printed + pane.height
                    screens[pane_id] = tuple(_rows(screen)[printed:height])
            case "end":
                complete = True
    if not complete or not server:
        return NoAnswer(socket, f"tmux answered only in part: {answer.errors or 'no reason given'}")
    if rows is not None:
        split = _split_rows(rows, [panes[pane_id] for pane_id in requested if pane_id in panes])
        if split is None:
            return None
        screens = split
    return ServerSnapshot(socket, server, since, panes, tuple(clients), screens)


def _split_rows(rows: Sequence[str], panes: Sequence[Pane]) -> dict[str, tuple[str, ...]] | None:
    """The rows of each screen; None when there are more or fewer than all screens together have."""
    by_id = {pane.address.pane_id: pane.height for pane in panes}
    if len(rows) != sum(by_id.values()) or any("pane_height" in pane.unknown for pane in panes):
        return None
    below = iter(rows)
    return {pane_id: tuple(islice(below, height)) for pane_id, height in by_id.items()}


def _rows(chunk: str) -> list[str]:
    return chunk.removeprefix("\n").split("\n")[:-1]
