"""The agents of the swarm: joining under a unique name, adopting a name after a restart, finding agents."""

from __future__ import annotations

import os

from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import AlreadyTaken, NotFound
from swarm_agents.late import load_late
from swarm_agents.model import PaneAddress
from swarm_agents.text import RESERVED_NAMES, ago, checked_name
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from swarm_agents import events
else:
    events = load_late("swarm_agents.events")

FREE_AFTER_MS = 30 * 60_000  # a name without a pane is free again after so long without a command


# What the pane's own server said. Else a later command of the agent counts more: it may run in another container.
_CERTAIN_LOSSES = frozenset({"gone", "replaced", "dead"})


class PaneLoss(NamedTuple):
    """Why an agent's pane is no longer its own, and when that was first seen (UTC ms).

    `why`: `gone` `replaced` `dead`, as tmux said; `server-gone`, no server answered; `ended`, its process is not there.
    """

    why: str
    at: int

    @property
    def is_certain(self) -> bool:
        return self.why in _CERTAIN_LOSSES

    @property
    def source(self) -> str:
        return "the process table" if self.why == "ended" else "tmux"


class Agent(NamedTuple):
    """`left_at` is None until it leaves; `pane` is None for an agent outside tmux. Times in UTC ms."""

    name: str
    role: str
    joined_at: int
    seen_at: int
    left_at: int | None
    pane: PaneAddress | None
    seen_loss: PaneLoss | None = None
    """What was last seen of its pane; None while the pane is there, or no look has found it gone."""

    @property
    def pane_loss(self) -> PaneLoss | None:
        """Its pane is gone, as far as is known; None while it is there."""
        seen = self.seen_loss
        return seen if seen and (seen.is_certain or self.seen_at <= seen.at) else None


def join(db: Database, name: str, role: str, pane: PaneAddress | None, pane_alive: bool = True) -> Agent:
    """Enter the roster. Joining again from the same pane is harmless.

    Raises `AlreadyTaken` when the name is in use: in another pane that is alive, or without a pane and seen in the
    last half hour. `pane_alive` tells whether the pane that the name is registered with still runs the same process.
    """
    _check_names(name, role)
    with db.transaction() as tx:
        held = _row(tx, name)
        if held and _is_in_use(tx, held, pane, pane_alive):
            raise AlreadyTaken(
                f"The name {name} is in use (last seen {ago(tx.now - held['seen_at'])}). Choose another "
                "one; only if you are that agent, restarted, adopt it.",
                next=f"swarm agent adopt {name}",
            )
        return _enter(tx, name, role, pane, "joined")


def adopt(db: Database, name: str, pane: PaneAddress | None) -> Agent:
    """Continue under a known name, in a new pane or process. Raises `NotFound` for an unknown name."""
    with db.transaction() as tx:
        role = find(tx, name, left_too=True).role
        return _enter(tx, name, role, pane, "adopted")


def list_all(tx: Transaction) -> list[Agent]:
    """Every agent by name; agents that left come last."""
    rows = tx.execute("select * from agents order by case when left_at is null then 0 else 1 end, name")
    return [_agent(row) for row in rows]


def list_present(tx: Transaction) -> list[Agent]:
    return [_agent(row) for row in tx.execute("select * from agents where left_at is null order by name")]


def find(tx: Transaction, name: str, left_too: bool = False) -> Agent:
    """The agent of that name. Raises `NotFound` when there is none, or it left and not `left_too`."""
    row = _row(tx, checked_name(name))
    if row is None or (row["left_at"] is not None and not left_too):
        raise NotFound(f"No agent {name} has joined here.", next="swarm agent list", kind="agent", name=name)
    return _agent(row)


def find_caller(tx: Transaction, name: str) -> Agent:
    """The agent that calls: as `find`, but an agent that has not joined is told to do so."""
    try:
        return find(tx, name)
    except NotFound as error:
        raise NotFound(error.message, next=f"swarm agent join {name}", kind="agent", name=name) from None


def read(db: Database, name: str) -> Agent:
    """The agent of that name. Raises `NotFound` when there is none, or it left."""
    with db.reading() as tx:
        return find(tx, name)


def find_registered_pane(db: Database, name: str) -> PaneAddress | None:
    with db.reading() as tx:
        row = _row(tx, name)
        return _pane(row) if row else None


