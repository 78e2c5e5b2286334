"""Tells a human that they are asked: by each channel that is due, claimed first, retried when it fails.

`swarm courier`, a dashboard, and a process that a verb leaves behind all do this. The first one that claims an
announcement tries it; nothing here calls a channel inside a transaction.
"""

import functools
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from swarm_agents.build import row as build_row
from swarm_agents.config.config import Config, NotifyConfig
from swarm_agents.courier import lease
from swarm_agents.db.clock import Clock, host_clock
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import SwarmError
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import COMMAND, MESSAGE, TMUX, Announcement
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.messages import messages
from swarm_agents.model import EVERYONE, SWARM
from swarm_agents.system import file_lock, log

if TYPE_CHECKING:
    from swarm_agents.system.waker import Waker

CHECK_EVERY_S = 1.0  # while a try is under way elsewhere, or the database cannot be read
HEAD_START_S = 3.0  # of a courier or dashboard before a verb's process, which may run in an agent's sandbox
LINGER_S = 300.0  # longest life of a verb's process: time for three tries
_LONGEST_SLEEP_S = 60.0  # of a thread that is woken when something may be due
_CLAIM_SLACK_S = 15.0  # beyond a channel's time limit; then the claimant counts as dead


def announce_due(db: Database, config: Config) -> float | None:
    """Announce what is due. Seconds until the next try is due; None when no further try is planned.

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
            claimed = announcements.claim_next(tx, teller, channels, config.notify.timeout_s + _CLAIM_SLACK_S)
        if claimed is None:  # another process is trying the channel before it
            return CHECK_EVERY_S
        _record(db, claimed, *_try_channel(db, config.notify, claimed))


def run_until_stopped(
    database: Path, read_config: Callable[[], Config], stop: threading.Event, waker: "Waker", clock: Clock = host_clock
) -> None:
    """Announce what is due, each time that `waker` says so and when a try is due again, until `stop` is set.

    For a thread of the background loop. After setting `stop`, wake it.
    """
    last_error = ""
    while not stop.is_set():
        try:
            with Database(database, clock) as db:
                while not stop.is_set():
                    due_in_s = announce_due(db, read_config())
                    last_error = ""
                    waker.wait(_LONGEST_SLEEP_S if due_in_s is None else max(CHECK_EVERY_S, due_in_s))
        except SwarmError as error:
            if error.message != last_error:
                log.error(database, f"escalations cannot be announced: {error.message}")
            last_error = error.message
            stop.wait(CHECK_EVERY_S)


def announce_until_settled(db: Database, config: Config) -> None:
    """Announce, and retry what failed, until no try is left; leaves a courier or dashboard a head start."""
    _wait_for_courier(db, config)
    with file_lock.held(Path(f"{db.path}-announcer"), 0) as alone:
        give_up_at = time.monotonic() + LINGER_S
        due_in_s = announce_due(db, config)
        while alone and due_in_s is not None and time.monotonic() < give_up_at:
            time.sleep(min(due_in_s, CHECK_EVERY_S))
            due_in_s = announce_due(db, config)


def spawn_if_due(db: Database, config: Config) -> None:
    """Start a process that announces, if something is due: for the end of a verb. Costs milliseconds."""
    announcements.skip_answered(db)
    with db.reading() as tx:
        channels = _channels(config.notify, tx.now)
        if not announcements.has_due(tx, channels):
            return
        needs_process = COMMAND in channels or bool(_read_sockets(tx))
    if needs_process:
        _spawn(db.path)
    else:
        announce_due(db, config)  # only rows to write


def find_quiet_end(notify: NotifyConfig, now_ms: int) -> str | None:
    """When the quiet hours end, as `HH:MM` in local time; None outside of them."""
    if notify.quiet is None:
        return None
    first, last = notify.quiet
    local = time.localtime(now_ms / 1000)
    minute = local.tm_hour * 60 + local.tm_min
    quiet = first <= minute < last if first < last else minute >= first or minute < last
    return f"{last // 60:02d}:{last % 60:02d}" if quiet else None


def _channels(notify: NotifyConfig, now_ms: int) -> tuple[str, ...]:
    if find_quiet_end(notify, now_ms) is not None:
        return (MESSAGE,)
    return (MESSAGE, TMUX, COMMAND) if notify.command else (MESSAGE, TMUX)


def _try_channel(db: Database, notify: NotifyConfig, claimed: Announcement) -> tuple[str, str]:
    """State and reason, see `ChannelResult`."""
    with db.reading() as tx:
        asked = escalations.find(tx, claimed.escalation)
        sockets = _read_sockets(tx)
    if claimed.channel == MESSAGE:
        return _post_message(db, claimed, asked)
    from swarm_agents.watch import channels  # loads subprocess and tempfile, which most verbs do without

    if claimed.channel == TMUX:
        return channels.show_in_tmux(db, asked, sockets, claimed.repeated)
    return channels.run_command(notify, asked, claimed.repeated)


def _post_message(db: Database, claimed: Announcement, asked: Escalation) -> tuple[str, str]:
    """Send the question to all agents, and record that in the same transaction."""
    with db.transaction() as tx:
        with tx.savepoint() as part:
            messages.post(tx, SWARM, EVERYONE, escalations.message_to_agents(build_row.read(tx), asked.reason))
        if not part.error:
            announcements.record_told(tx, claimed, "sent")
    return ("failed", part.error) if part.error else ("sent", "")


def _record(db: Database, claimed: Announcement, state: str, why: str) -> None:
    again = False
    with db.transaction() as tx:
        match state:
            case "failed":
                again = announcements.record_failure(tx, claimed, why)
            case "skipped":
                announcements.record_missing(tx, claimed, why)
            case _:
                announcements.record_told(tx, claimed, state)
    what = f"escalation {claimed.escalation} by {claimed.channel}"
    if state == "failed":
        then = f"again in {announcements.BACK_OFF_S[claimed.tries - 1]} s" if again else "not tried again"
        log.error(db.path, f"{what}: try {claimed.tries} of {announcements.TRIES} failed, {then}: {why}")
    else:
        log.info(db.path, f"{what}: {state} {why}".rstrip())


def _read_sockets(tx: Transaction) -> list[str]:
    """The tmux servers that agents are on, and the one that this process is in."""
    rows = tx.execute(
        "select distinct pane_socket from agents where pane_socket is not null and left_at is null order by pane_socket"
    )
    found = [str(row["pane_socket"]) for row in rows]
    own = os.environ.get("TMUX", "").rsplit(",", 2)[0]
    return [*found, own] if own and own not in found else found


def _spawn(database: Path) -> None:
    left_out = {"SWARM_AGENT", "TMUX_PANE"}  # the process acts for no agent
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
        spawn(setsid=True)  # it outlives the agent's shell, and its terminal
    except NotImplementedError:  # a C library without it
        spawn(setpgroup=0)


def _wait_for_courier(db: Database, config: Config) -> None:
    """Return when a courier has announced what is due, when no courier runs, or after `HEAD_START_S`."""
    give_up_at = time.monotonic() + HEAD_START_S
    while time.monotonic() < give_up_at:
        with db.reading() as tx:
            if lease.find_holder(tx) is None or not announcements.has_due(tx, _channels(config.notify, tx.now)):
                return
        time.sleep(0.1)
