"""Tells a human that they are asked: a line and a bell in their tmux, then their own command. Retries what fails.

Anybody may `pump`: `swarm courier`, a dashboard, or the process that a verb leaves behind when a human was asked.
Whoever looks first does it, under a claim (`announcements`); nothing here happens inside a transaction.
"""

import contextlib
import functools
import os
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from swarm_agents.config.config import Config, NotifyConfig
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import SwarmError, Unavailable
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import COMMAND, MESSAGE, TMUX, Announcement
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.messages import messages
from swarm_agents.model import EVERYONE, SWARM
from swarm_agents.system import log
from swarm_agents.text import one_line, printable, tail

# What needs a module of its own imports it late: a verb that only leaves a process behind must stay quick.

LOOK_EVERY_S = 1.0  # of a courier and a dashboard: two small reads
HEAD_START_S = 3.0  # for them, before a process that an agent's verb left behind does it: a sandbox may be around that
LINGER_S = 300.0  # of such a process: long enough for three tries
_CLAIM_SLACK_S = 15.0  # over what a channel may take; then whoever claimed it is taken for dead
_TMUX_LIMIT_S = 2.0  # for a look at a server; a healthy one answers in milliseconds
_END_GRACE_S = 1.0  # between asking a command to end and ending it
_OUTPUT_TAIL = 2_000  # bytes of what a command said on standard error
_TEXT_LIMIT = 60_000  # bytes: what a pipe takes at once, so that a command that does not read holds up nobody

# What a command of the human's own may know of the agent's environment: nothing that an agent was given.
_KEPT = {
    *("HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
}
_KEPT_PREFIXES = ("LC_", "XDG_")


class _End(NamedTuple):
    """`shown`, `sent`, `skipped` (there is no such channel here) or `failed`, and why."""

    state: str
    why: str = ""


def pump(db: Database, config: Config) -> float | None:
    """Tell what is due. Seconds until something may be tried again; None when nothing is left to try for now.

    Takes as long as tmux and the command take, each within its limit: never call it from an event loop.
    """
    teller = f"{os.getpid()}-{threading.get_native_id()}"
    announcements.skip_answered(db)
    while True:
        with db.reading() as tx:
            channels = _channels(config.notify, tx.now)
            if not announcements.has_due(tx, channels):
                return announcements.find_next_due_s(tx, channels)
        with db.transaction() as tx:
            claimed = announcements.claim_next(tx, teller, channels, _limit_s(config.notify))
        if claimed is None:  # the channel before it is being tried by another one
            return LOOK_EVERY_S
        _try(db, config.notify, claimed)


def keep_telling(database: Path, config: Config, stop: threading.Event, clock: Clock = host_clock) -> None:
    """Pump until `stop` is set: what a courier and a dashboard do in a thread of their own."""
    trouble = ""
    while not stop.wait(LOOK_EVERY_S):
        try:
            with Database(database, clock) as db:
                pump(db, config)
                trouble = ""
                while not stop.wait(LOOK_EVERY_S):
                    pump(db, config)
        except SwarmError as error:
            if error.message != trouble:
                log.error(database, f"nobody can be told of escalations: {error.message}")
            trouble = error.message


def see_through(db: Database, config: Config) -> None:
    """Pump, and again what failed, until nothing is left to try; leaves it to a courier or a dashboard at first."""
    from swarm_agents.system import file_lock

    _give_others_a_start(db, config)
    with file_lock.held(Path(f"{db.path}-announcer"), 0) as alone:
        give_up_at = time.monotonic() + LINGER_S
        due_in_s = pump(db, config)
        while alone and due_in_s is not None and time.monotonic() < give_up_at:
            time.sleep(min(due_in_s, LOOK_EVERY_S))
            due_in_s = pump(db, config)


def leave_behind(db: Database, config: Config) -> None:
    """At the end of a verb that may have asked a human: start a process that tells them. Costs milliseconds."""
    announcements.skip_answered(db)
    with db.reading() as tx:
        channels = _channels(config.notify, tx.now)
        if not announcements.has_due(tx, channels):
            return
        outside = COMMAND in channels or bool(_sockets(tx))
    if outside:
        _start(db.path)
    else:
        pump(db, config)  # only rows to write


def quiet_until(notify: NotifyConfig, now_ms: int) -> str | None:
    """When the quiet hours end, as the local clock says it; None outside of them."""
    if notify.quiet is None:
        return None
    first, last = notify.quiet
    local = time.localtime(now_ms / 1000)
    minute = local.tm_hour * 60 + local.tm_min
    quiet = first <= minute < last if first < last else minute >= first or minute < last
    return f"{last // 60:02d}:{last % 60:02d}" if quiet else None


def _channels(notify: NotifyConfig, now_ms: int) -> tuple[str, ...]:
    if quiet_until(notify, now_ms) is not None:
        return (MESSAGE,)
    return (MESSAGE, TMUX, COMMAND) if notify.command else (MESSAGE, TMUX)


def _limit_s(notify: NotifyConfig) -> float:
    return notify.timeout_s + _CLAIM_SLACK_S


def _try(db: Database, notify: NotifyConfig, claimed: Announcement) -> None:
    with db.reading() as tx:
        asked = escalations.find(tx, claimed.escalation)
        sockets = _sockets(tx)
    match claimed.channel:
        case announcements.MESSAGE:
            end = _post_message(db, claimed, asked)
        case announcements.TMUX:
            end = _show_in_tmux(db, asked, sockets, claimed.repeated)
        case _:
            end = _run_command(notify, asked, claimed.repeated)
    _record(db, claimed, end)


def _record(db: Database, claimed: Announcement, end: _End) -> None:
    again = False
    with db.transaction() as tx:
        match end.state:
            case "failed":
                again = announcements.record_failure(tx, claimed, end.why)
            case "skipped":
                announcements.record_missing(tx, claimed, end.why)
            case state:
                announcements.record_told(tx, claimed, state)
    what = f"escalation {claimed.escalation} by {claimed.channel}"
    if end.state == "failed":
        then = f"again in {announcements.BACK_OFF_S[claimed.tries - 1]} s" if again else "not tried again"
        log.error(db.path, f"{what}: try {claimed.tries} of {announcements.TRIES} failed, {then}: {end.why}")
    else:
        log.info(db.path, f"{what}: {end.state} {end.why}".rstrip())


# The channels.


def _post_message(db: Database, claimed: Announcement, asked: Escalation) -> _End:
    with db.transaction() as tx:
        with tx.savepoint() as part:
            messages.post(tx, SWARM, EVERYONE, escalations.message_to_agents(asked.reason))
        if not part.error:
            announcements.record_told(tx, claimed, "sent")
    return _End("failed", part.error) if part.error else _End("sent")


def _show_in_tmux(db: Database, asked: Escalation, sockets: list[str], repeated: bool) -> _End:
    if not sockets:
        return _End("skipped", "no agent is in a tmux pane")
    again = " (perhaps for the second time)" if repeated else ""
    line = f"swarm: you are asked{again}: {one_line(asked.reason, 200)}. See: swarm escalation show {asked.id}"
    shown, troubles = 0, []
    for socket in sockets:
        try:
            shown += _show_on(socket, line)
        except SwarmError as error:
            troubles.append(error.message)
            log.warning(db.path, f"escalation {asked.id} by tmux: {error.message}")
    return _End("shown") if shown else _End("failed", " ".join(troubles))


def _show_on(socket: str, line: str) -> int:
    """On how many terminals of that server it was shown. Raises `SwarmError` when on none."""
    from swarm_agents import panes

    seen = panes.look(socket, limit_s=_TMUX_LIMIT_S)
    match seen:
        case panes.ServerGone():
            raise Unavailable(f"No tmux server runs on {one_line(socket, 100)}.")
        case panes.NoAnswer(why=why):
            raise Unavailable(f"tmux on {one_line(socket, 100)} could not be asked: {why}.")
    clients = [client.name for client in seen.clients if not client.control]
    if not clients:
        raise Unavailable(f"No terminal is attached to tmux on {one_line(socket, 100)}.")
    troubles: list[SwarmError] = []
    for client in clients:
        try:
            panes.display(socket, client, line)
            panes.ring(client)
        except SwarmError as error:
            troubles.append(error)
    if len(troubles) == len(clients):
        raise troubles[0]
    return len(clients) - len(troubles)


def _run_command(notify: NotifyConfig, asked: Escalation, repeated: bool) -> _End:
    import subprocess
    import tempfile

    from swarm_agents.system import subprocesses

    again = "(This may reach you for the second time.)\n" if repeated else ""
    text = f"{again}{printable(asked.text)}\n".encode()[:_TEXT_LIMIT]
    with tempfile.TemporaryFile() as said:
        try:
            child = subprocess.Popen(
                notify.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                cwd=notify.folder,
                env=_environment() | {"SWARM_ESCALATION": str(asked.id)},
                start_new_session=True,  # what it starts ends with it at the time limit
            )
        except OSError as error:
            return _End("failed", f"{_name(notify)} could not be started: {error.strerror}")
        try:
            child.communicate(text, timeout=notify.timeout_s)
        except subprocess.TimeoutExpired:
            subprocesses.end_all(child, _END_GRACE_S)
            if child.stdin:
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.close()
            return _End("failed", f"{_name(notify)} did not end within {notify.timeout_s:g} s and was stopped")
        if child.returncode == 0:
            return _End("sent")
        said.seek(max(0, said.seek(0, os.SEEK_END) - _OUTPUT_TAIL))
        last = tail(said.read().decode(errors="replace"), lines=1, characters=200)
    how = f"exit status {child.returncode}" if child.returncode > 0 else f"signal {-child.returncode}"
    return _End("failed", f"{_name(notify)} ended with {how}" + (f": {last}" if last else ""))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}


