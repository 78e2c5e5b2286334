"""One try at `git commit`: runs it, again where another git was quicker, and tells what git and the gate did."""

from __future__ import annotations

import time

from swarm_agents.commit import gate_note
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.gate_note import GateNote
from swarm_agents.commit.notes_folder import new_notes_folder
from swarm_agents.git import files
from swarm_agents.git.commit import CommitRun, run_commit
from swarm_agents.late import load_late
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from swarm_agents.commit.signature import report_files
    from swarm_agents.commit.signature.report_files import Stamps
else:
    report_files = load_late("swarm_agents.commit.signature.report_files")

_GIT_DIED = 128  # git's exit code for errors of its own
_LOST_RACES = ("index.lock", "cannot lock ref")  # in git's error message
_RACE_TRIES = 12  # about ten seconds of lost races; then another git hangs, and git's message names its lock
_RACE_PAUSE_S = (0.05, 1.5)


class CommitAttempt(NamedTuple):
    """What git did, the note of the gate, and how things were before."""

    run: CommitRun
    gate: GateNote
    began: Moment
    head_before: str | None
    files_changed: bool
    """It was refused, and what it would have committed changed in the working tree meanwhile."""
    reports: Stamps
    """The reports of tests that lay in the working tree before."""

    @property
    def git_died(self) -> bool:
        """Git was ended by a signal, or gave up because of an error of its own."""
        return self.run.code < 0 or self.run.code == _GIT_DIED

    @property
    def lost_race(self) -> bool:
        """Another git held a lock that this one needed: nothing is wrong, try again."""
        return _lost_race(self.run)

    def passed_hook(self, name: str) -> bool:
        """Whether a hook of that name judged the commit and passed. The gate alone judges no code."""
        return self.run.passed_hook(name) and not (name == "pre-commit" and self.gate.alone)


def try_commit(context: CommitContext) -> CommitAttempt:
    """Run `git commit`, up to twelve times when it loses races. Raises `Unavailable` without git, `CannotWrite`."""
    began = context.db.moment()
    report = context.config.naming.report
    old_reports = report_files.stamp_reports(context.root, report) if report else {}
    head, staged, unstaged = files.read_head_and_changes(context.root)
    # In a shared checkout others edit meanwhile: only files that are about to be committed tell what the hook changed.
    watched = staged if context.contents.only_staged else staged + unstaged
    with new_notes_folder(context.notes_parent) as notes:
        for left in range(_RACE_TRIES, 0, -1):
            before = {name: _stamp(context.root / name) for name in watched}
            run, gate = _run_once(context, notes)
            if not _lost_race(run) or left == 1:
                break
            import random  # takes milliseconds, and only a commit that lost a race needs it

            time.sleep(random.uniform(*_RACE_PAUSE_S))
    files_changed = run.code != 0 and _has_changed(context.root, before)
    return CommitAttempt(run, gate, began, head, files_changed, old_reports)


def _run_once(context: CommitContext, notes: Path) -> tuple[CommitRun, GateNote]:
    note = notes / "gate"
    environment = {gate_note.VARIABLE: str(note)}
    run = run_commit(context.arguments, context.agent, notes / "trace", environment, context.quiet_stdout)
    return run, gate_note.take_note(note)


def _lost_race(run: CommitRun) -> bool:
    return run.code == _GIT_DIED and any(sign in error for error in run.errors for sign in _LOST_RACES)


def _has_changed(root: Path, before: dict[str, tuple[int, int] | None]) -> bool:
    """Whether one of these files was written since, and now differs from what is staged."""
    written = {name for name, stamp in before.items() if _stamp(root / name) != stamp}
    return bool(written.intersection(files.list_unstaged(root)) if written else ())


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
