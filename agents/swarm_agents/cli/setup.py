"""`swarm setup git`: put the gate's hooks beside whatever is there, look whether they are in place, take them away."""

import argparse
import shutil

from swarm_agents.build import build
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser, verb, verbs
from swarm_agents.errors import NoSwarm
from swarm_agents.gate import gate
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.gate.hooks import Finding


def parse(words: list[str]) -> argparse.Namespace:
    setup_parser = parser("setup", "Connect the swarm with other programs.")
    of_git = verb(verbs(setup_parser), "git", _git, "the gate: git hooks that refuse a commit while the build is red")
    choice = of_git.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="change nothing; 0 when all is in place, else 1")
    choice.add_argument("--remove", action="store_true", help="take the hooks away; what was there is there again")
    return setup_parser.parse_args(words)


def _git(call: Call) -> Answer:
    if call.arguments.check:
        return _check(call)
    if call.arguments.remove:
        changed = gate_hooks.remove(call.root)
        shutil.rmtree(gate.judged_folder(call.place.database), ignore_errors=True)
        return _changed(changed, "The gate is removed.", "There was no gate to remove.")
    _ = call.config  # a wrong swarm.toml opens the gate: say so now
    _agree(call)
    changed = gate_hooks.install(call.root)
    wrong = [one for one in _findings(call) if not one.ok]
    answer = _changed(changed, "The gate is in place.", "The gate was in place already.")
    return answer if not wrong else _listed(wrong)


def _agree(call: Call) -> None:
    """What the hooks look at is there and agrees with the build, also for a database that was copied here."""
    gate.judged_folder(call.db.path).mkdir(mode=0o700, exist_ok=True)
    with call.db.transaction() as tx:
        if build.state(tx).red:
            call.db.red_flag.create()


def _check(call: Call) -> Answer:
    return _listed(_findings(call))


def _findings(call: Call) -> list[Finding]:
    found = gate_hooks.check(call.root)
    swarm = shutil.which("swarm")
    found.append(Finding("swarm", swarm is not None, swarm or "not on the PATH: the hooks cannot ask and stay open"))
    return [*found, _flag(call)]


def _flag(call: Call) -> Finding:
    try:
        red, up = build.current(call.db).red, call.db.red_flag.exists()
    except NoSwarm as error:
        return Finding("database", False, error.message)
    if red and not up:
        return Finding("database", False, "the build is red, and the red flag is missing: 'swarm setup git'")
    return Finding("database", True, str(call.place.database))


def _listed(found: list[Finding]) -> Answer:
    wrong = [one for one in found if not one.ok]
    lines = tuple(f"{'ok   ' if one.ok else 'WRONG'}  {one.what}: {one.detail}" for one in found)
    data = {"findings": [one._asdict() for one in found]}
    message = "The gate is not in place." if wrong else "The gate is in place."
    return Answer(message, 1 if wrong else 0, data, lines=lines)


def _changed(changed: list[str], done: str, nothing: str) -> Answer:
    message = done if changed else nothing
    return Answer(message, 0, {"changed": changed}, lines=(*changed, message))
