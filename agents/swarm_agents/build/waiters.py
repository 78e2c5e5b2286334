"""The line of agents that wait for green: one row for each, with ticket and deadline."""

from __future__ import annotations

from swarm_agents.db.deadlines import columns, value_in
from swarm_agents.db.transaction import Transaction
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

_DEADLINE = columns("deadline")

FORGET_AFTER_MS = 60_000  # past its deadline; long enough to repeat the command and keep the place


class Waiter(NamedTuple):
    """An agent in line. `since` and `deadline` in UTC ms."""

    agent: str
    ticket: int
    since: int
    deadline: int


def join_line(tx: Transaction, agent: str, incident: int, wait_s: float) -> tuple[int, int]:
    """The agent's ticket and deadline (UTC ms). An agent in line keeps its ticket and gets a new deadline."""
    row = tx.one(
        f"insert into waiters (agent, incident_id, since, deadline, {_DEADLINE.names}) "
        f"values (:agent, :incident, :now, :now + :wait_ms, {value_in(':wait_ms')}) "
        f"on conflict (agent) do update set deadline = excluded.deadline, {_DEADLINE.taken_over} "
        "returning ticket, deadline",
        agent=agent,
        incident=incident,
        now=tx.now,
        wait_ms=int(wait_s * 1000),
        **tx.clock,
    )
    assert row is not None
    return row["ticket"], row["deadline"]


def leave(tx: Transaction, agent: str) -> None:
    _remove(tx, "agent = :agent", agent=agent)


def dismiss_all(tx: Transaction) -> None:
    """Empty the line: the build is green, or a human was asked."""
    _remove(tx, "1 = 1")


def has_overdue(tx: Transaction) -> bool:
    return tx.one(f"select 1 from waiters where {_OVERDUE} limit 1", grace=FORGET_AFTER_MS, **tx.clock) is not None


def forget_overdue(tx: Transaction) -> None:
    _remove(tx, _OVERDUE, grace=FORGET_AFTER_MS, **tx.clock)


def list_waiting(tx: Transaction) -> list[Waiter]:
    """The line, first in line first."""
    rows = tx.execute("select agent, ticket, since, deadline from waiters order by ticket")
    return [Waiter(row["agent"], row["ticket"], row["since"], row["deadline"]) for row in rows]


_OVERDUE = _DEADLINE.is_not_after(":mono - :grace", ":boot")


def _remove(tx: Transaction, which: str, **values: Any) -> None:
    """Take agents out of the line, and record how long they were in it."""
    for row in tx.execute(f"delete from waiters where {which} returning incident_id, agent, since, deadline", **values):
        tx.execute(
            "insert into waits (incident_id, agent, since, until) values (:incident, :agent, :since, :until)",
            incident=row["incident_id"],
            agent=row["agent"],
            since=row["since"],
            until=max(row["since"], min(tx.now, row["deadline"])),
        )
