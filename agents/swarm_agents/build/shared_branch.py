"""The tip of the shared branch, as a background loop saw it last: what lands without `swarm commit` is known by it."""

from swarm_agents.db.transaction import Transaction
from swarm_agents.late import load_late
from swarm_agents.model import SWARM
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents import events
    from swarm_agents.incidents import incidents
else:
    events = load_late("swarm_agents.events")
    incidents = load_late("swarm_agents.incidents.incidents")

MOVED = "branch_moved"
"""The kind of the event. Its actor is the agent whose `swarm commit` made the tip, else `swarm`."""


class SharedTip(NamedTuple):
    """The newest commit of the branch `name`. `author` and `subject` are text from outside, made harmless."""

    name: str
    commit: str
    tree: str
    author: str
    subject: str
    seen_at: int
    """When it was first seen there (UTC ms)."""


def read(tx: Transaction) -> SharedTip | None:
    """None until a background loop has seen the branch."""
    row = tx.one("select * from shared_branch where id = 1")
    if row is None:
        return None
    return SharedTip(row["name"], row["commit_id"], row["tree"], row["author"], row["subject"], row["seen_at"])


def move_tip(tx: Transaction, before: SharedTip | None, now: SharedTip) -> bool:
    """Record that the tip moved, with one event; the first tip ever has none. `now.seen_at` is not used.

    False, and nothing changed, when the recorded tip is no longer `before`: another loop was quicker, or the branch
    has moved on since it was read. Then read both again.
    """
    moved = tx.one(
        "insert into shared_branch (id, name, commit_id, tree, author, subject, seen_at) "
        "values (1, :name, :commit, :tree, :author, :subject, :now) "
        "on conflict (id) do update set name = excluded.name, commit_id = excluded.commit_id, tree = excluded.tree, "
        "author = excluded.author, subject = excluded.subject, "
        "seen_at = case when shared_branch.commit_id = excluded.commit_id then shared_branch.seen_at "
        "else excluded.seen_at end "
        "where shared_branch.commit_id = :before and shared_branch.name = :name_before returning id",
        name=one_line(now.name, 100),
        commit=now.commit,
        tree=now.tree,
        author=one_line(now.author, 60),
        subject=one_line(now.subject, 100),
        now=tx.now,
        before=before.commit if before else "",
        name_before=before.name if before else "",
    )
    if moved and before and before.commit != now.commit:
        where = f"{one_line(now.name, 100)} is at {now.commit[:10]}, was at {before.commit[:10]}"
        detail = f"{where}: {one_line(now.subject, 100)}, by {one_line(now.author, 60)}"
        events.record(tx, incidents.find_lander(tx, now.commit) or SWARM, MOVED, detail)
    return moved is not None


def is_outdated(tip: SharedTip | None, at: int, tree: str | None) -> bool:
    """Whether what was found on `tree` at that time (UTC ms) says nothing about the tip: the branch has moved since."""
    return tip is not None and at < tip.seen_at and tree != tip.tree