def _name(notify: NotifyConfig) -> str:
    return one_line(notify.command[0], 100)


def _sockets(tx: Transaction) -> list[str]:
    """The tmux servers that agents are on, and our own."""
    rows = tx.execute(
        "select distinct pane_socket from agents where pane_socket is not null and left_at is null order by pane_socket"
    )
    found = [str(row["pane_socket"]) for row in rows]
    own = os.environ.get("TMUX", "").rsplit(",", 2)[0]
    return [*found, own] if own and own not in found else found


# A process of its own.


def _start(database: Path) -> None:
    left_out = {"SWARM_AGENT", "TMUX_PANE"}  # it acts in nobody's name
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    words = [sys.executable, "-m", "swarm_agents.cli.main", "escalation", "announce", "--until-told"]
    spawn = functools.partial(
        os.posix_spawn,  # `subprocess` would cost the verb another five milliseconds
        sys.executable,
        words,
        environment | {"SWARM_DB": str(database)},
        file_actions=[(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)],
    )
    try:
        spawn(setsid=True)  # it lives on when the agent's shell, or its whole terminal, ends
    except NotImplementedError:  # a C library without it
        spawn(setpgroup=0)


def _give_others_a_start(db: Database, config: Config) -> None:
    from swarm_agents.courier import injections  # what only a courier needs

    give_up_at = time.monotonic() + HEAD_START_S
    while time.monotonic() < give_up_at:
        with db.reading() as tx:
            if injections.leader(tx) is None or not announcements.has_due(tx, _channels(config.notify, tx.now)):
                return
        time.sleep(0.1)
