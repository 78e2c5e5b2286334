"""The courier: one part of each host types what is queued, and records no more than it saw.

Many may run, in dashboards and as `swarm courier`; the one that holds the lease types, the others stand by. Two that
both believe to hold it, because one of them was frozen, still type nothing twice (docs/deliveries.md).
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from swarm_agents.courier import border, injections
from swarm_agents.courier.screen_reader import Sight
from swarm_agents.courier.typist import ROUND_S, Due, Typist
from swarm_agents.db.database import Database
from swarm_agents.errors import Unavailable
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import DeliveryState, PaneAddress
from swarm_agents.panes import Look, NoAnswer, ServerGone, tmux
from swarm_agents.system.parallel import ParallelTasks

LEASE_S = 10.0  # of the one who types: when it is frozen, another one follows after this; when it is killed, at once
_RENEW_S = 3.0
_LOOK_EVERY_S = 2.0  # at panes for which nothing waits
_NO_ANSWER_S = 5.0  # until a server that did not answer is asked again; asking costs as much, and others wait
_IDLE_S = 1.0  # between two rounds when nobody rings
_SERVE_S = 1.0  # that a round waits for tmux servers; what takes longer goes on, and the others' panes do not wait
_BUSY_S = 0.3  # between two rounds while something is on its way

Looks = Mapping[str, Look | ServerGone | NoAnswer]


@dataclass(frozen=True)
class Round:
    """What a round saw. `leads` is false when another courier types; then nothing else was done."""

    leads: bool
    looks: Looks = field(default_factory=dict)
    """By socket; the last one of each server."""
    gone_agents: tuple[str, ...] = ()
    """Whose pane is missing, dead or replaced on a server that answered."""
    living_agents: tuple[str, ...] = ()
    """Whose pane was seen with their process in it. Of the others nothing is known."""
    moving: bool = False
    """Something is on its way: the next round should come soon."""


After = Callable[[Database, Round], None]
Complain = Callable[[Unavailable], None]


class Courier:
    """Types what is queued. May be called from any thread; opens the database anew for each round."""

    def __init__(self, database: Path, own_profiles: Mapping[str, Any] | None = None, on_borders: bool = False) -> None:
        """`own_profiles` are the tables `[profiles.NAME]` of swarm.toml. Raises `BadConfig`.

        With `on_borders` panes say what waits for their agents, see `border`.
        """
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._database = database
        self._typist = Typist(screen_profiles.load_profiles(own_profiles))
        self._servers: ParallelTasks[Look | ServerGone | NoAnswer] = ParallelTasks()
        self._on_borders = on_borders
        self._running = threading.Lock()
        self._leads_until = 0.0
        self._renew_at = 0.0
        self._look_at = 0.0
        self._ask_again_at: dict[str, float] = {}

    def tick(self) -> Round | None:
        """One round for every known server; None when one is running already: rounds are dropped, never queued.

        A tmux server that does not answer costs a second, so never call this from an event loop.
        """
        with Database(self._database) as db:
            return self._tick(db)

    def run(self, stop: threading.Event, after: After | None = None, complain: Complain | None = None) -> None:
        """Rounds until `stop` is set, woken by what others commit.

        `after` is called with the database and what the round saw. What is unavailable for a while (a locked
        database, no tmux) is told to `complain`, once, and tried again.
        """
        told = ""
        with Database(self._database) as db, db.subscribe() as commits:
            while not stop.is_set():
                try:
                    done = self._tick(db)
                    if after is not None and done is not None:
                        after(db, done)
                    told = ""
                except Unavailable as error:
                    done = None
                    if complain is not None and error.message != told:
                        complain(error)
                    told = error.message
                commits.wait(_BUSY_S if done is not None and done.moving else _IDLE_S)
        self.retire()

    def retire(self) -> None:
        """Leave the work to another courier at once."""
        self._leads_until = 0.0
        with Database(self._database) as db, db.transaction() as tx:
            injections.retire(tx, self.name)
        self._servers.run({}, tmux.LIMIT_S + ROUND_S)  # no tmux process is left behind

    def _tick(self, db: Database) -> Round | None:
        if not self._running.acquire(blocking=False):
            return None
        try:
            if not self._leads(db):
                return Round(leads=False)
            done = self._round(db)
            self._stay_leader(db)
            return done
        finally:
            self._running.release()

    def _leads(self, db: Database) -> bool:
        if time.monotonic() < self._leads_until:
            return True
        with db.reading() as tx:
            leader = injections.leader(tx)
        if leader is not None and leader != self.name and _is_alive(leader):
            return False
        return self._lead(db, dead=leader)

    def _stay_leader(self, db: Database) -> None:
        """After a round, so that no line waits for it."""
        if time.monotonic() >= self._renew_at:
            self._lead(db)

    def _lead(self, db: Database, dead: str | None = None) -> bool:
        now = time.monotonic()
        with db.transaction() as tx:
            leads = injections.lead(tx, self.name, int(LEASE_S * 1000), dead)
        self._renew_at = now + _RENEW_S
        self._leads_until = now + LEASE_S - ROUND_S if leads else 0.0
        return leads

    def _round(self, db: Database) -> Round:
        with db.reading() as tx:
            waiting, under_way, agents = (
                injections.waiting(tx),
                injections.under_way(tx),
                injections.agents_in_panes(tx),
            )
        if any(each.moot for each in waiting):
            _drop_moot(db)
        due = dict(self._typist.due(waiting, under_way))
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_EVERY_S
            for pane in agents.values():
                known = due.get(pane.socket, Due())
                due[pane.socket] = replace(known, idle=known.idle | {pane})
        work = {socket: partial(self._serve, socket, due[socket]) for socket in due if self._answers(socket)}
        looks = self._servers.run(work, _SERVE_S)
        with db.reading() as tx:
            moving = bool(injections.under_way(tx))
        seen = {name: pane for name, pane in agents.items() if isinstance(looks.get(pane.socket), Look)}
        gone = gone_agents(seen, looks)
        return Round(True, looks, gone, tuple(name for name in seen if name not in gone), moving)

    def _answers(self, socket: str) -> bool:
        return time.monotonic() >= self._ask_again_at.get(socket, 0.0)

    def _serve(self, socket: str, due: Due) -> Look | ServerGone | NoAnswer:
        seen = self._seen(socket, due)
        if isinstance(seen, NoAnswer):
            self._ask_again_at[socket] = time.monotonic() + _NO_ANSWER_S
        return seen

    def _seen(self, socket: str, due: Due) -> Look | ServerGone | NoAnswer:
        if not due.panes and not self._on_borders:  # what happens all day long opens no database
            match self._typist.look(socket, due):
                case Sight(look):
                    return look
                case NoAnswer() as unknown:
                    return unknown
        # What is on its way into panes is of no use to anybody after the machine, and with it the panes, went down.
        with Database(self._database, lasting=False) as db:
            seen = self._typist.serve(db, socket, due)
            if self._on_borders and isinstance(seen, Look):
                border.show(db, seen)
            return seen


def _is_alive(name: str) -> bool:
    try:
        os.kill(int(name.partition("-")[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def gone_agents(agents: Mapping[str, PaneAddress], looks: Looks) -> tuple[str, ...]:
    """Who is certainly gone: the server answered, and the pane is missing, dead, or runs another process.

    A server that did not answer proves nothing, and one that is gone may only have been restarted for all of them.
    """
    return tuple(name for name, pane in agents.items() if _is_gone(pane, looks.get(pane.socket)))


def _is_gone(pane: PaneAddress, seen: Look | ServerGone | NoAnswer | None) -> bool:
    if not isinstance(seen, Look):
        return False
    found = seen.pane(pane)
    return found is None or found.dead


def _drop_moot(db: Database) -> None:
    with db.transaction() as tx:
        for each in injections.waiting(tx):
            if each.moot:
                injections.drop(tx, [each], DeliveryState.SKIPPED, "expired", each.moot)
