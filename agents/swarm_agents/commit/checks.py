"""Runs a command while the lease stays alive, and the configured check on a committed tree."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from swarm_agents.build import build
from swarm_agents.build.outcomes import Evidence, FenceRejected
from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.git import files, refs, repository
from swarm_agents.model import Moment

_RENEW_EVERY_S = 20.0  # or a third of the lease, whichever is shorter
_END_GRACE_S = 5.0  # between asking a command to end and ending it


class Held(NamedTuple):
    """How the command ended. With `lost` the role went to someone else meanwhile, and the command was stopped."""

    code: int
    lost: FenceRejected | None


class Checked(NamedTuple):
    """What a check said, and the committed tree that it ran on."""

    ok: bool
    why: str
    evidence: Evidence


def hold(db: Database, agent: str, command: list[str], where: Path, environment: dict[str, str] | None = None) -> Held:
    """Run the command on the caller's terminal, its output to standard error, renewing the agent's lease meanwhile."""
    now = build.current(db)
    lease_s = now.lease.left_ms(db.moment()) / 1000 if now.fixer == agent and now.lease else _RENEW_EVERY_S * 3
    child = subprocess.Popen(command, cwd=where, env=environment, stdout=sys.stderr, start_new_session=False)
    lost: FenceRejected | None = None
    try:
        while lost is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return Held(child.wait(timeout=max(0.2, min(_RENEW_EVERY_S, lease_s / 3))), None)
            lost = _renewal_lost(db, agent, now.fixer == agent)
        return Held(_end(child), lost)
    except BaseException:
        _end(child)
        raise


def check(db: Database, agent: str, wanted: CheckConfig, root: Path) -> Checked:
    """Run the configured check on the commit that is checked out. Anything uncommitted makes it no evidence."""
    began = db.moment()
    before = refs.head(root)
    if before and (changed := files.changed_files(root)):
        return _no_evidence(f"uncommitted changes in {', '.join(changed[:5])}: commit them first", began)
    command = wanted.command
    held = hold(db, agent, ["sh", "-c", command], root, repository.scrubbed_environment(root))
    if held.lost:
        return _no_evidence("the role went to someone else while the check ran", began)
    if refs.head(root) != before or (before and files.changed_files(root)):
        return _no_evidence("the working tree changed while the check ran: run it again", began)
    where = f" at {before[:10]}" if before else ""
    why = f"'{command}' passed{where}" if held.code == 0 else f"'{command}' failed with exit status {held.code}{where}"
    return Checked(held.code == 0, why, Evidence(why, began, before))


def _no_evidence(why: str, began: Moment) -> Checked:
    return Checked(False, why, Evidence(why, began))


def _renewal_lost(db: Database, agent: str, was_fixer: bool) -> FenceRejected | None:
    if not was_fixer:
        return None
    try:
        renewed = build.renew(db, agent)
    except SwarmError as error:  # one missed renewal of three; the command goes on
        sys.stderr.write(f"swarm: the lease could not be renewed: {error.message}\n")
        return None
    return renewed if isinstance(renewed, FenceRejected) else None


def _end(child: subprocess.Popen[bytes]) -> int:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGTERM)
    try:
        return child.wait(_END_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
