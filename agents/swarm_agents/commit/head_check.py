"""Runs the configured check on the commit that is checked out, in the caller's own working tree."""

from __future__ import annotations

from swarm_agents.build import hold
from swarm_agents.build.outcomes import Evidence
from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.git import files, refs, repository
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class HeadCheck(NamedTuple):
    """What the check said, and the commit that it ran on as `evidence.commit`."""

    ok: bool
    why: str
    evidence: Evidence


def check_head(db: Database, agent: str, check: CheckConfig, root: Path) -> HeadCheck:
    """Run the check, renewing the agent's lease meanwhile. With uncommitted changes it is no evidence and not `ok`."""
    began = db.moment()
    before = refs.read_head(root)
    if before and (changed := files.list_changed(root)):
        return _no_evidence(f"uncommitted changes in {', '.join(changed[:5])}: commit them first", began)
    command = check.command
    held = hold.run_command(db, agent, ["sh", "-c", command], root, repository.scrub_environment(root))
    if held.lost:
        return _no_evidence("the role went to someone else while the check ran", began)
    if refs.read_head(root) != before or (before and files.list_changed(root)):
        return _no_evidence("the working tree changed while the check ran: run it again", began)
    where = f" at {before[:10]}" if before else ""
    why = f"'{command}' passed{where}" if held.code == 0 else f"'{command}' failed with exit status {held.code}{where}"
    return HeadCheck(held.code == 0, why, Evidence(why, began, before))


def _no_evidence(why: str, began: Moment) -> HeadCheck:
    return HeadCheck(False, why, Evidence(why, began))
