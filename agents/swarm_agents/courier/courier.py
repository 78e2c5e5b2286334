"""The courier: types queued notices into panes, in rounds, and records only what it saw.

Many may run, in dashboards and as `swarm courier`. The one that holds the host's lease types, the others stand by. Even
when two believe that they hold it, because one was frozen, nothing is typed twice (docs/deliveries.md).
"""

import os
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from swarm_agents.courier import border, injections, lease, steps
from swarm_agents.courier.screen_reader import ScreenReading
from swarm_agents.courier.typist import ROUND_S, PendingWork, Typist
from swarm_agents.db.database import Database
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes import tmux
from swarm_agents.panes.snapshot import ServerSnapshot
from swarm_agents.panes.tmux import NoAnswer, ServerGone
from swarm_agents.system.parallel import ParallelTasks

LEASE_S = 10.0  # when the holder is frozen, another courier takes over after this; when it is killed, at once
_RENEW_S = 3.0
_READ_EVERY_S = 2.0  # panes for which nothing waits
_NO_ANSWER_S = 5.0  # until a server that did not answer is asked again; each question may wait as long
_SERVE_S = 1.0  # that a round waits for tmux servers; slower ones continue in the background

Snapshots = Mapping[str, ServerSnapshot | ServerGone | NoAnswer]


@dataclass(frozen=True)
class CourierRound:
    """What a round saw. `leads` is False when another courier types; then this one did nothing else."""

    leads: bool
    snapshots: Snapshots = field(default_factory=dict)
    """The last snapshot of each server, by socket."""
    gone_agents: tuple[str, ...] = ()
    """Agents whose pane is missing, dead or replaced on a server that answered."""
    living_agents: tuple[str, ...] = ()
    """Agents whose pane was seen with their process in it. Of all other agents nothing is known."""
    lost_panes: Mapping[str, tuple[PaneAddress, str]] = field(default_factory=dict)
    """By agent: the pane, and why it does not run the agent's process, also where its server is gone."""
    moving: bool = False
    """A line is on its way: the next round should follow soon."""


