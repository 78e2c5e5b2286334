"""The human's terminals: switches one to a pane, shows a line on its status bar, rings its bell."""

import contextlib
import os

from swarm_agents.errors import NotFound, Unavailable
from swarm_agents.model import PaneAddress
from swarm_agents.panes.server import TmuxRefusedError, TmuxServer
from swarm_agents.panes.snapshot import ServerSnapshot, take_snapshot
from swarm_agents.panes.tmux import NoAnswer, NoAnswerError, ServerGone, ServerGoneError
from swarm_agents.text import one_line

DISPLAY_MS = 5_000  # how long a line stays on the status bar


def jump_to(pane: PaneAddress, client: str | None = None) -> None:
    """Show that pane in the human's terminal: session, window and pane, whichever session it is in.

    Without a `client`, switches the terminal in which a key was last pressed in our own pane. Raises `NotFound` when
    the pane is gone, and `Unavailable` with the command to type when there is no terminal to switch.
    """
    seen = _require_snapshot(pane.socket)
    found = seen.find_pane(pane)
    if found is None:
        raise NotFound(f"The pane {pane.pane_id} is gone, or another program took its place.")
    target = client or _find_own_client(seen, pane.socket)
    if target is None:
        command = make_attach_command(pane)
        raise Unavailable(f"No terminal of yours is attached to that tmux server. Type: {command}", next=command)
    # Always -c: without it tmux chooses a terminal, which may be another person's.
    done = TmuxServer(pane.socket).cmd("switch-client", "-c", target, target=pane.pane_id)
    if done.returncode:
        raise Unavailable(f"tmux did not switch {one_line(target, 60)}: {one_line(' '.join(done.stderr), 200)}.")


def make_attach_command(pane: PaneAddress) -> str:
    """The command that shows the pane, for a terminal that is not inside that server."""
    socket = (
        pane.socket if pane.socket.replace("/", "").replace("-", "").replace("_", "").isalnum() else f"'{pane.socket}'"
    )
    return f"tmux -S {socket} attach -t {pane.pane_id}"


def display_line(socket: str, client: str, text: str) -> None:
    """Show one line on the status bar of that client. Raises `NotFound` when no such client is attached.

    Raises `Unavailable` when tmux did not show it.
    """
    if not any(seen.name == client for seen in _require_snapshot(socket).clients):
        raise NotFound(f"No terminal {one_line(client, 60)} is attached to {one_line(socket, 200)}.")
    # tmux expands the text, as a format and as a date: "%" and "#" are doubled. As a format it may begin with "-".
    line = one_line(text, 500).replace("#", "##").replace("%", "%%")
    try:
        TmuxServer(socket).display_message("", format_string=line, target_client=client, delay=DISPLAY_MS)
    except TmuxRefusedError as error:
        raise Unavailable(f"The line was not shown on {one_line(client, 60)}: {error.message}") from None


def ring_bell(client: str) -> bool:
    """Ring the bell of that client's terminal; False when it has none. Never waits for a terminal that is stopped."""
    if not client.startswith("/dev/"):  # tmux names a client after its terminal
        return False
    with contextlib.suppress(OSError):
        terminal = os.open(client, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return os.isatty(terminal) and os.write(terminal, b"\a") == 1
        finally:
            os.close(terminal)
    return False


def _find_own_client(seen: ServerSnapshot, socket: str) -> str | None:
    if os.environ.get("TMUX", "").rsplit(",", 2)[0] != socket:
        return None
    own = os.environ.get("TMUX_PANE", "")
    mine = [client for client in seen.clients if client.pane_id == own and not client.control]
    return max(mine, key=lambda client: client.activity).name if mine else None


def _require_snapshot(socket: str) -> ServerSnapshot:
    seen = take_snapshot(socket)
    match seen:
        case ServerGone():
            raise ServerGoneError(socket)
        case NoAnswer():
            raise NoAnswerError(seen)
        case ServerSnapshot():
            return seen
