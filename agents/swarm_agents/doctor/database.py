"""The database: whether it opens, is intact and can be written, the size of its journal, and the clocks in it."""

from __future__ import annotations

import os
import shlex

from swarm_agents.build import build
from swarm_agents.db import integrity
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.doctor.findings import Finding, Repair, error, make_error_finding, note, ok, warning
from swarm_agents.errors import DatabaseLocked, DatabaseNewer, NoSwarm, SwarmError
from swarm_agents.place import Place

LOCK_LIMIT_S = 2.0  # a commit takes milliseconds
_HEALTH_LIMIT_S = 8.0  # reads some gigabytes
_JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024  # commits shrink it from 4 MB on, so something has kept them from it
_CLOCK_SLACK_MS = 5_000  # NTP moves the clock by less in normal operation
_LEASES = (
    "select lease_boot_id as boot_id, lease_expires_at - lease_ms as granted_at from build_state where fixer_agent_id "
    "is not null union all select lease_boot_id, lease_expires_at - lease_ms from tasks where lease_ms is not null "
    "union all select lease_boot_id, lease_expires_at - lease_ms from locks"
)


def open_database(place: Place) -> Database:
    """The database, for one examination in its own thread: it waits for a lock for a short time only."""
    return Database(place.database, lock_timeout_s=LOCK_LIMIT_S)


def examine_opening(place: Place) -> list[Finding]:
    """Whether it can be opened, read and written. Where this finds an error, no other examination can use it."""
    try:
        with open_database(place) as db:
            health = db.health(_HEALTH_LIMIT_S)
            if health.problem:
                return [error("database", f"{place.database} is damaged: {health.problem}", _name_recovery(place))]
            db.try_write_lock()
    except NoSwarm as missing:
        return [make_error_finding("database", missing)]
    except DatabaseNewer as newer:
        return [make_error_finding("database", newer, "uv tool upgrade swarm-tui")]
    except DatabaseLocked as locked:
        return [make_error_finding("database", locked, f"fuser -v {shlex.quote(place.database)}")]
    except SwarmError as unusable:
        return [make_error_finding("database", unusable)]
    if not health.complete:
        return [note("database", f"{place.database} opens; checking all of it would take too long here")]
    return [ok("database", f"{place.database}, intact")]


def examine_journal(place: Place) -> list[Finding]:
    size = integrity.measure_journal(place.database)
    if size < _JOURNAL_LIMIT_BYTES:
        return [ok("journal", f"{size // 1024:,} KB of changes wait in the journal")]
    readers = ", ".join(str(pid) for pid in integrity.find_readers(place.database))
    kept = f"reading now: process {readers}, which keeps it" if readers else "no process keeps it"
    text = f"{size // 1024 // 1024:,} MB of changes wait in the journal, which makes every read slower; {kept}"
    return [warning("journal", text, "swarm doctor --fix", Repair.JOURNAL)]


def examine_clock(place: Place) -> list[Finding]:
    """The wall clock against the newest rows, and whether only this boot of this host writes here."""
    with open_database(place) as db, db.reading() as tx:
        ahead_ms = _find_newest(tx) - tx.now
        foreign = _find_foreign_lease(db, tx)
    if foreign:
        text = (
            "A lease was granted on another host, or in a container with another clock, while this host was up. "
            "Leases cannot be compared between two hosts"
        )
        return [error("clock", text, 'export SWARM_DB="$HOME"/.local/state/swarm/swarm.db && swarm init')]
    if ahead_ms > _CLOCK_SLACK_MS:
        text = f"The clock is {ahead_ms // 1000:,} s behind the newest entry: it was set back. Leases are not affected"
        return [warning("clock", text, "timedatectl set-ntp true")]
    return [ok("clock", "The clock agrees with the newest entries")]


def examine_red_flag(place: Place) -> list[Finding]:
    """The file by which the gate's hooks know that the build is red: a database that was copied lacks it."""
    with open_database(place) as db:
        red, up = build.current(db).red, db.red_flag.exists()
    if red and not up:
        text = f"The build is red, and {place.database}-red is missing: the gate lets every commit pass"
        return [error("red-flag", text, "swarm doctor --fix", Repair.RED_FLAG)]
    return []


def _find_newest(tx: Transaction) -> int:
    row = tx.one(
        "select coalesce(max(at), 0) as newest from (select max(seen_at) as at from agents "
        "union all select * from (select at from events order by id desc limit 1))"
    )
    assert row is not None
    return int(row["newest"])


def _find_foreign_lease(db: Database, tx: Transaction) -> bool:
    now = db.moment()
    booted_at = now.wall_ms - now.mono_ms + _CLOCK_SLACK_MS  # after a suspend this is later: then it finds less
    rows = tx.execute(_LEASES)
    return any(row["boot_id"] != now.boot_id and row["granted_at"] > booted_at for row in rows)


def _name_recovery(place: Place) -> str:
    damaged = shlex.quote(place.database)
    aside = shlex.quote(os.path.join(os.path.dirname(place.database), "recovered.db"))
    return f"sqlite3 {damaged} .recover | sqlite3 {aside}"
