"""Looks where the shared branch is, and records when it has moved."""

import os
import time

from swarm_agents.build import shared_branch
from swarm_agents.build.shared_branch import SharedTip
from swarm_agents.db.database import Database
from swarm_agents.git import refs
from swarm_agents.incidents import incidents
from swarm_agents.place import Place
from swarm_agents.text import one_line

_UNDER_WAY_S = 0.5  # that a `swarm commit` may take from the moving branch to its end; it needs a tenth of that
_SETTLING_S = 0.2  # of these, from the end of git to its record of the landed commit
_PAUSE_S = 0.02
_TRIES = 5  # each lost to another loop that recorded a move in between


def record_tip(db: Database, place: Place, branch: str | None) -> None:
    """Record the tip of the branch, None for the one that the main working tree has checked out, if it is another one.

    However many loops look at the same time, each move is recorded once. Raises `Unavailable` without git.
    """
    if place.common_dir is None:
        return
    for _ in range(_TRIES):
        with db.reading() as tx:
            known = shared_branch.read(tx)
        tip = refs.read_tip(place.common_dir, branch)
        if tip is None or (known and (known.name, known.commit) == (one_line(tip.name, 100), tip.commit)):
            return
        _wait_for_landing(db, place, tip.commit)
        with db.transaction() as tx:
            if shared_branch.move_tip(tx, known, SharedTip(*tip, seen_at=tx.now)):
                return


def _wait_for_landing(db: Database, place: Place, commit: str) -> None:
    """A `swarm commit` moves the branch first and records its commit then: give one that is under way the time."""
    give_up_at = time.monotonic() + _UNDER_WAY_S
    settled_at = 0.0
    while time.monotonic() < give_up_at:
        with db.reading() as tx:
            if incidents.find_lander(tx, commit):
                return
        if _is_commit_under_way(place):
            settled_at = time.monotonic() + _SETTLING_S
        elif time.monotonic() >= settled_at:
            return
        time.sleep(_PAUSE_S)


def _is_commit_under_way(place: Place) -> bool:
    try:
        return bool(os.listdir(place.commit_notes))
    except FileNotFoundError:
        return False
