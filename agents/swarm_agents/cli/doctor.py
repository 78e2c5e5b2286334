"""`swarm doctor`: what could go wrong here, found before it does."""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser
from swarm_agents.errors import DatabaseUnreadable, SwarmError, Unavailable
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.git import hooks, repository
from swarm_agents.text import one_line


class Finding(NamedTuple):
    what: str
    ok: bool
    detail: str


def parse(words: list[str]) -> argparse.Namespace:
    doctor_parser = parser("doctor", "Look for what could go wrong here. Changes nothing.")
    doctor_parser.set_defaults(run=_doctor)
    return doctor_parser.parse_args(words)


def _doctor(call: Call) -> Answer:
    found = [
        _finding("git", repository.read_version),
        _finding("tmux", _tmux),
        _finding("configuration", lambda: _configuration(call)),
        _finding("database", lambda: _database(call)),
        _finding("who am I", lambda: call.identity or "nobody: --as NAME or SWARM_AGENT says who"),
        _finding("pre-commit hook", lambda: _hook(call)),
        _finding("notify command", lambda: _notify(call)),
    ]
    wrong = [one for one in found if not one.ok]
    lines = tuple(f"{'ok   ' if one.ok else 'WRONG'}  {one.what}: {one.detail}" for one in found)
    data = {"findings": [{"what": one.what, "ok": one.ok, "detail": one.detail} for one in found]}
    return Answer(f"{len(wrong)} of {len(found)} findings are wrong.", 1 if wrong else 0, data, lines=lines)


def _finding(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except SwarmError as error:
        return Finding(what, False, error.message)


def _configuration(call: Call) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in call.rules._asdict().items())


def _tmux() -> str:
    return shutil.which("tmux") or "not installed: agents work, but no notice reaches a pane"


def _database(call: Call) -> str:
    health = call.db.health()
    if health.problem:
        raise DatabaseUnreadable(f"{call.place.database} is damaged: {health.problem}")
    return f"{call.place.database}, SQLite {health.engine}, intact"


def _hook(call: Call) -> str:
    hook = hooks.find_hook(call.root, "pre-commit")
    if hook is None:
        return "none: a commit is refused by nothing, so set one up or use 'swarm build report'"
    if gate_hooks.is_gate_alone(hook):
        return "only the gate: it judges no code, so set one up or use 'swarm build report'"
    return "here"


def _notify(call: Call) -> str:
    """Found as the one who runs it finds it: a path from the repository's root, a name on the PATH."""
    notify = call.config.notify
    if not notify.command:
        return "none: the dashboard and tmux tell of an escalation"
    program = notify.command[0]
    found = shutil.which(Path(notify.folder or ".") / program if "/" in program else program)
    if found is None:
        name = one_line(program, 100)
        raise Unavailable(f"{name} is not there, or not executable: no escalation would be told by it")
    return found
