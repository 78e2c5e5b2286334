"""Searching what was said: by words, newest first, never by rank."""

from swarm_agents.db import search
from swarm_agents.db.database import Database
from swarm_agents.messages import reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import NO_FILTER, MessageFilter


def grep(db: Database, text: str, limit: int = 50, only: MessageFilter = NO_FILTER) -> reading.MessagePage:
    """The newest messages that hold every word of `text` (or one that begins with it), newest first.

    The first search of a long log takes seconds: it indexes what is new since the last one.
    """
    reading.check_limit(limit)
    search.fill_index(db)
    with db.reading() as tx:
        condition = message_rows.make_condition(tx, only)
        rows = search.find_newest(tx, text, condition.sql, condition.values, limit + 1)
        return reading.make_page(rows[:limit], more=len(rows) > limit, floor=0)
