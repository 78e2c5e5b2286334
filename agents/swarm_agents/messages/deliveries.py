"""Deliveries: how far the notice of each message came on its way into each pane. Rows only; the courier types.

queued ──► typed ──► submitted ──► read          read: the agent has read the message
  ├──► skipped(reason)   nothing was typed        only `read` counts as delivered
  ├──► failed(reason)    its pane is gone         any state becomes `read`
  └──► unknown(reason)   unknown whether it was typed; only a human has it typed again
"""

from __future__ import annotations

from swarm_agents.db.deadlines import DeadlineColumns, value_in
from swarm_agents.db.transaction import Row, Transaction, among
from swarm_agents.errors import NotFound
from swarm_agents.model import EVERYONE, SWARM, Delivery, DeliveryState, MessageType
from swarm_agents.roster import Agent
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

EXPIRES_AT = DeadlineColumns("expires_mono_ms", "boot_id")
EXPIRES_S = 900  # a notice that is older only disturbs; the message stays in the inbox

RETRYABLE_STATES = frozenset({DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.UNKNOWN})
_RETRYABLE = ", ".join(f"'{state}'" for state in sorted(RETRYABLE_STATES))


class DeliveryTimeline(NamedTuple):
    """How far a delivery came, and when (UTC ms); None for steps that were not observed."""

    delivery: Delivery
    queued_at: int
    typed_at: int | None
    submitted_at: int | None
    read_at: int | None


def queue(tx: Transaction, message_id: int, agents: Collection[Agent], expires_s: float = EXPIRES_S) -> list[Delivery]:
    """Make one row for each recipient, in the transaction that stores the message.

    `agents` are those that this transaction has read. An agent without a pane gets `skipped(no-tmux)`: it finds the
    message in its inbox. A status message of the swarm to all during an incident belongs to that incident: it is
    typed only while the incident is open, and replaces older ones that were not typed yet.
    """
    incident = _find_reported_incident(tx, message_id)
    if incident is not None:
        _skip_older(tx, message_id, incident)
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
    return [_make_queued(message_id, agent, tx.now) for agent in agents]


def mark_read(tx: Transaction, agent: str, message_ids: Iterable[int]) -> None:
    """Record that the agent has read these messages: the only proof that they arrived."""
    for message_id in message_ids:
        tx.execute(
            "update deliveries set state = 'read', reason = null, detail = '', at = :now, read_at = :now "
            "where message_id = :message_id and agent = :agent and state <> 'read'",
            message_id=message_id,
            agent=agent,
            now=tx.now,
        )


def list_for_message(tx: Transaction, message_id: int) -> list[Delivery]:
    """The deliveries of one message, by agent."""
    rows = tx.execute("select * from deliveries where message_id = :id order by agent", id=message_id)
    return [_make_delivery(row) for row in rows]


def list_for_latest_messages(tx: Transaction, messages: int) -> list[Delivery]:
    """The deliveries of the newest messages that have any; newest message first, then by agent."""
    rows = tx.execute(
        "select * from deliveries where message_id in "
        "(select message_id from deliveries group by message_id order by message_id desc limit :messages) "
        "order by message_id desc, agent",
        messages=messages,
    )
    return [_make_delivery(row) for row in rows]


def list_timelines(tx: Transaction, message_id: int) -> list[DeliveryTimeline]:
    """The deliveries of one message with the time of each step, by agent."""
    rows = tx.execute("select * from deliveries where message_id = :id order by agent", id=message_id)
    return [
        DeliveryTimeline(_make_delivery(row), row["queued_at"], row["typed_at"], row["submitted_at"], row["read_at"])
        for row in rows
    ]


def list_unreached_agents(tx: Transaction) -> list[tuple[Delivery, int]]:
    """For each present agent with failed or unknown deliveries: the newest of them, and how many there are."""
    rows = tx.execute(
        "select d.*, "
        "(select count(*) from deliveries e where e.agent = d.agent and e.state in ('failed', 'unknown')) as lost "
        "from agents a join deliveries d on d.id = (select max(f.id) from deliveries f "
        "where f.agent = a.name and f.state in ('failed', 'unknown')) "
        "where a.left_at is null order by d.id desc"
    )
    return [(_make_delivery(row), row["lost"]) for row in rows]


def count_queued(tx: Transaction) -> int:
    """How many deliveries wait to be typed."""
    row = tx.one("select count(*) as n from deliveries where state = 'queued'")
    return row["n"] if row else 0


def list_latest(tx: Transaction, limit: int) -> list[Delivery]:
    """The newest deliveries, newest first."""
    rows = tx.execute("select * from deliveries order by id desc limit :limit", limit=limit)
    return [_make_delivery(row) for row in rows]


def retry(tx: Transaction, message_id: int, agent: str | None = None) -> list[Delivery]:
    """Queue again what failed, was skipped or is unknown, for agents that have a pane now. Only a human orders this.

    With `agent`, for that one only. Deliveries that are queued, submitted or read do not change. Returns those that
    were queued. Raises `NotFound` when the message has no deliveries.
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
        f"and d.message_id = :message_id and d.agent = coalesce(:agent, d.agent) and d.state in ({_RETRYABLE}) "
        "returning id",
        message_id=message_id,
        agent=agent,
        now=tx.now,
        **tx.clock,
        expires_ms=int(EXPIRES_S * 1000),
    )
    return [_find_by_id(tx, row["id"]) for row in rows]


def _make_queued(message_id: int, agent: Agent, now: int) -> Delivery:
    if agent.pane is None:
        return Delivery(message_id, agent.name, None, DeliveryState.SKIPPED, "no-tmux", now)
    return Delivery(message_id, agent.name, agent.pane.pane_id, DeliveryState.QUEUED, None, now)


def _find_reported_incident(tx: Transaction, message_id: int) -> int | None:
    """The open incident, when the message is a status message of the swarm to all."""
    row = tx.one(
        "select b.incident_id from messages m join build_state b on b.id = 1 "
        "where m.id = :message_id and m.sender = :swarm and m.recipient = :everyone and m.type = :status "
        "and b.status <> 'passing'",
        message_id=message_id,
        status=MessageType.STATUS.value,  # other types, such as those about tasks, are typed whatever the build is
        swarm=SWARM,
        everyone=EVERYONE,
    )
    return row["incident_id"] if row else None


def _skip_older(tx: Transaction, message_id: int, incident: int) -> None:
    tx.execute(
        "update deliveries set state = 'skipped', reason = 'expired', detail = :detail, at = :now "
        "where state = 'queued' and token is null and incident_id = :incident and message_id < :message_id",
        detail=f"superseded by #{message_id}",
        incident=incident,
        message_id=message_id,
        now=tx.now,
    )


def _find_by_id(tx: Transaction, delivery_id: int) -> Delivery:
    row = tx.one("select * from deliveries where id = :id", id=delivery_id)
    assert row is not None
    return _make_delivery(row)


def _make_delivery(row: Row) -> Delivery:
    return Delivery(
        message=row["message_id"],
        agent=row["agent"],
        pane=row["pane_id"],
        state=DeliveryState(row["state"]),
        reason=row["reason"],
        at=row["at"],
        detail=row["detail"],
    )