def record_pane_looks(db: Database, lost: Mapping[str, tuple[PaneAddress, str]], living: Iterable[str] = ()) -> None:
    """Record what a look saw of agents' panes: why each is lost, and which are there. Writes only what is new."""
    if not lost and not living:
        return
    with db.reading() as tx:
        here = {agent.name: agent for agent in list_present(tx)}
    changes: list[tuple[Agent, str | None]] = [
        (here[name], why)
        for name, (pane, why) in lost.items()
        if name in here and here[name].pane == pane and _is_news(here[name].seen_loss, why)
    ]
    changes += [(here[name], None) for name in living if name in here and here[name].seen_loss]
    if changes:
        with db.transaction() as tx:
            for agent, why in changes:
                _write_look(tx, agent, why)


def record_ended_panes(db: Database) -> None:
    """Record agents whose pane has lost its process. Asks no tmux: too slow for a verb that is run often."""
    with db.reading() as tx:
        unknown = [agent for agent in list_present(tx) if agent.pane and not agent.seen_loss]
    lost = {agent.name: (agent.pane, "ended") for agent in unknown if agent.pane and not _runs(agent.pane.pane_pid)}
    record_pane_looks(db, lost)


def check_process(agent: Agent) -> Agent:
    """The agent with what the process table tells of its pane, where no look was recorded yet. Writes nothing.

    An agent of another container has its tmux socket there: then nothing is known of its process here.
    """
    pane = agent.pane
    if pane is None or agent.left_at is not None or agent.seen_loss or not os.path.exists(pane.socket):
        return agent
    return agent if _runs(pane.pane_pid) else agent._replace(seen_loss=PaneLoss("ended", agent.seen_at))


def _is_news(known: PaneLoss | None, why: str) -> bool:
    return known is None or (known.why != why and why in _CERTAIN_LOSSES)


def _write_look(tx: Transaction, agent: Agent, why: str | None) -> None:
    assert agent.pane is not None
    tx.execute(
        "update agents set pane_lost = :why, pane_lost_at = :at where name = :name and left_at is null "
        "and pane_server = :server and pane_id = :pane_id and pane_pid = :pane_pid",
        why=why,
        at=tx.now if why else None,
        name=agent.name,
        server=agent.pane.server,
        pane_id=agent.pane.pane_id,
        pane_pid=agent.pane.pane_pid,
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (
                b"Z",
                b"X",
            )  # ended, but its parent has not seen it
    except OSError:  # another system than Linux
        return True


def _check_names(name: str, role: str) -> None:
    checked_name(name)
    checked_name(role, "role")
    if name in RESERVED_NAMES:
        raise AlreadyTaken(f"The name {name} is reserved. Choose another one.")


def _is_in_use(tx: Transaction, held: Row, pane: PaneAddress | None, pane_alive: bool) -> bool:
    if held["left_at"] is not None:
        return False
    registered = _pane(held)
    if registered:
        return registered != pane and pane_alive
    return bool(tx.now - held["seen_at"] < FREE_AFTER_MS)


def _enter(tx: Transaction, name: str, role: str, pane: PaneAddress | None, kind: str) -> Agent:
    row = tx.one(
        "insert into agents (name, role, joined_at, seen_at, inbox_floor, pane_socket, pane_server, pane_id, pane_pid) "
        "values (:name, :role, :now, :now, (select coalesce(max(id), 0) from messages), "
        ":socket, :server, :pane_id, :pane_pid) "
        "on conflict (name) do update set role = excluded.role, seen_at = excluded.seen_at, left_at = null, "
        "pane_socket = excluded.pane_socket, pane_server = excluded.pane_server, pane_id = excluded.pane_id, "
        "pane_pid = excluded.pane_pid, pane_lost = null, pane_lost_at = null returning *",
        name=name,
        role=role,
        now=tx.now,
        socket=pane.socket if pane else None,
        server=pane.server if pane else None,
        pane_id=pane.pane_id if pane else None,
        pane_pid=pane.pane_pid if pane else None,
    )
    assert row is not None
    events.record(tx, name, kind, f"role {role}" + (f", pane {pane.pane_id}" if pane else ""))
    return _agent(row)


def _row(tx: Transaction, name: str) -> Row | None:
    return tx.one("select * from agents where name = :name", name=name)


def _agent(row: Row) -> Agent:
    return Agent(
        name=row["name"],
        role=row["role"],
        joined_at=row["joined_at"],
        seen_at=row["seen_at"],
        left_at=row["left_at"],
        pane=_pane(row),
        seen_loss=PaneLoss(row["pane_lost"], row["pane_lost_at"]) if row["pane_lost"] else None,
    )


def _pane(row: Row) -> PaneAddress | None:
    if row["pane_id"] is None:
        return None
    return PaneAddress(row["pane_socket"], row["pane_server"], row["pane_id"], row["pane_pid"])