class Courier:
    """Types queued notices. Any thread may call it; each round opens the database."""

    def __init__(self, database: Path, own_profiles: Mapping[str, Any] | None = None, on_borders: bool = False) -> None:
        """For the parameters see `configure`."""
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._database = database
        self.configure(own_profiles, on_borders)
        self._servers: ParallelTasks[ServerSnapshot | ServerGone | NoAnswer] = ParallelTasks()
        self._running = threading.Lock()
        self._leads_until = 0.0
        self._renew_at = 0.0
        self._read_at = 0.0
        self._ask_again_at: dict[str, float] = {}

    def configure(self, own_profiles: Mapping[str, Any] | None, on_borders: bool) -> None:
        """For the rounds from now on. `own_profiles` are the tables `[profiles.NAME]` of swarm.toml.

        With `on_borders`, pane borders show what waits for their agents, see `border`. Raises `BadConfig`.
        """
        self._typist = Typist(screen_profiles.load_profiles(own_profiles))
        self._on_borders = on_borders

    def run_round(self, open_db: Database | None = None) -> CourierRound | None:
        """One round over all tmux servers; None when a round is running already: rounds are dropped, never queued.

        With `open_db`, its lease is renewed there, which is no commit of another connection to the caller. A tmux
        server that does not answer costs a second, so never call this from an event loop.
        """
        if open_db is not None:
            return self._try_round(open_db)
        with Database(self._database) as db:
            return self._try_round(db)

    def retire(self) -> None:
        """End the lease, so that another courier takes over at once."""
        self._leads_until = 0.0
        with Database(self._database) as db, db.transaction() as tx:
            lease.release(tx, self.name)
        self._servers.run({}, tmux.LIMIT_S + ROUND_S)  # no tmux process is left behind

    def _try_round(self, db: Database) -> CourierRound | None:
        if not self._running.acquire(blocking=False):
            return None
        try:
            if not self._leads(db):
                return CourierRound(leads=False)
            done = self._round(db)
            self._renew_lease(db)
            return done
        finally:
            self._running.release()

    def _leads(self, db: Database) -> bool:
        if time.monotonic() < self._leads_until:
            return True
        with db.reading() as tx:
            holder = lease.find_holder(tx)
        if holder is not None and holder != self.name and _is_alive(holder):
            return False
        return self._take_lease(db, dead=holder)

    def _renew_lease(self, db: Database) -> None:
        """Renew the lease if it is time: after a round, so that no line waits for it."""
        if time.monotonic() >= self._renew_at:
            self._take_lease(db)

    def _take_lease(self, db: Database, dead: str | None = None) -> bool:
        now = time.monotonic()
        with db.transaction() as tx:
            leads = lease.acquire(tx, self.name, int(LEASE_S * 1000), dead)
        self._renew_at = now + _RENEW_S
        self._leads_until = now + LEASE_S - ROUND_S if leads else 0.0
        return leads

    def _round(self, db: Database) -> CourierRound:
        with db.reading() as tx:
            waiting, under_way, agents = (
                injections.list_waiting(tx),
                injections.list_all(tx),
                injections.find_agent_panes(tx),
            )
        if any(each.drop_reason for each in waiting):
            _drop_obsolete(db)
        work = dict(self._typist.find_work(waiting, under_way))
        if time.monotonic() >= self._read_at:
            self._read_at = time.monotonic() + _READ_EVERY_S
            for pane in agents.values():
                known = work.get(pane.socket, PendingWork())
                work[pane.socket] = replace(known, idle=known.idle | {pane})
        calls = {socket: partial(self._serve, socket, work[socket]) for socket in work if self._may_ask(socket)}
        snapshots = self._servers.run(calls, _SERVE_S)
        with db.reading() as tx:
            moving = bool(injections.list_all(tx))
        seen = {name: pane for name, pane in agents.items() if isinstance(snapshots.get(pane.socket), ServerSnapshot)}
        gone, living = find_gone_agents(seen, snapshots), find_living_agents(seen, snapshots)
        return CourierRound(True, snapshots, gone, living, find_lost_panes(agents, snapshots), moving)

    def _may_ask(self, socket: str) -> bool:
        return time.monotonic() >= self._ask_again_at.get(socket, 0.0)

    def _serve(self, socket: str, work: PendingWork) -> ServerSnapshot | ServerGone | NoAnswer:
        seen = self._serve_or_read(socket, work)
        if isinstance(seen, NoAnswer):
            self._ask_again_at[socket] = time.monotonic() + _NO_ANSWER_S
        return seen

    def _serve_or_read(self, socket: str, work: PendingWork) -> ServerSnapshot | ServerGone | NoAnswer:
        if not work.panes and not self._on_borders:  # the usual case opens no database
            match self._typist.read_screens(socket, work):
                case ScreenReading(snapshot):
                    return snapshot
                case NoAnswer() as unknown:
                    return unknown
        # Injections need not survive a crash of the machine, because the panes do not either.
        with Database(self._database, durable=False) as db:
            seen = self._typist.serve_server(db, socket, work)
            if self._on_borders and isinstance(seen, ServerSnapshot):
                border.update_borders(db, seen)
            return seen


def _is_alive(name: str) -> bool:
    try:
        os.kill(int(name.partition("-")[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def find_gone_agents(agents: Mapping[str, PaneAddress], snapshots: Snapshots) -> tuple[str, ...]:
    """Agents that are certainly gone: the server answered, and the pane is missing, dead, or runs another process.

    A server that did not answer proves nothing, and a server that is gone may have been restarted.
    """
    return tuple(name for name, pane in agents.items() if _has_process(pane, snapshots) is False)


def find_living_agents(agents: Mapping[str, PaneAddress], snapshots: Snapshots) -> tuple[str, ...]:
    """Agents whose pane was seen with their process in it."""
    return tuple(name for name, pane in agents.items() if _has_process(pane, snapshots))


def find_lost_panes(agents: Mapping[str, PaneAddress], snapshots: Snapshots) -> dict[str, tuple[PaneAddress, str]]:
    """By agent: the pane and why it does not run the agent's process; nothing of servers that did not answer."""
    found = {}
    for name, pane in agents.items():
        match snapshots.get(pane.socket):
            case ServerGone():
                found[name] = (pane, "server-gone")
            case ServerSnapshot() as seen if seen.has_process(pane) is False:
                found[name] = (pane, steps.explain_loss(seen, pane))
    return found


def _has_process(pane: PaneAddress, snapshots: Snapshots) -> bool | None:
    seen = snapshots.get(pane.socket)
    return seen.has_process(pane) if isinstance(seen, ServerSnapshot) else None


def _drop_obsolete(db: Database) -> None:
    with db.transaction() as tx:
        for each in injections.list_waiting(tx):
            if each.drop_reason:
                injections.drop_deliveries(tx, [each], DeliveryState.SKIPPED, "expired", each.drop_reason)
