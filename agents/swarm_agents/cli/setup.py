"""`swarm setup`: the gate's git hooks beside the user's, and what coding agents are told of the swarm.

`git` is here; the coding agents, one verb for each folder of `hosts/` that can be set up, are in `setup_hosts`.
"""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from swarm_agents.build import build
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import Parser, parser, verb
from swarm_agents.db import database
from swarm_agents.db.database import Database
from swarm_agents.errors import NoSwarm
from swarm_agents.gate import hooks as gate_hooks
from swarm_agents.gate.hooks import HookFinding
from swarm_agents.hosts import setups
from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents.cli import setup_hosts
else:  # loads a parser of YAML, which 'swarm setup git' does without
    setup_hosts = load_late("swarm_agents.cli.setup_hosts")


def parse(words: list[str]) -> Arguments:
    setup_parser = parser("setup", "Connect the swarm with other programs.")
    of_git = verb(setup_parser, "git", _git, "the gate: git hooks that refuse a commit while the build is red")
    of_git.add_argument(
        "--check", excludes=True, action="store_true", help="change nothing; 0 when all is in place, else 1"
    )
    of_git.add_argument(
        "--remove", excludes=True, action="store_true", help="remove the hooks and restore what was there"
    )
    of_all = verb(setup_parser, "all", _all, "git, and every coding agent whose program or folder is here")
    _add_options(of_all)
    for name, host in setups.load_all_setups().items():
        _add_options(
            verb(setup_parser, name, functools.partial(_host, name=name), f"{host.TITLE}: hooks, skills, rules")
        )
    return setup_parser.parse_args(words)


def _add_options(parser: Parser) -> None:
    for option, meaning in (
        ("--check", "change nothing; which entries are missing, stale or current, which hooks were seen; else 1"),
        ("--remove", "take our entries out again, and leave the rest as it is"),
        ("--print", "print our entries, to put them in by hand"),
        ("--dry-run", "change nothing; show what would change"),
    ):
        parser.add_argument(option, excludes=True, action="store_true", help=meaning)
    parser.add_argument("--project", action="store_true", help="files of this working tree, to commit (the default)")
    parser.add_argument("--user", action="store_true", help="your own files, for all repositories")


def _host(call: Call, name: str) -> Answer:
    return setup_hosts.set_up_one(call, name)


def _all(call: Call) -> Answer:
    arguments = call.arguments
    lines: list[str] = []
    if not (arguments.check or arguments.remove or arguments.print or arguments.dry_run):
        made = database.create(Path(call.place.database))
        lines += [f"database: made {call.place.database}"] if made else []
    told, data, status = setup_hosts.set_up_found(call)
    if not (arguments.print or arguments.dry_run):
        git = _git(call)
        told += [f"git: {line}" for line in git.lines]
        data["git"] = git.data
        status = status or git.exit
    return Answer("", status if status in (0, 1) else 1, data, lines=(*lines, *told))


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
