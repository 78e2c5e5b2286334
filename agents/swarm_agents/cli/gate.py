"""`swarm gate`: answers the git hooks of `swarm setup git` and of pre-commit. 0 lets a commit pass, 80 refuses it."""

from __future__ import annotations

import os
import sys

from swarm_agents import place
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, talk
from swarm_agents.cli.parsing import parser, verb
from swarm_agents.commit import gate_note
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.gate import gate
from swarm_agents.gate.gate import CommitAllowed, CommitHeld, RefUpdate
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, BuildStatus
from swarm_agents.place import Place
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from swarm_agents.cli import answers
else:
    answers = load_late("swarm_agents.cli.answers")

_LOCK_TIMEOUT_S = 0.5  # for what the gate records; git holds its own locks meanwhile
_PANE_LIMIT_S = 1.0  # for tmux, likewise

Decision: TypeAlias = "Callable[[Database, Place], CommitAllowed | CommitHeld]"


def parse(words: list[str]) -> Arguments:
    gate_parser = parser(
        "gate", "What the git hooks ask: may this land now? Lets it pass on its own errors, and says so."
    )
    for name, run, what in (
        ("pre-commit", _pre_commit, "may a commit begin on the branch that is checked out"),
        ("reference-transaction", _reference_transaction, "may these refs move (on standard input)"),
    ):
        hook = verb(gate_parser, name, run, what)
        hook.add_argument("--git-dir", metavar="PATH", help="the git directory of this worktree, when a hook knows it")
    return gate_parser.parse_args(words)


def _pre_commit(call: Call) -> Answer:
    return _answer(call, lambda db, at: gate.check_commit(db, at, _agent(call), _bypass()))


def _reference_transaction(call: Call) -> Answer:
    lines = sys.stdin.buffer.read().decode(errors="surrogateescape").split("\n")
    updates = [RefUpdate(*line.split(" ", 2)) for line in lines if line.count(" ") >= 2]
    return _answer(call, lambda db, at: gate.check_ref_updates(db, at, _agent(call), _bypass(), updates))


def _answer(call: Call, decide: Decision) -> Answer:
    git_dir = call.arguments.git_dir
    call.pane_limit_s = _PANE_LIMIT_S
    try:
        at = call.place if git_dir is None else place.find_for_hook(git_dir)
        with Database(at.database, lock_timeout_s=_LOCK_TIMEOUT_S) as db:
            decision = decide(db, at)
    except SwarmError as error:
        talk(f"the gate is open: {error.message}")
        return Answer("The gate is open: it could not read the build.")
    if isinstance(decision, CommitAllowed):
        return Answer("The commit is allowed.")
    gate_note.write_refusal()
    talk(_line(decision))
    return Answer("Not while the build is red.", 80, answers.build_data(decision.build))


def _line(held: CommitHeld) -> str:
    now = held.build
    if now.status is BuildStatus.ESCALATED:
        who, then = "a human was asked", "Do something else; 'swarm status' tells how it stands."
    elif now.fixer is None:
        who, then = "no agent repairs it yet", "'swarm build claim' makes it yours to repair."
    else:
        who, then = (
            answers.describe_fixer(now),
            "'swarm build wait' returns when it is green; 'swarm commit' waits and commits.",
        )
    if held.agent is None:
        then = "You are no agent here: wait for green, or commit with SWARM_BYPASS=1, which is recorded."
    return f"not committed, the build is red: {one_line(now.breakage, 200)}; {who}. {then}"


def _agent(call: Call) -> str | None:
    return None if call.identity == HUMAN else call.identity


def _bypass() -> bool:
    return os.environ.get("SWARM_BYPASS") == "1"
