"""Runs and their phases: each attempt of a phase, when it began, when and how it ended.

Nothing is deleted when a phase ends: messages carry the id of their attempt, so the next attempt starts empty.
"""

from __future__ import annotations

from swarm_agents import events
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import AlreadyTaken, NotFound
from swarm_agents.text import checked_name
from swarm_agents.values import NamedTuple, StrEnum


class PhaseEnd(StrEnum):
    COMPLETE = "complete"
    FAILED = "failed"
    ABORTED = "aborted"


class Phase(NamedTuple):
    """One attempt of one phase of a run; its `id` is run/name/attempt."""

    id: str
    run: str
    name: str
    attempt: int
    started_at: int
    ended_at: int | None
    end: PhaseEnd | None


def begin_phase(db: Database, run: str, name: str, by: str) -> Phase:
    """Begin the next attempt of the phase, or return the one that is open: a killed driver may repeat the call.

    Its first phase begins the run. Raises `AlreadyTaken` while another phase of the run is open.
    """
    checked_name(run, "name of a run")
    checked_name(name, "name of a phase")
    with db.transaction() as tx:
        tx.execute(
            "insert into runs (id, started_at) values (:run, :now) on conflict (id) do nothing", run=run, now=tx.now
        )
        last = _newest(tx, run)
        if last is not None and last.end is None:
            if last.name != name:
                raise AlreadyTaken(f"Phase {last.name} of run {run} is still open: end it before {name} begins.")
            return last
        begun = tx.one(
            "insert into phases (id, run, name, attempt, started_at) "
            "select :run || '/' || :name || '/' || (count(*) + 1), :run, :name, count(*) + 1, :now "
            "from phases where run = :run and name = :name returning *",
            run=run,
            name=name,
            now=tx.now,
        )
        assert begun is not None
        events.record(tx, by, "phase_began", begun["id"])
        return _phase(begun)


def end_phase(db: Database, phase: str, end: PhaseEnd, by: str) -> bool:
    """End an attempt of a phase, by its id; agents that wait in it return. False when it had ended before."""
    with db.transaction() as tx:
        find(tx, phase)
        ended = tx.one(
            "update phases set ended_at = :now, outcome = :end where id = :phase and ended_at is null returning id",
            now=tx.now,
            end=end.value,
            phase=phase,
        )
        if ended is None:
            return False
        events.record(tx, by, "phase_ended", f"{phase}: {end.value}")
        return True


def find(tx: Transaction, phase: str) -> Phase:
    """Raises `NotFound`."""
    row = tx.one("select * from phases where id = :phase", phase=phase)
    if row is None:
        raise NotFound(f"There is no phase {phase}.")
    return _phase(row)


def read_newest(db: Database, run: str, name: str | None) -> Phase:
    """The newest attempt of the phase, open or ended; without `name`, of any phase of the run. Raises `NotFound`."""
    with db.reading() as tx:
        found = _newest(tx, run, name)
    if found is None:
        what = f"phase {name} of run {run}" if name else f"run {run}"
        raise NotFound(f"There is no {what} here.")
    return found


def _newest(tx: Transaction, run: str, name: str | None = None) -> Phase | None:
    row = tx.one(
        "select * from phases where run = :run and name = coalesce(:name, name) order by number desc limit 1",
        run=run,
        name=name,
    )
    return _phase(row) if row else None


def _phase(row: Row) -> Phase:
    return Phase(
        row["id"],
        row["run"],
        row["name"],
        row["attempt"],
        row["started_at"],
        row["ended_at"],
        PhaseEnd(row["outcome"]) if row["outcome"] else None,
    )
