"""Full-text search: the newest messages that hold some words."""

from swarm_agents.db import search
from swarm_agents.db.database import Database
from swarm_agents.messages import reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.messages.rows import NO_FILTER, MessageFilter


def grep(db: Database, text: str, limit: int = 50, only: MessageFilter = NO_FILTER) -> reading.MessagePage:
    """The messages that hold every word of `text`, or words that begin with them; newest first, not ranked.

    Each search first indexes the messages since the last one; the first search of a long log takes seconds.
    """
    reading.check_limit(limit)
    search.fill_index(db)
    with db.reading() as tx:
        condition = message_rows.make_condition(tx, only)
        rows = search.find_newest(tx, text, condition.sql, condition.values, limit + 1)
        return reading.make_page(rows[:limit], more=len(rows) > limit, floor=0)
