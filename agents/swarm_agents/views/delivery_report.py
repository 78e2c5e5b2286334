"""How far notices came on their way into panes."""

from swarm_agents.db.database import Database
from swarm_agents.messages import deliveries
from swarm_agents.messages.deliveries import DeliveryTimeline
from swarm_agents.model import Delivery


def read_latest(db: Database, limit: int) -> tuple[Delivery, ...]:
    """The newest deliveries of any message, newest first."""
    with db.reading() as tx:
        return tuple(deliveries.list_latest(tx, limit))


def read_message(db: Database, message: int) -> tuple[Delivery, ...]:
    """The deliveries of one message, by agent."""
    with db.reading() as tx:
        return tuple(deliveries.list_for_message(tx, message))


def read_timelines(db: Database, message: int) -> tuple[DeliveryTimeline, ...]:
    """The deliveries of one message with the time of each step, by agent."""
    with db.reading() as tx:
        return tuple(deliveries.list_timelines(tx, message))
