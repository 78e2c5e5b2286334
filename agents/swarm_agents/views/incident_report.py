"""One red period at length: who broke it, who tried what, on which evidence, and what it cost."""

from __future__ import annotations

from swarm_agents.build import shared_branch
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.events import Event
from swarm_agents.gate import gate
from swarm_agents.incidents import history
from swarm_agents.incidents.history import Incident
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

_UNGATED_READ = 50  # the newest commits that went round the gate, of all incidents


class VerdictRow(NamedTuple):
    """What one refused commit was found to mean, and the run of the check that decided it."""

    id: int
    at: int
    agent: str
    incident_id: int | None
    """The incident that it opened or joined."""
    verdict: str
    """Text: a verdict of a newer version must not hide the others."""
    why: str
    hook: str | None
    command: str | None
    exit_status: int | None
    """None where the command was not run to its end."""
    output: str
    """The end of what the command wrote."""
    head_tree: str | None
    index_tree: str | None
    duration_ms: int
    current: bool
    """It is about the tip of the shared branch as it is now, or was found since the tip moved there."""


class IncidentReport(NamedTuple):
    """Everything about one incident, read in one transaction."""

    read_at: int
    incident: Incident
    verdicts: tuple[VerdictRow, ...]
    """Oldest first."""
    ungated: tuple[Event, ...]
    """Commits that went round the gate, oldest first."""


class IncidentHistory(NamedTuple):
    """The newest incidents and the newest verdicts, of any incident or of none; newest first."""

    incidents: tuple[Incident, ...]
    verdicts: tuple[VerdictRow, ...]


def read_history(db: Database, limit: int) -> IncidentHistory:
    with db.reading() as tx:
        found = history.list_incidents(tx, limit)
        return IncidentHistory(tuple(found), _make_verdicts(tx, history.list_verdicts(tx, limit)))


def read(db: Database, number: int | None = None) -> IncidentReport | None:
    """Without a number the open incident, else the last one. None when there is no such incident."""
    with db.reading() as tx:
        incident = _latest(tx) if number is None else history.find_incident(tx, number)
        if incident is None:
            return None
        ungated = [event for event in gate.list_ungated_commits(tx, _UNGATED_READ) if event.incident == incident.id]
        verdicts = _make_verdicts(tx, history.list_verdicts_of(tx, incident.id))
        return IncidentReport(tx.now, incident, verdicts, tuple(reversed(ungated)))


def _latest(tx: Transaction) -> Incident | None:
    found = history.list_incidents(tx, 1)
    return found[0] if found else None


def _make_verdicts(tx: Transaction, rows: list[dict[str, Any]]) -> tuple[VerdictRow, ...]:
    tip = shared_branch.read(tx)
    return tuple(
        VerdictRow(
            **{name: row[name] for name in VerdictRow._fields if name != "current"},
            current=not shared_branch.is_outdated(tip, row["at"], row["head_tree"]),
        )
        for row in rows
    )
