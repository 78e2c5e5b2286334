"""Questions to the human: the open ones, all of them, or one with the channels that announce it."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import Announcement
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.values import NamedTuple


class EscalationReport(NamedTuple):
    """Everything about one escalation, read in one transaction."""

    escalation: Escalation
    channels: tuple[Announcement, ...]
    """In the order of their tries."""


def read(db: Database, number: int) -> EscalationReport:
    """Raises `NotFound`."""
    with db.reading() as tx:
        return EscalationReport(escalations.find(tx, number), tuple(announcements.list_channels(tx, number)))


def read_open(db: Database) -> tuple[Escalation, ...]:
    """The unanswered ones, oldest first."""
    with db.reading() as tx:
        return tuple(escalations.list_open(tx))


def read_latest(db: Database, limit: int) -> tuple[Escalation, ...]:
    """Also the answered ones, newest first."""
    with db.reading() as tx:
        return tuple(escalations.list_latest(tx, limit))


def read_open_channels(db: Database) -> tuple[Announcement, ...]:
    """Every channel of every unanswered escalation."""
    with db.reading() as tx:
        return tuple(one for asked in escalations.list_open(tx) for one in announcements.list_channels(tx, asked.id))
