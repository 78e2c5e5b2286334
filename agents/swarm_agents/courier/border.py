"""Tells on the borders of panes what waits in their agents' inboxes: the pane option `@swarm_notice`.

It types nothing, so it also reaches shells and programs that nobody knows. It shows only where the user's own
`pane-border-format` has `#{@swarm_notice}`; no option of a window, a session or a server is ever set.
"""

from collections import defaultdict
from collections.abc import Mapping

from swarm_agents import panes
from swarm_agents.courier import line as notices
from swarm_agents.courier.line import Announced
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.model import PaneAddress
from swarm_agents.panes import Look

OPTION = "@swarm_notice"

_AT_ONCE = 1_000  # unread notices looked at, the newest; a border has room for one line


def show(db: Database, seen: Look) -> None:
    """Bring the panes of this swarm's agents on that server up to date. Others' panes are left alone."""
    with db.reading() as tx:
        wanted = texts(tx)
    changes = {
        pane: text for pane, text in wanted.items() if (now := seen.pane(pane)) and not now.dead and now.notice != text
    }
    if changes:
        panes.set_options(seen.socket, OPTION, changes)  # what fails is tried again after the next look


def texts(tx: Transaction) -> Mapping[PaneAddress, str]:
    """By pane of everybody who ever joined from one: what its border should say; '' when all was read."""
    rows = tx.execute("select * from agents where pane_id is not null order by name")
    own = {
        row["name"]: PaneAddress(row["pane_socket"], row["pane_server"], row["pane_id"], row["pane_pid"])
        for row in rows
    }
    here = {row["name"] for row in rows if row["left_at"] is None}
    unread = {agent: messages for agent, messages in _unread(tx).items() if agent in here}
    empty = dict.fromkeys(own.values(), "")  # two names may have had the same pane; whoever is here has it now
    return empty | {own[agent]: _text(tuple(messages)) for agent, messages in unread.items() if agent in own}


def _unread(tx: Transaction) -> Mapping[str, list[Announced]]:
    """By agent, oldest first. What was superseded, or told of an incident that is over, is not worth a look."""
    rows = tx.execute(
        "select d.agent, m.id, m.sender, m.type, substr(m.body, 1, 400) as body "
        "from deliveries d join messages m on m.id = d.message_id join build_state b on b.id = 1 "
        "where d.state in ('queued', 'typed', 'submitted', 'skipped', 'failed', 'unknown') "
        "and (d.incident_id is null or (b.status <> 'passing' and b.incident_id = d.incident_id)) "
        "and d.detail not like 'superseded by%' order by d.id desc limit :limit",
        limit=_AT_ONCE,
    )
    found: dict[str, list[Announced]] = defaultdict(list)
    for row in reversed(rows):
        found[row["agent"]].append(Announced(row["id"], row["sender"], row["type"], row["body"]))
    return found


def _text(messages: tuple[Announced, ...]) -> str:
    # A border is drawn as a format: "#[" would set a style, "##" is the character.
    return notices.line(messages).replace("#", "##")
