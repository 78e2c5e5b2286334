"""One message at length, the newest messages, and how many there are."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.messages import ack_escalations, deliveries, reading, retention
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.reading import MessagePage
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.model import DeliveryState, Message, MessageType
from swarm_agents.roster import Agent
from swarm_agents.values import NamedTuple


class MessageRecipient(NamedTuple):
    """What became of a message at one agent. Times are UTC ms."""

    agent: str
    state: DeliveryState | None
    """None when no notice was made for it."""
    read_at: int | None
    acked_at: int | None
    ack: str | None
    """The state of the acknowledgement; None where none is required."""


class MessageReport(NamedTuple):
    """Everything about one message, read in one transaction; its recipients by name."""

    message: Message
    recipients: tuple[MessageRecipient, ...]


class PolledMessages(NamedTuple):
    page: MessagePage
    pruned_through: int
    """Messages up to this id may have been pruned; 0 when none was."""


def read(db: Database, number: int) -> MessageReport:
    """Raises `NotFound`."""
    with db.reading() as tx:
        message = message_rows.find(tx, number)
        states = {one.agent: one.state for one in deliveries.list_for_message(tx, message.id)}
        receipts = reading.read_receipts(tx, message.id)
        acks = {one.agent: one.state for one in ack_escalations.list_required(tx, message.retry_of or message.id)}
    names = sorted({*states, *receipts, *acks})
    recipients = (
        MessageRecipient(name, states.get(name), *receipts.get(name, (None, None)), acks.get(name)) for name in names
    )
    return MessageReport(message, tuple(recipients))


def poll(
    db: Database, reader: Agent | None, after: int, limit: int, only: MessageFilter, own_too: bool
) -> PolledMessages:
    """What `reading.poll` finds, and whether something before it was pruned. Marks nothing."""
    with db.reading() as tx:
        page = reading.poll(tx, reader, after, limit, only, own_too)
        return PolledMessages(page, retention.find_pruned_through(tx))


def read_log(db: Database, limit: int, only: MessageFilter) -> MessagePage:
    """The newest messages to all recipients, oldest first."""
    with db.reading() as tx:
        return reading.read_log(tx, limit, only)


def count_by_type(db: Database, since: int) -> dict[MessageType, int]:
    """How many messages of each type were sent since a time (UTC ms); types without any count 0."""
    with db.reading() as tx:
        return reading.count_by_type(tx, since)
