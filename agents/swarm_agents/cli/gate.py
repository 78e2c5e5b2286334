"""`swarm gate`: what the git hooks of `swarm setup git`, and of pre-commit, ask. 0 lets pass, 80 refuses."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from swarm_agents import gate
from swarm_agents.cli import answers
from swarm_agents.cli.call import Call, parser, verb, verbs
from swarm_agents.cli.output import Answer, talk
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.gate import Held, Through, Update
from swarm_agents.git import GATE_NOTE
from swarm_agents.model import HUMAN, BuildStatus
from swarm_agents.text import one_line

_LOCK_TIMEOUT_S = 0.5  # for what the gate writes down; git holds its own locks meanwhile

Decision = Callable[[Database], Through | Held]


def parse(words: list[str]) -> argparse.Namespace:
    gate_parser = parser("gate", "What the git hooks ask: may this land now? Open on its own errors, and says so.")
    hooks = verbs(gate_parser)
    verb(hooks, "pre-commit", _pre_commit, "may a commit begin on the branch that is checked out")
    verb(hooks, "reference-transaction", _reference_transaction, "may these refs move (on standard input)")
    return gate_parser.parse_args(words)


def _pre_commit(call: Call) -> Answer:
    return _answer(call, lambda db: gate.before_commit(db, call.root, call.config, _agent(call), _bypass()))


def _reference_transaction(call: Call) -> Answer:
    lines = sys.stdin.buffer.read().decode(errors="surrogateescape").splitlines()
    updates = [Update(*line.split(" ", 2)) for line in lines if line.count(" ") >= 2]
    return _answer(
        call, lambda db: gate.before_update(db, call.place.root, call.config, _agent(call), _bypass(), updates)
    )


def _answer(call: Call, decide: Decision) -> Answer:
    try:
        with Database(call.place.database, lock_timeout_s=_LOCK_TIMEOUT_S) as db:
            decision = decide(db)
    except SwarmError as error:
        talk(f"the gate is open: {error.message}")
        return Answer("The gate is open: it could not look.")
    if isinstance(decision, Through):
        return Answer("Nothing stands in the way.")
    if note := os.environ.get(GATE_NOTE):
        Path(note).touch()  # for `swarm commit`, which must not take this for a breakage
    talk(_line(decision))
    return Answer("Not while the build is red.", 80, answers.build_data(decision.build))


def _line(held: Held) -> str:
    now = held.build
    if now.status is BuildStatus.ESCALATED:
        who, then = "a human was asked", "Do something else; 'swarm status' tells how it stands."
    elif now.fixer is None:
        who, then = "nobody repairs it yet", "'swarm build claim' makes it yours to repair."
    else:
        who, then = answers.who(now), "'swarm build wait' returns when it is green; 'swarm commit' waits and commits."
    if held.agent is None:
        then = "You are no agent here: wait for green, or commit with SWARM_BYPASS=1, which is recorded."
    return f"not committed, the build is red: {one_line(now.summary, 200)}; {who}. {then}"


def _agent(call: Call) -> str | None:
    return None if call.identity == HUMAN else call.identity


def _bypass() -> bool:
    return os.environ.get("SWARM_BYPASS") == "1"
