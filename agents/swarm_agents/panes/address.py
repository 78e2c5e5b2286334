"""Addresses of panes that are valid for one process only, and the option `@swarm_agent` that names a pane's agent."""

import os
from collections.abc import Mapping

from swarm_agents.errors import NotFound, UsageError
from swarm_agents.model import PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.tmux import NoAnswer, NoAnswerError, ServerGone, TmuxOutput
from swarm_agents.text import is_name, one_line

_ADDRESS = "#{pid} #{start_time} #{pane_id} #{pane_pid}"


def find_own_pane() -> PaneAddress | None:
    """The pane this process runs in, from $TMUX and $TMUX_PANE; None outside tmux. Raises `Unavailable`."""
    own = _read_own_variables()
    if own is None:
        return None
    socket, server_pid, pane_id = own
    found = _find(socket, pane_id)
    # The variables outlive the server. A new server on the same socket has a %0 of its own, which is not ours.
    return found if found is not None and found.server.split(":")[0] == server_pid else None


def find_own_agent(limit_s: float = tmux.LIMIT_S) -> str | None:
    """The agent whose name is on the pane of this process, if any. Raises `Unavailable`."""
    own = _read_own_variables()
    if own is None:
        return None
    socket, server_pid, pane_id = own
    command = ["show-options", "-pqv", "-t", pane_id, "@swarm_agent", ";", "display-message", "-p", "#{pid}"]
    answered = _unwrap(tmux.run_command(socket, command, limit_s=limit_s))
    lines = [] if answered is None else answered.output.decode(errors="replace").splitlines()
    if len(lines) != 2 or lines[1] != server_pid or not is_name(lines[0]):
        return None
    return lines[0]


def find_address(pane_id: str, socket: str | None = None) -> PaneAddress:
    """The address of `%N` on a server: that of $TMUX, which some shells have without $TMUX_PANE, or the user's default.

    Raises `UsageError` when `pane_id` is not one, `NotFound`, `Unavailable`.
    """
    if not tmux.is_pane_id(pane_id):
        raise UsageError(f"{one_line(pane_id, 40)!r} is not a pane id. Write %N as `tmux list-panes -a` shows it.")
    if socket is None:
        socket = read_own_socket() or default_socket()
    found = _find(socket, pane_id)
    if found is None:
        import shlex  # loads `re`, needed only for this refusal

        where = one_line(socket, 200)
        command = f"tmux -S {shlex.quote(where)} list-panes -a"
        raise NotFound(f"There is no pane {pane_id} with a program on {where}.", next=command)
    return found


def read_own_socket() -> str | None:
    """The socket of the tmux server that this process runs in, from $TMUX; None outside tmux."""
    parts = os.environ.get("TMUX", "").rsplit(",", 2)
    return parts[0] or None if len(parts) == 3 else None


def default_socket() -> str:
    """The socket of this user's default tmux server."""
    return f"{os.environ.get('TMUX_TMPDIR') or '/tmp'}/tmux-{os.getuid()}/default"


def set_agent(pane: PaneAddress, name: str | None) -> None:
    """Set `@swarm_agent` on the pane, or unset it. Raises `NotFound` when the pane is gone or was replaced."""
    set_option(pane, "@swarm_agent", name)


def set_option(pane: PaneAddress, option: str, value: str | None) -> None:
    """Set one of our options on one pane, or unset it; never on a window, session or server. Raises as `set_agent`."""
    mark = tmux.make_separator()
    script = (
        f"if-shell -F -t {pane.pane_id} '{make_identity_condition(pane)}' {{ {_change(pane, option, value or '')} ; "
        f"display-message -p '{mark}done' }} {{ display-message -p '{mark}replaced' }}\n"
    )
    answered = _unwrap(tmux.run_script(pane.socket, script))
    if answered is None or f"{mark}done".encode() not in answered.output:
        raise NotFound(f"The pane {pane.pane_id} is gone, or another program took its place.")


def set_options(socket: str, option: str, values: Mapping[PaneAddress, str]) -> None:
    """Set one of our options on many panes in one process; '' unsets it. Panes that are gone are left out."""
    lines = [
        f"if-shell -F -t {pane.pane_id} '{make_identity_condition(pane)}' {{ {_change(pane, option, value)} }}"
        for pane, value in values.items()
    ]
    tmux.run_script(socket, "\n".join([*lines, ""]))


def _change(pane: PaneAddress, option: str, value: str) -> str:
    change = f"-t {pane.pane_id} {option}"
    return f"set-option -p {change} {tmux.quote_word(value)}" if value else f"set-option -p -u {change}"


def make_identity_condition(pane: PaneAddress) -> str:
    """A tmux condition for the target pane: it has this address, and its process is alive."""
    return join_conditions(
        f"#{{==:#{{pid}}:#{{start_time}},{pane.server}}}",
        f"#{{==:#{{pane_id}},{pane.pane_id}}}",
        f"#{{==:#{{pane_pid}},{pane.pane_pid}}}",
        "#{==:#{pane_dead},0}",
    )


def is_alive(pane: PaneAddress) -> bool:
    """Whether the pane still runs that process; False when its server is gone. Raises `Unavailable`."""
    command = ["display-message", "-p", "-t", pane.pane_id, make_identity_condition(pane)]
    answered = _unwrap(tmux.run_command(pane.socket, command))
    return answered is not None and answered.output.strip() == b"1"


def join_conditions(*conditions: str) -> str:
    """Join conditions of a tmux format: `&&` takes only two."""
    *rest, last = conditions
    for condition in reversed(rest):
        last = f"#{{&&:{condition},{last}}}"
    return last


def _read_own_variables() -> tuple[str, str, str] | None:
    pane_id = os.environ.get("TMUX_PANE", "")
    parts = os.environ.get("TMUX", "").rsplit(",", 2)
    if len(parts) != 3 or not tmux.is_pane_id(pane_id):
        return None
    return parts[0], parts[1], pane_id


def _find(socket: str, pane_id: str) -> PaneAddress | None:
    answered = _unwrap(tmux.run_command(socket, ["display-message", "-p", "-t", pane_id, _ADDRESS]))
    words = [] if answered is None else answered.output.decode(errors="replace").split()
    # Of a pane that does not exist tmux prints empty fields; from 3.8 on a dead pane has no process.
    if len(words) != 4 or words[2] != pane_id:
        return None
    return PaneAddress(socket, f"{words[0]}:{words[1]}", pane_id, int(words[3]))


def _unwrap(result: TmuxOutput | ServerGone | NoAnswer) -> TmuxOutput | None:
    match result:
        case NoAnswer():
            raise NoAnswerError(result)
        case ServerGone():
            return None
        case TmuxOutput():
            return result
