"""Runs a command on the caller's terminal and renews the caller's lease of the build while it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from swarm_agents.build import build
from swarm_agents.build.outcomes import FenceRejected
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_RENEW_EVERY_S = 20.0  # or a third of the lease, whichever is shorter
_END_GRACE_S = 5.0  # between SIGTERM and SIGKILL


class HeldCommand(NamedTuple):
    """How the command ended. With `lost` the role went to another agent meanwhile, and the command was stopped."""

    code: int
    lost: FenceRejected | None


def run_command(
    db: Database, agent: str, command: list[str], where: Path, environment: dict[str, str] | None = None
) -> HeldCommand:
    """Run the command, its output to standard error. An agent that is not the fixer has no lease to renew."""
    now = build.current(db)
    lease_s = now.lease.left_ms(db.moment()) / 1000 if now.fixer == agent and now.lease else _RENEW_EVERY_S * 3
    child = subprocess.Popen(command, cwd=where, env=environment, stdout=sys.stderr, start_new_session=False)
    lost: FenceRejected | None = None
    try:
        while lost is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return HeldCommand(child.wait(timeout=max(0.2, min(_RENEW_EVERY_S, lease_s / 3))), None)
            lost = _renew_lease(db, agent) if now.fixer == agent else None
        return HeldCommand(_end(child), lost)
    except BaseException:
        _end(child)
        raise


def _renew_lease(db: Database, agent: str) -> FenceRejected | None:
    """None while the lease is the agent's, as far as is known."""
    try:
        renewed = build.renew(db, agent)
    except SwarmError as error:  # a lease lasts for three renewals: the command goes on
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
