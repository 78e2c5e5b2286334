"""Draws one red period: who broke it, what was met, who tried what, on which evidence, and what it cost."""

from textual.content import Content

from swarm_agents.events import Event
from swarm_agents.incidents.history import Incident, Symptom
from swarm_agents.incidents.incidents import Attempt
from swarm_agents.text import one_line, printable, tail
from swarm_agents.views.incident_report import IncidentReport, VerdictRow
from swarm_tui import symbols, times
from swarm_tui.dialogs import details_parts
from swarm_tui.dialogs.details_parts import Line, moment, part
from swarm_tui.themes import STYLE

VERDICTS_SHOWN = 10  # the newest ones; a long incident has hundreds, which say the same
OUTPUT_LINES = 12  # of each verdict: a check says at the end what failed

_NAME_WIDTH = 10  # cells of the longest name of a fact


def draw(report: IncidentReport) -> Content:
    incident = report.incident
    return Content("\n").join(
        [
            *_head(incident, report.read_at),
            *part("What it cost", _cost(incident)),
            *part("Attempts", [_attempt(one, report.read_at) for one in incident.attempts]),
            *part("Symptoms", [_symptom(one) for one in incident.symptoms]),
            *part("Went round the gate", [_ungated(one) for one in report.ungated]),
            *_verdicts(report.verdicts),
            *part("First seen", [printable(line) for line in tail(incident.evidence).splitlines()]),
        ]
    )


def _head(incident: Incident, now: int) -> list[Line]:
    broke = Content.styled("not known: the commit before it was never seen to pass a check", STYLE["dim"])
    if incident.first_red:
        author = one_line(incident.first_red_by or "an unknown author", 60)
        broke = Content.assemble((incident.first_red[:10], "bold"), f" by {author}")
    return [
        Content.styled(one_line(incident.summary, 300) or "no summary", "bold"),
        Content(),
        _fact("suspect", broke),
        _fact("met by", f"{one_line(incident.opened_by, 64)}, {moment(incident.opened_at, now)}"),
        _fact("ended", _end(incident, now)),
    ]


def _end(incident: Incident, now: int) -> Content:
    if incident.closed_at is None:
        return Content.assemble(("not yet: red for ", STYLE["bad"]), times.lasting(now - incident.opened_at))
    commit = f", commit {incident.fix_commit[:10]}" if incident.fix_commit else ""
    how = f"{incident.closed_how} by {one_line(incident.closed_by or 'an unknown agent', 64)}{commit}"
    return Content(f"{how}, {moment(incident.closed_at, now)}")


def _cost(incident: Incident) -> list[Line]:
    green = incident.seconds_to_green
    avoided = incident.duplicate_fixes_avoided
    minutes = incident.agent_minutes
    return [
        _fact("to green", times.lasting(green * 1000) if green is not None else "not green yet"),
        _fact("waited", f"{minutes:.1f} agent-minutes in line" if minutes else "no agent stood in line"),
        _fact("avoided", f"{avoided} duplicate {'fix' if avoided == 1 else 'fixes'}"),
    ]


def _attempt(attempt: Attempt, now: int) -> Content:
    sign = symbols.ATTEMPT[attempt.end]
    took = times.lasting((attempt.ended_at or now) - attempt.began_at)
    reason = f"  {one_line(attempt.reason, 200)}" if attempt.reason else ""
    return Content.assemble(
        f"  {attempt.number}. {one_line(attempt.agent, 24)}  ",
        (f"{sign}", STYLE[sign.tone]),
        (f" after {took}" if attempt.end else f" for {took}", STYLE["dim"]),
        reason,
    )


def _symptom(symptom: Symptom) -> Content:
    met = "once" if symptom.times == 1 else f"{symptom.times} times"
    return Content.assemble(
        f"  {one_line(symptom.summary or symptom.signature, 200)}",
        (f"  met {met}, first by {one_line(symptom.first_by, 24)}", STYLE["dim"]),
    )


def _ungated(event: Event) -> Content:
    how = "let by on request" if event.kind == "bypassed" else "landed"
    return Content(f"  {times.of_day(event.at)}  {one_line(event.actor, 24)}: {one_line(event.detail, 120)} {how}")


def _verdicts(found: tuple[VerdictRow, ...]) -> list[Line]:
    newest = found[-VERDICTS_SHOWN:]
    title = f"Verdicts, the last {len(newest)} of {len(found)}" if len(found) > len(newest) else "Verdicts"
    lines: list[Line] = []
    for verdict in newest:
        lines += _verdict(verdict)
    return part(title, lines)


def _verdict(verdict: VerdictRow) -> list[Line]:
    head = Content.assemble(
        (f"  {times.of_day(verdict.at)}  ", STYLE["dim"]),
        f"{one_line(verdict.agent, 24)}: ",
        (one_line(verdict.verdict, 20), "bold"),
        f"  {one_line(verdict.why, 300)}",
        ("" if verdict.current else "  (before the shared branch moved)", STYLE["dim"]),
    )
    lines: list[Line] = [head]
    if verdict.command:
        status = verdict.exit_status
        ended = "was not run" if status is None else f"exit status {status}"
        lines.append(Content.assemble("    $ ", (one_line(verdict.command, 200), "bold"), (f"  {ended}", STYLE["dim"])))
    lines += [Content.styled(f"    {line}", STYLE["dim"]) for line in tail(verdict.output, OUTPUT_LINES).splitlines()]
    return lines


def _fact(name: str, value: Content | str) -> Content:
    return details_parts.fact(name, value, _NAME_WIDTH)
