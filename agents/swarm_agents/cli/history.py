"""`swarm build history` and `swarm build show`: incidents with their attempts, verdicts, evidence and cost."""

from __future__ import annotations

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, make_listing
from swarm_agents.errors import NotFound
from swarm_agents.incidents.history import Incident
from swarm_agents.incidents.incidents import Attempt, describe_suspect
from swarm_agents.text import one_line, printable
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import incident_report
from swarm_agents.views.incident_report import VerdictRow

if TYPE_CHECKING:
    from typing import Any


def latest(call: Call) -> Answer:
    call.record_read()
    found = incident_report.read_history(call.db, call.arguments.limit)
    data = {"incidents": [_data(one) for one in found.incidents], "verdicts": [_verdict(one) for one in found.verdicts]}
    return make_listing(map(_line, found.incidents), "No incident yet.", data)


def show(call: Call) -> Answer:
    call.record_read()
    report = incident_report.read(call.db, call.arguments.incident)
    if report is None:
        raise NotFound(f"There is no incident {call.arguments.incident}.", next="swarm build history")
    found = report.incident
    lines = [_line(found)]
    lines += [f"attempt {one.number}  {one.agent}  {one.end or 'open'}  {one.reason}" for one in found.attempts]
    lines += [f"{found.closed_how} by  {found.closed_by}  {found.closed_why}"] if found.closed_how else []
    lines += [f"symptom  {one.signature}  {one.times} times  {one.summary}" for one in found.symptoms]
    lines += [_verdict_line(one) for one in report.verdicts]
    lines += ["the last lines:", found.evidence] if found.evidence else []
    data = _data(found) | {"evidence": found.evidence, "verdicts": [_verdict(one) for one in report.verdicts]}
    return Answer(lines[0], data=data, lines=tuple(printable(line) for line in lines))


def _verdict_line(one: VerdictRow) -> str:
    when = "" if one.current else "  (before the shared branch moved)"
    return f"verdict  {one.verdict}  {one.agent}  {one.why}{when}"


def _line(one: Incident) -> str:
    cost = f"{one.agent_minutes:.1f} agent-minutes waited"
    how = (
        f"{one.closed_how} after {one.seconds_to_green} s"
        if one.closed_how
        else f"open since {format_clock(one.opened_at)}"
    )
    suspect = describe_suspect((one.first_red, one.first_red_by or "an unknown author") if one.first_red else None)
    broke = f"  suspect: {suspect}" if suspect else ""
    return f"{one.id}  {how}  {len(one.attempts)} attempts  {cost}  {one_line(one.summary, 160)}{broke}"


def _data(one: Incident) -> dict[str, Any]:
    return {
        "id": one.id,
        "summary": one.summary,
        "opened_at": format_iso(one.opened_at),
        "opened_by": one.opened_by,
        "closed_at": format_iso(one.closed_at),
        "closed_by": one.closed_by,
        "closed_how": one.closed_how,
        "closed_why": one.closed_why,
        "fix_commit": one.fix_commit,
        "first_red": one.first_red,
        "first_red_by": one.first_red_by,
        "seconds_to_green": one.seconds_to_green,
        "agent_minutes_waited": round(one.agent_minutes, 3),
        "duplicate_fixes_avoided": one.duplicate_fixes_avoided,
        "attempts": [_attempt(attempt) for attempt in one.attempts],
        "symptoms": [symptom._asdict() for symptom in one.symptoms],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "agent": attempt.agent,
        "fence": attempt.fence,
        "began_at": format_iso(attempt.began_at),
        "ended_at": format_iso(attempt.ended_at),
        "end": attempt.end,
        "reason": attempt.reason,
    }


def _verdict(row: VerdictRow) -> dict[str, Any]:
    return row._asdict() | {"at": format_iso(row.at)}
