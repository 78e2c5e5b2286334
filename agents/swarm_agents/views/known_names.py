"""The names of what is in the swarm, by kind, each with a hint: for completion and for suggestions."""

from __future__ import annotations

from swarm_agents.db.database import Database
from swarm_agents.text import one_line
from swarm_agents.values import NamedTuple

_MOST = 500  # the newest; a longer list helps no choice
_HINT_LENGTH = 60

# Per kind: rows of a name and a hint.
_QUERIES = {
    "agent": "select name, role as hint from agents order by left_at is not null, name",
    "recipient": "select name, role as hint from agents where left_at is null union all "
    "select distinct role, 'role' from agents where left_at is null union all values ('all', ''), ('human', '')",
    "task": "select id as name, title as hint from tasks order by number desc",
    "feature": "select distinct feature as name, '' as hint from tasks where feature is not null order by 1",
    "lock": "select path as name, holder as hint from locks order by path",
    "escalation": "select id as name, reason as hint from escalations where resolved_at is null order by id desc",
    "message": "select id as name, sender || ': ' || substr(body, 1, 100) as hint from messages order by id desc",
}
KINDS = tuple(_QUERIES)


class KnownName(NamedTuple):
    text: str
    hint: str = ""


def read(db: Database, kind: str) -> list[KnownName]:
    """The names of this kind that a line can hold: one with a line end or the like cannot be typed."""
    with db.reading() as tx:
        rows = list(tx.execute(f"select * from ({_QUERIES[kind]}) limit {_MOST}"))
    found = [KnownName(str(row["name"]), one_line(row["hint"], _HINT_LENGTH)) for row in rows]
    return [name for name in found if name.text == one_line(name.text, len(name.text))]
