"""`swarm doctor`: checks what could go wrong here."""

from __future__ import annotations

import shutil
from pathlib import Path

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser
from swarm_agents.commit import check_comparison
from swarm_agents.errors import DatabaseUnreadable, SwarmError, Unavailable
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.git import hooks, repository
from swarm_agents.model import HUMAN
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING, NamedTuple
from swarm_agents.watch import watch_report

if TYPE_CHECKING:
    from collections.abc import Callable


class DoctorFinding(NamedTuple):
    what: str
    ok: bool
    detail: str


def parse(words: list[str]) -> Arguments:
    doctor_parser = parser(
        "doctor", "Check what could go wrong here. Runs [build] check, and changes nothing itself.", _doctor
    )
    return doctor_parser.parse_args(words)


def _doctor(call: Call) -> Answer:
    found = [
        _check("git", repository.read_version),
        _check("tmux", _find_tmux),
        _check("configuration", lambda: _describe_configuration(call)),
        _check("database", lambda: _check_database(call)),
        _check("changes of files", lambda: watch_report.describe_watching(call.db, call.place)),
        _check("who am I", lambda: call.identity or "not known: use --as NAME, or set SWARM_AGENT"),
        _check("pre-commit hook", lambda: _describe_hook(call)),
        _check("check", lambda: _try_check(call)),
        _check("notify command", lambda: _find_notify_command(call)),
    ]
    wrong = [one for one in found if not one.ok]
    lines = tuple(f"{'ok   ' if one.ok else 'WRONG'}  {one.what}: {one.detail}" for one in found)
    data = {"findings": [{"what": one.what, "ok": one.ok, "detail": one.detail} for one in found]}
    return Answer(f"{len(wrong)} of {len(found)} findings are wrong.", 1 if wrong else 0, data, lines=lines)


def _check(what: str, look: Callable[[], str]) -> DoctorFinding:
    try:
        return DoctorFinding(what, True, look())
    except SwarmError as error:
        return DoctorFinding(what, False, error.message)


def _describe_configuration(call: Call) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in call.rules._asdict().items())


def _find_tmux() -> str:
    if shutil.which("tmux") is None:
        return "not installed: agents can work, but no notice reaches a pane"
    from swarm_agents.panes import version  # only where there is tmux

    return version.describe_version(version.read_version())


def _check_database(call: Call) -> str:
    health = call.db.health()
    if health.problem:
        raise DatabaseUnreadable(f"{call.place.database} is damaged: {health.problem}")
    return f"{call.place.database}, SQLite {health.engine}, intact"


def _describe_hook(call: Call) -> str:
    hook = hooks.find_hook(call.root, "pre-commit")
    if hook is None:
        return "none: nothing refuses a commit. Set one up, or use 'swarm build report'"
    if gate_hooks.is_gate_alone(hook):
        return "only the gate: it does not check code. Set one up, or use 'swarm build report'"
    return "here"


def _try_check(call: Call) -> str:
    """Try the check as verdicts do, in a clean tree, and where it does not pass there also in the working tree."""
    check = call.config.check
    if check is None:
        return "none: every refusal counts as a broken build. Set [build] check"
    found = check_comparison.compare(call.db, call.identity or HUMAN, check, call.root, always_here=False)
    if not found.passes_in_both:
        raise Unavailable(one_line(found.describe(), 600))
    return found.describe().removesuffix(".")


def _find_notify_command(call: Call) -> str:
    """Find the command as the announcer does: a path from the repository's root, or a name on the PATH."""
    notify = call.config.notify
    if not notify.command:
        return "none: the dashboard and tmux announce escalations"
    program = notify.command[0]
    found = shutil.which(Path(notify.folder or ".") / program if "/" in program else program)
    if found is None:
        name = one_line(program, 100)
        raise Unavailable(f"{name} does not exist or is not executable: it would announce no escalation")
    return found
