"""What `swarm doctor --fix` does: only what the swarm itself does at any time, or what it made before and finds broken.

* `leases`: ends what has run out, as every background loop does.
* `journal`: copies the journal into the database, as every large commit does.
* `red-flag`: makes the gate's file agree with the build, as `swarm setup git` does.
* `gate`: completes the hooks of a gate that is there in part. One that is not there is installed only by a person.

Everything else changes what belongs to the user: programs, files of the working tree, panes, other processes.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from swarm_agents.build import build, expiry
from swarm_agents.db.database import Database
from swarm_agents.doctor.database import open_database
from swarm_agents.doctor.findings import Finding, Repair
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.locks import locks
from swarm_agents.place import Place
from swarm_agents.tasks import reopening


def repair(here: Place, found: list[Finding]) -> list[str]:
    """Repair what can be repaired; a line for each, of what was done. Raises `SwarmError`."""
    wanted = dict.fromkeys(finding.repair for finding in found if finding.repair)
    if not wanted:
        return []
    with open_database(here) as db:
        return [_repair(each, here, db) for each in wanted]


def _repair(what: Repair, here: Place, db: Database) -> str:
    match what:
        case Repair.LEASES:
            expiry.reap(db)
            reopening.reap(db)
            locks.reap(db)
            return "ended the leases that had run out"
        case Repair.JOURNAL:
            _shrink_journal(db)
            return "copied the journal into the database"
        case Repair.RED_FLAG:
            build.restore_red_flag(db)
            return "restored the red flag"
        case Repair.GATE:
            changed = gate_hooks.install(Path(here.root or "."))
            os.makedirs(here.judged_trees, mode=0o700, exist_ok=True)
            return "; ".join(["completed the gate", *changed])


def _shrink_journal(db: Database) -> None:
    with contextlib.suppress(BlockingIOError):  # another process does it
        db.checkpoint()
    with db.transaction() as tx:  # a commit begins the journal again, which shortens the file
        tx.execute("update build_state set id = id")
