"""Deliveries: which message is on its way into which pane, and how far it came. Rows only; the courier types.

queued ──► typed ──► submitted ──► read          read: the agent took the message from the database
  ├──► skipped(reason)   nothing was typed        only `read` may be called delivered
  ├──► failed(reason)    its pane is no more      a read message is `read` whatever was before
  └──► unknown(reason)   nobody knows whether or how far it was typed: never typed again by itself
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Row, Transaction, among
from swarm_agents.errors import NotFound
from swarm_agents.model import EVERYONE, SWARM, Delivery, DeliveryState, MessageType
from swarm_agents.roster import Agent

EXPIRES_AT = DeadlineColumns("expires_mono_ms", "boot_id")
EXPIRES_S = 900  # a notice held for so long would only disturb; the message stays in the inbox

RETRYABLE_STATES = frozenset({DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.UNKNOWN})
_RETRIED = ", ".join(f"'{state}'" for state in sorted(RETRYABLE_STATES))


class DeliveryTimeline(NamedTuple):
    """How far a delivery came, and when: UTC milliseconds, None for what was not seen."""

    delivery: Delivery
    queued_at: int
    typed_at: int | None
    submitted_at: int | None
    read_at: int | None


def queue(tx: Transaction, message_id: int, agents: Collection[Agent], expires_s: float = EXPIRES_S) -> list[Delivery]:
    """One row for each recipient, in the transaction that stores the message.

    `agents` are as this transaction has them. One without a pane gets `skipped(no-tmux)`: it finds the message in
    its inbox. What the swarm itself says to all about a red build is worth typing only until that incident is over,
    or until it says something newer.
    """
    incident = _open_incident_told_of(tx, message_id)
    if incident is not None:
        _supersede(tx, message_id, incident)
    names, named = among(agent.name for agent in agents)
    # One statement: for 200 recipients one for each takes twice as long.
    tx.execute(
        "insert into deliveries (message_id, agent, pane_socket, pane_server, pane_id, pane_pid, state, "
        f"reason, incident_id, at, queued_at, {EXPIRES_AT.names}) "
        "select :message, name, pane_socket, pane_server, pane_id, pane_pid, "
        "case when pane_id is null then 'skipped' else 'queued' end, case when pane_id is null then 'no-tmux' end, "
        f":incident, :now, :now, {value_in(':expires_ms')} from agents where name in {names} order by name",
        **named,
        message=message_id,
        incident=incident,
        now=tx.now,
        **tx.clock,
        expires_ms=int(expires_s * 1000),
    )
    return [_made(message_id, agent, tx.now) for agent in agents]


def mark_read(tx: Transaction, agent: str, message_ids: Iterable[int]) -> None:
    """The agent took these messages from the database: the one proof that they arrived."""
    for message_id in message_ids:
        tx.execute(
            "update deliveries set state = 'read', reason = null, detail = '', at = :now, read_at = :now "
            "where message_id = :message_id and agent = :agent and state <> 'read'",
            message_id=message_id,
            agent=agent,
            now=tx.now,
        )


def list_for_message(tx: Transaction, message_id: int) -> list[Delivery]:
    """What became of one message, by agent."""
    rows = tx.execute("select * from deliveries where message_id = :id order by agent", id=message_id)
    return [_delivery(row) for row in rows]


def list_for_latest_messages(tx: Transaction, messages: int) -> list[Delivery]:
    """What became of the newest messages that had somebody to reach; newest first, then by agent."""
    rows = tx.execute(
        "select * from deliveries where message_id in "
        "(select message_id from deliveries group by message_id order by message_id desc limit :messages) "
        "order by message_id desc, agent",
        messages=messages,
    )
    return [_delivery(row) for row in rows]


def list_timelines(tx: Transaction, message_id: int) -> list[DeliveryTimeline]:
    """What was seen of each delivery of one message, by agent."""
    rows = tx.execute("select * from deliveries where message_id = :id order by agent", id=message_id)
    return [
        DeliveryTimeline(_delivery(row), row["queued_at"], row["typed_at"], row["submitted_at"], row["read_at"])
        for row in rows
    ]


def list_unreached_agents(tx: Transaction) -> list[tuple[Delivery, int]]:
    """For each agent that is here and that some notice did not reach: the newest of those, and how many there are."""
    rows = tx.execute(
        "select d.*, "
        "(select count(*) from deliveries e where e.agent = d.agent and e.state in ('failed', 'unknown')) as lost "
        "from agents a join deliveries d on d.id = (select max(f.id) from deliveries f "
        "where f.agent = a.name and f.state in ('failed', 'unknown')) "
        "where a.left_at is null order by d.id desc"
    )
    return [(_delivery(row), row["lost"]) for row in rows]


def count_queued(tx: Transaction) -> int:
    """How many wait to be typed."""
    row = tx.one("select count(*) as n from deliveries where state = 'queued'")
    return row["n"] if row else 0


def list_latest(tx: Transaction, limit: int) -> list[Delivery]:
    """The newest deliveries, newest first."""
    rows = tx.execute("select * from deliveries order by id desc limit :limit", limit=limit)
    return [_delivery(row) for row in rows]


def retry(tx: Transaction, message_id: int, agent: str | None = None) -> list[Delivery]:
    """A human's order to type it again: what failed, was skipped or is unknown, to agents that are here in a
    pane.

    With `agent`, to that one only. What is queued, arrived or was read is left alone. Raises `NotFound` when
    the message has no deliveries.
    """
    if not list_for_message(tx, message_id):
        raise NotFound(f"Message {message_id} has no deliveries.", next="swarm notice list")
    rows = tx.execute(
        "update deliveries as d set state = 'queued', reason = null, detail = '', token = null, at = :now, "
        "queued_at = :now, typed_at = null, submitted_at = null, incident_id = null, "
        f"{EXPIRES_AT.set_in(':expires_ms')}, "
        "pane_socket = a.pane_socket, pane_server = a.pane_server, "
        "pane_id = a.pane_id, pane_pid = a.pane_pid "
        "from agents a where a.name = d.agent and a.left_at is null and a.pane_id is not null "
        f"and d.message_id = :message_id and d.agent = coalesce(:agent, d.agent) and d.state in ({_RETRIED}) "
        "returning id",
        message_id=message_id,
        agent=agent,
        now=tx.now,
        **tx.clock,
        expires_ms=int(EXPIRES_S * 1000),
    )
    return [_by_id(tx, row["id"]) for row in rows]


def _made(message_id: int, agent: Agent, now: int) -> Delivery:
    if agent.pane is None:
        return Delivery(message_id, agent.name, None, DeliveryState.SKIPPED, "no-tmux", now)
    return Delivery(message_id, agent.name, agent.pane.pane_id, DeliveryState.QUEUED, None, now)


def _open_incident_told_of(tx: Transaction, message_id: int) -> int | None:
    row = tx.one(
        "select b.incident_id from messages m join build_state b on b.id = 1 "
        "where m.id = :message_id and m.sender = :swarm and m.recipient = :everyone and m.type = :status "
        "and b.status <> 'passing'",
        message_id=message_id,
        status=MessageType.STATUS.value,  # what it says of tasks is worth typing whatever the build is
        swarm=SWARM,
        everyone=EVERYONE,
    )
    return row["incident_id"] if row else None


def _supersede(tx: Transaction, message_id: int, incident: int) -> None:
    tx.execute(
        "update deliveries set state = 'skipped', reason = 'expired', detail = :detail, at = :now "
        "where state = 'queued' and token is null and incident_id = :incident and message_id < :message_id",
        detail=f"superseded by #{message_id}",
        incident=incident,
        message_id=message_id,
        now=tx.now,
    )


def _by_id(tx: Transaction, delivery_id: int) -> Delivery:
    row = tx.one("select * from deliveries where id = :id", id=delivery_id)
    assert row is not None
    return _delivery(row)


def _delivery(row: Row) -> Delivery:
    return Delivery(
        message=row["message_id"],
        agent=row["agent"],
        pane=row["pane_id"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        at=row["at"],
        detail=row["detail"],
    )
