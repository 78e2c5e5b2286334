"""`swarm setup git`: installs the gate's hooks beside the user's, checks them, and removes them."""

from __future__ import annotations

import os
import shutil

from swarm_agents.build import build
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import parser, verb
from swarm_agents.db.database import Database
from swarm_agents.errors import NoSwarm
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.gate.hooks import HookFinding


def parse(words: list[str]) -> Arguments:
    setup_parser = parser("setup", "Connect the swarm with other programs.")
    of_git = verb(setup_parser, "git", _git, "the gate: git hooks that refuse a commit while the build is red")
    of_git.add_argument(
        "--check", excludes=True, action="store_true", help="change nothing; 0 when all is in place, else 1"
    )
    of_git.add_argument(
        "--remove", excludes=True, action="store_true", help="remove the hooks and restore what was there"
    )
    return setup_parser.parse_args(words)


def _git(call: Call) -> Answer:
    if call.arguments.check:
        return _check(call)
    if call.arguments.remove:
        changed = gate_hooks.remove(call.root)
        shutil.rmtree(call.place.judged_trees, ignore_errors=True)
        return _changed(changed, "The gate is removed.", "There was no gate to remove.")
    _ = call.config  # the gate lets everything pass when swarm.toml is wrong: report that now
    db = call.db  # raises `NoSwarm` before anything is made
    changed = gate_hooks.install(call.root)
    _prepare_state(call, db)
    wrong = [one for one in _check_all(call) if not one.ok]
    answer = _changed(changed, "The gate is in place.", "The gate was in place already.")
    return answer if not wrong else _listed(wrong)


def _prepare_state(call: Call, db: Database) -> None:
    """Make the files that the hooks read agree with the build: a copied database lacks them."""
    os.makedirs(call.place.judged_trees, mode=0o700, exist_ok=True)
    build.restore_red_flag(db)


def _check(call: Call) -> Answer:
    return _listed(_check_all(call))


def _check_all(call: Call) -> list[HookFinding]:
    found = gate_hooks.check(call.root)
    swarm = shutil.which("swarm")
    found.append(HookFinding("swarm", swarm is not None, swarm or "not on the PATH: the hooks let everything pass"))
    return [*found, _check_database(call)]


def _check_database(call: Call) -> HookFinding:
    try:
        red, up = build.current(call.db).red, call.db.red_flag.exists()
    except NoSwarm as error:
        return HookFinding("database", False, error.message)
    if red and not up:
        return HookFinding("database", False, "the build is red, and the red flag is missing: 'swarm setup git'")
    return HookFinding("database", True, str(call.place.database))


def _listed(found: list[HookFinding]) -> Answer:
    wrong = [one for one in found if not one.ok]
    lines = tuple(f"{'ok   ' if one.ok else 'WRONG'}  {one.what}: {one.detail}" for one in found)
    data = {"findings": [one._asdict() for one in found]}
    message = "The gate is not in place." if wrong else "The gate is in place."
    return Answer(message, 1 if wrong else 0, data, lines=lines)


def _changed(changed: list[str], done: str, nothing: str) -> Answer:
    message = done if changed else nothing
    return Answer(message, 0, {"changed": changed}, lines=(*changed, message))
