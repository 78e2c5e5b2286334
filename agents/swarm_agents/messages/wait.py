"""Waiting for a message: returns within a second of a match, at the deadline, or when the phase ends."""

import time

from swarm_agents import phases
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.messages import reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.reading import MessagePage
from swarm_agents.messages.rows import MessageFilter
from swarm_agents.phases import Phase
from swarm_agents.roster import Agent

_LOOK_EVERY_S = 0.5  # even without a wake-up: one may be lost


def wait(
    db: Database, reader: Agent | None, only: MessageFilter, timeout_s: float, after: int | None = None
) -> MessagePage | Phase | None:
    """Wait for the first message that matches. Returns None at the deadline, and the filter's phase when it ends.

    An agent without `after` waits for messages that it has not read, so an answer that came before the wait began
    counts. With `after`, any message after that cursor counts. The human (reader None) without `after` waits for
    messages that are sent from now on.
    """
    give_up_at = time.monotonic() + timeout_s
    with db.subscribe() as commits:
        while True:
            with db.reading() as tx:
                if reader is None and after is None:
                    after = message_rows.find_last_id(tx)
                page = _read_match(tx, reader, only, after)
                if page.messages:
                    return page
                phase = phases.find(tx, only.phase) if only.phase else None
                if phase is not None and phase.end is not None:
                    return phase
            left_s = give_up_at - time.monotonic()
            if left_s <= 0:
                return None
            commits.wait(min(left_s, _LOOK_EVERY_S))


def _read_match(tx: Transaction, reader: Agent | None, only: MessageFilter, after: int | None) -> MessagePage:
    if reader is not None and after is None:
        return reading.find_unread(tx, reader, 1, only)
    return reading.poll(tx, reader, after or 0, 1, only)
