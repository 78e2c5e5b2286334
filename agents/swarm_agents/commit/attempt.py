"""One try at `git commit`: runs it, again where another git was quicker, and tells what git and the gate did."""

from __future__ import annotations

import time

from swarm_agents.commit import gate_note, hook_changes
from swarm_agents.commit.arguments import CommitContents
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.ends import CommitGone, CommitMixed, CommitMoved, SyncFailed
from swarm_agents.commit.gate_note import GateNote
from swarm_agents.commit.hook_changes import HookChanges
from swarm_agents.commit.request import CommitRequest, PlannedTry, plan_try
from swarm_agents.commit.sync import kept_out, restore_interrupted
from swarm_agents.git.commit import CommitRun, keep_edited_message, make_editor, run_commit
from swarm_agents.late import load_late
from swarm_agents.model import Moment
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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
    contents: CommitContents
    changes: HookChanges
    """The files that changed while it was being refused."""

    @property
    def files_changed(self) -> bool:
        """The hook that refused it changed files."""
        return bool(self.changes.by_hook)

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


def try_commit(
    context: CommitContext, request: CommitRequest, again: bool
) -> CommitAttempt | CommitMoved | CommitMixed | CommitGone | SyncFailed:
    """Run `git commit`, up to twelve times when it loses races, each time for the same changes.

    `again`: it was tried before. Raises `Unavailable` without git, `CannotWrite`.
    """
    began = context.db.moment()
    report = context.config.naming.report
    reports = report_files.stamp_reports(context.root, report) if report else {}
    for left in range(_RACE_TRIES, 0, -1):
        if again and (failed := restore_interrupted(context)):  # of another agent in this working tree
            return failed
        with kept_out(context):
            planned = plan_try(context, request, again)
            if not isinstance(planned, PlannedTry):
                return planned
            before = hook_changes.record_files(context.root, planned.tree)
            run, gate = _run_once(context, request, planned)
        if not _lost_race(run) or left == 1:
            break
        again = True
        import random  # takes milliseconds, and only a commit that lost a race needs it

        time.sleep(random.uniform(*_RACE_PAUSE_S))
    contents = request.contents
    changes = hook_changes.find_changes(context, contents, before, run) if run.refusing_hook() else HookChanges()
    return CommitAttempt(run, gate, began, before.tree.head, contents, changes, reports)


def _run_once(context: CommitContext, request: CommitRequest, planned: PlannedTry) -> tuple[CommitRun, GateNote]:
    note = request.notes / "gate"
    environment = {gate_note.VARIABLE: str(note)}
    if request.edited_message.exists():
        environment["GIT_EDITOR"] = make_editor(request.edited_message)
    run = run_commit(
        planned.arguments.words,
        context.agent,
        request.notes / "trace",
        environment,
        context.quiet_stdout,
        request.stdin,
    )
    if run.edited and run.code != 0 and not request.edited_message.exists():
        keep_edited_message(context.root, request.edited_message)
    return run, gate_note.take_note(note)


def _lost_race(run: CommitRun) -> bool:
    return run.code == _GIT_DIED and any(sign in error for error in run.errors for sign in _LOST_RACES)
