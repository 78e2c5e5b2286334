"""A finding: what is so, how bad that is, and the command that helps."""

from __future__ import annotations

from swarm_agents.errors import SwarmError
from swarm_agents.values import NamedTuple, StrEnum


class Severity(StrEnum):
    """`error`: the swarm does not work here. `warning`: something will be missed or lost. `note`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OK = "ok"


class Repair(StrEnum):
    """What `swarm doctor --fix` may do, see `repairs`."""

    LEASES = "leases"
    JOURNAL = "journal"
    RED_FLAG = "red-flag"
    GATE = "gate"


class Finding(NamedTuple):
    """`id` names the subject and stays the same between versions; one about an agent ends with `:` and its name."""

    id: str
    severity: Severity
    text: str
    remedy: str | None = None
    """A command, in the words of a shell."""
    repair: Repair | None = None
    """What `--fix` does about it; None where a person decides."""


def ok(id: str, text: str) -> Finding:  # noqa: A002 - the word of the JSON
    return Finding(id, Severity.OK, text)


def note(id: str, text: str, remedy: str | None = None) -> Finding:  # noqa: A002 - the same
    return Finding(id, Severity.NOTE, text, remedy)


def warning(id: str, text: str, remedy: str | None = None, repair: Repair | None = None) -> Finding:  # noqa: A002
    return Finding(id, Severity.WARNING, text, remedy, repair)


def error(id: str, text: str, remedy: str | None = None, repair: Repair | None = None) -> Finding:  # noqa: A002
    return Finding(id, Severity.ERROR, text, remedy, repair)


def make_error_finding(id: str, raised: SwarmError, remedy: str | None = None) -> Finding:  # noqa: A002
    return Finding(id, Severity.ERROR, raised.message, raised.next or remedy)


def order(findings: list[Finding]) -> list[Finding]:
    """The worst first, else as they came; what was found twice stands once, where it is worst."""
    ranks = list(Severity)
    seen: set[str] = set()
    ordered = []
    for finding in sorted(findings, key=lambda one: ranks.index(one.severity)):
        if finding.text not in seen:
            seen.add(finding.text)
            ordered.append(finding)
    return ordered
