"""Leases that have run out and that no process has ended yet: of the role, of tasks, of locks."""

from __future__ import annotations

from swarm_agents.build import build
from swarm_agents.db.leases import EXPIRED
from swarm_agents.doctor.database import open_database
from swarm_agents.doctor.findings import Finding, Repair, ok, warning
from swarm_agents.place import Place


def examine_leases(place: Place) -> list[Finding]:
    with open_database(place) as db, db.reading() as tx:
        now = build.state(tx)
        stale = [f"the build (of {now.fixer})"] if now.fixer and not now.lease_left_ms(db.moment()) else []
        for table, name, holder in (("tasks", "id", "claimant"), ("locks", "path", "holder")):
            rows = tx.execute(f"select * from {table} where {EXPIRED} order by {name}", **tx.clock)
            stale += [f"{table[:-1]} {row[name]} (of {row[holder]})" for row in rows]
    if not stale:
        return [ok("leases", "No lease has run out unnoticed")]
    more = f" and {len(stale) - 5} more" if len(stale) > 5 else ""
    text = f"Leases have run out, and no process has ended them: {', '.join(stale[:5])}{more}"
    return [warning("leases", text, "swarm doctor --fix", Repair.LEASES)]
