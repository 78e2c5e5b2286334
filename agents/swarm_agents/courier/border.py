"""Shows on a pane's border what waits in its agent's inbox: the pane option `@swarm_notice`.

Nothing is typed, so it also works for shells and programs without a profile. It is visible only where the user's own
`pane-border-format` has `#{@swarm_notice}`; no option of a window, a session or a server is ever set.
"""

from collections import defaultdict
from collections.abc import Mapping

from swarm_agents.courier import notice_line
from swarm_agents.courier.notice_line import MessageExcerpt
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.model import PaneAddress
from swarm_agents.panes import address
from swarm_agents.panes.snapshot import ServerSnapshot

OPTION = "@swarm_notice"

_READ_LIMIT = 1_000  # newest unread notices that are read; a border has room for one line


def update_borders(db: Database, seen: ServerSnapshot) -> None:
    """Update the borders of this swarm's agents on that server. Other panes are left alone."""
    with db.reading() as tx:
        wanted = read_border_texts(tx)
    changes = {
        pane: text
        for pane, text in wanted.items()
        if (now := seen.find_pane(pane)) and not now.dead and now.notice != text
    }
    if changes:
        address.set_options(seen.socket, OPTION, changes)  # what fails is tried again after the next snapshot


def read_border_texts(tx: Transaction) -> Mapping[PaneAddress, str]:
    """What the border should show, for each pane that an agent ever joined from; '' when all was read."""
    rows = tx.execute("select * from agents where pane_id is not null order by name")
    own = {
        row["name"]: PaneAddress(row["pane_socket"], row["pane_server"], row["pane_id"], row["pane_pid"])
        for row in rows
    }
    here = {row["name"] for row in rows if row["left_at"] is None}
    unread = {agent: messages for agent, messages in _read_unread(tx).items() if agent in here}
    empty = dict.fromkeys(own.values(), "")  # two names may have had the same pane; the agent that is here has it now
    return empty | {own[agent]: _format_border(tuple(messages)) for agent, messages in unread.items() if agent in own}


def _read_unread(tx: Transaction) -> Mapping[str, list[MessageExcerpt]]:
    """By agent, oldest first, without what was superseded or belongs to an incident that is over."""
    rows = tx.execute(
        "select d.agent, m.id, m.sender, m.type, substr(m.body, 1, 400) as body "
        "from deliveries d join messages m on m.id = d.message_id join build_state b on b.id = 1 "
        "where d.state in ('queued', 'typed', 'submitted', 'skipped', 'failed', 'unknown') "
        "and (d.incident_id is null or (b.status <> 'passing' and b.incident_id = d.incident_id)) "
        "and d.detail not like 'superseded by%' order by d.id desc limit :limit",
        limit=_READ_LIMIT,
    )
    found: dict[str, list[MessageExcerpt]] = defaultdict(list)
    for row in reversed(rows):
        found[row["agent"]].append(MessageExcerpt(row["id"], row["sender"], row["type"], row["body"]))
    return found


def _format_border(messages: tuple[MessageExcerpt, ...]) -> str:
    # tmux expands a border as a format: "#[" would set a style, "##" is a "#".
    return notice_line.format_line(messages).replace("#", "##")
