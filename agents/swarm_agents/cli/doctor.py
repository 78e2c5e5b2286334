"""`swarm doctor`: checks what could go wrong here, and repairs what can be repaired without asking."""

from __future__ import annotations

from swarm_agents import place
from swarm_agents.cli import doctor_hosts
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.cli.parsing import parser
from swarm_agents.doctor import examination, repairs
from swarm_agents.doctor.findings import Finding, Severity, make_error_finding, note, ok, order
from swarm_agents.errors import SwarmError, Unavailable

_EXITS = {Severity.ERROR: 3, Severity.WARNING: 1, Severity.NOTE: 0, Severity.OK: 0}
_ID_WIDTH = 13  # of the longest id that names no agent


def parse(words: list[str]) -> Arguments:
    doctor_parser = parser(
        "doctor", "Check what could go wrong here. Runs [build] check, and changes nothing.", _doctor
    )
    doctor_parser.add_argument(
        "--fix", action="store_true", help="repair what is safe to: leases, journal, red flag, a gate in place in part"
    )
    doctor_parser.add_argument("--quick", action="store_true", help="do not run [build] check")
    return doctor_parser.parse_args(words)


def _doctor(call: Call) -> Answer:
    identity = _find_identity(call)
    agent = call.identity if identity.severity is Severity.OK else None
    fixed = _repair(examination.examine(agent, with_check=False)) if call.arguments.fix else []
    found = examination.examine(agent, with_check=not call.arguments.quick)
    return _answer(order([*found, *doctor_hosts.examine_hosts(), identity]), fixed)


def _find_identity(call: Call) -> Finding:
    try:
        if call.identity is not None:
            return ok("identity", f"You are {call.identity}")
    except Unavailable as unknown:
        return note("identity", unknown.message)
    except SwarmError as wrong:
        return make_error_finding("identity", wrong)
    return note("identity", "Who you are is not known here: use --as NAME, or set SWARM_AGENT", "swarm agent join NAME")


def _repair(found: list[Finding]) -> list[str]:
    try:
        return repairs.repair(place.find(), found)
    except SwarmError as error:
        talk(f"could not repair it: {error.message}")
        return []


def _answer(found: list[Finding], fixed: list[str]) -> Answer:
    bad = [finding for finding in found if finding.severity in (Severity.ERROR, Severity.WARNING)]
    lines = [*(f"fixed    {line}." for line in fixed), *map(_format_finding, found)]
    data = {
        "findings": [
            {
                "id": one.id,
                "severity": one.severity,
                "text": one.text,
                "remedy": one.remedy,
                "fixable": bool(one.repair),
            }
            for one in found
        ],
        "fixed": fixed,
    }
    message = f"{len(bad)} of {len(found)} findings need attention." if bad else "Nothing needs attention."
    return Answer(message, _EXITS[found[0].severity], data, lines=tuple(lines))


def _format_finding(finding: Finding) -> str:
    severity = finding.severity.upper() if finding.severity is Severity.ERROR else finding.severity
    text = finding.text if finding.text.endswith((".", "!")) else f"{finding.text}."
    remedy = f" Next: {finding.remedy}" if finding.remedy else ""
    return f"{severity:<8} {finding.id:<{_ID_WIDTH}} {text}{remedy}"
