"""Which trees are known to be good. Apart from what runs checks, so that reading it loads nothing."""

from swarm_agents.db.transaction import Transaction


def is_known_good(tx: Transaction, tree: str) -> bool:
    """Whether a check passed on this tree, or a commit with it landed through the hook."""
    return bool(
        tx.one("select 1 from check_runs where tree = :tree and state = 'passed'", tree=tree)
        or tx.one("select 1 from landings where tree = :tree", tree=tree)
    )
