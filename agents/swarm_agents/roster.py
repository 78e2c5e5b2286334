"""The agents of the swarm: joining under a unique name, adopting a name after a restart, finding agents."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import AlreadyTaken, NotFound
from swarm_agents.late import load_late
from swarm_agents.model import PaneAddress
from swarm_agents.text import RESERVED_NAMES, ago, checked_name
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents import events
else:
    events = load_late("swarm_agents.events")

FREE_AFTER_MS = 30 * 60_000  # a name without a pane is free again after so long without a command


class Agent(NamedTuple):
    """`left_at` is None until it leaves; `pane` is None for an agent outside tmux. Times in UTC ms."""

    name: str
    role: str
    joined_at: int
    seen_at: int
    left_at: int | None
    pane: PaneAddress | None


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
        raise NotFound(f"No agent {name} has joined here.", next="swarm agent list")
    return _agent(row)


def find_caller(tx: Transaction, name: str) -> Agent:
    """The agent that calls: as `find`, but an agent that has not joined is told to do so."""
    try:
        return find(tx, name)
    except NotFound as error:
        raise NotFound(error.message, next=f"swarm agent join {name}") from None


def read(db: Database, name: str) -> Agent:
    """The agent of that name. Raises `NotFound` when there is none, or it left."""
    with db.reading() as tx:
        return find(tx, name)


def find_registered_pane(db: Database, name: str) -> PaneAddress | None:
    with db.reading() as tx:
        row = _row(tx, name)
        return _pane(row) if row else None


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
        "pane_pid = excluded.pane_pid returning *",
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
    )


def _pane(row: Row) -> PaneAddress | None:
    if row["pane_id"] is None:
        return None
    return PaneAddress(row["pane_socket"], row["pane_server"], row["pane_id"], row["pane_pid"])
