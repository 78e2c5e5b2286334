"""One run of `git commit`: what git did, and what the gate's hooks noted of it."""

from pathlib import Path
from typing import NamedTuple

from swarm_agents.commit import gate_note
from swarm_agents.commit.gate_note import GateNote
from swarm_agents.git.commit import CommitRun, run_commit


class CommitAttempt(NamedTuple):
    """One run of `git commit`, and the note of the gate about it."""

    run: CommitRun
    gate: GateNote

    def passed_hook(self, name: str) -> bool:
        """Whether a hook of that name judged the commit and passed. The gate judges no code."""
        return self.run.passed_hook(name) and not (name == "pre-commit" and self.gate.alone)


def run_once(arguments: list[str], agent: str, notes: Path, quiet_stdout: bool) -> CommitAttempt:
    note = notes / "gate"
    run = run_commit(arguments, agent, notes / "trace", {gate_note.VARIABLE: str(note)}, quiet_stdout)
    return CommitAttempt(run, gate_note.take_note(note))
