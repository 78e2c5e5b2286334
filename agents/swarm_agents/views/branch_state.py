"""The shared branch for a screen or `--json`: where its tip is, and whether what is known of the build is about it."""

from swarm_agents.build import shared_branch
from swarm_agents.build.shared_branch import SharedTip
from swarm_agents.commit import known_trees
from swarm_agents.db.transaction import Transaction
from swarm_agents.model import Build
from swarm_agents.values import NamedTuple


class BranchState(NamedTuple):
    """`checked`: the last check ran on the tip, or the tip's tree is known to be good. Otherwise no check saw it."""

    tip: SharedTip
    checked: bool


def read(tx: Transaction, now: Build) -> BranchState | None:
    """None until a background loop has seen the branch."""
    tip = shared_branch.read(tx)
    if tip is None:
        return None
    return BranchState(tip, _ran_on(now, tip) or known_trees.is_known_good(tx, tip.tree))


def _ran_on(now: Build, tip: SharedTip) -> bool:
    """Of a check whose commit is not known, only the time can tell."""
    if now.last_check_commit is not None:
        return now.last_check_commit == tip.commit
    return now.last_check is not None and now.last_check >= tip.seen_at
