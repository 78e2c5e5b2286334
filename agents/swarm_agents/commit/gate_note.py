"""What the gate's hooks tell `swarm commit` about one commit, in files that it names in their environment.

Exit statuses do not serve for that: programs that run hooks, as pre-commit and lefthook, replace them by their own.
"""

from __future__ import annotations

import os

from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "SWARM_GATE_NOTE"  # the path of the file that says "refused"
ALONE_SUFFIX = "-alone"  # after that path: the file that says "no other pre-commit hook ran"


class GateNote(NamedTuple):
    """`refused`: the gate refused the commit. `alone`: it was the only pre-commit hook, so no hook judged the code."""

    refused: bool
    alone: bool


def write_refusal() -> None:
    """Note that the gate refuses, when a `swarm commit` asked for the note."""
    if path := os.environ.get(VARIABLE):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))


def take_note(path: Path) -> GateNote:
    """Read the note of the commit that has just ended, and remove it."""
    refused, alone = path, path.with_name(f"{path.name}{ALONE_SUFFIX}")
    note = GateNote(refused.exists(), alone.exists())
    refused.unlink(missing_ok=True)
    alone.unlink(missing_ok=True)
    return note
