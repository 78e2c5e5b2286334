"""Tries the configured check on HEAD in a clean tree and in the working tree as it is, and tells how they differ.

Verdicts come from clean trees. Where the check never passed in one, it may lack what git ignores, and proves nothing.
"""

from __future__ import annotations

import contextlib
import time

from swarm_agents.build import build
from swarm_agents.commit import check_runs, flakes
from swarm_agents.commit.check_runs import CheckRun, CheckState
from swarm_agents.commit.evidence import NEVER_PASSED
from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.git import files, refs
from swarm_agents.text import printable
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_PASSES = (CheckState.PASSED, CheckState.FLAKY)
_NAMED = 5  # files in a message


class CheckComparison(NamedTuple):
    """What the check said of `commit` in a clean tree, if there is a commit, and what of the working tree.

    `uncommitted`: tracked files of the working tree that differ from the commit. `only_here`: files and folders that
    git does not track or ignores, without those that are linked. `ever_passed`: in any clean tree. `moved`: the working
    tree changed meanwhile.
    """

    command: str
    commit: str | None
    clean: CheckRun | None
    working: CheckRun | None
    uncommitted: tuple[str, ...]
    only_here: tuple[str, ...]
    ever_passed: bool
    moved: bool

    @property
    def head_passes(self) -> bool | None:
        """Whether the commit passes; None when neither tree proves it."""
        if self.clean and self.clean.state in _PASSES:
            return True
        if self.clean and self.clean.state is CheckState.FAILED and self.ever_passed:
            return False
        if self.working is None or self.uncommitted or self.moved:
            return None
        return {CheckState.PASSED: True, CheckState.FLAKY: True, CheckState.FAILED: False}.get(self.working.state)

    @property
    def passes_in_both(self) -> bool:
        """Whether nothing is to be told but that it passes."""
        ran = [run for run in (self.clean, self.working) if run]
        return all(run.state is CheckState.PASSED for run in ran)

    def describe(self) -> str:
        """The difference, and what it means, in a sentence or two."""
        where = f" at {self.commit[:10]}" if self.commit else ""
        clean, working = _describe_run(self.clean), _describe_run(self.working)
        if self.clean is None or self.working is None or clean == working:
            both = "" if self.clean is None or self.working is None else ", in a clean tree and in the working tree"
            end = working if self.clean is None else clean
            text = f"'{self.command}' {end}{where}{both}"
        else:
            text = f"'{self.command}' {clean}{where} in a clean tree, and {working} in the working tree"
        return f"{text}.{self._explain()}"

    def _explain(self) -> str:
        if self.clean is None or (self.working and _end_alike(self.clean, self.working)):
            return ""
        if self.clean.state is CheckState.FAILED and self.ever_passed:
            return f" Only here: {_name(self.only_here)}. Commit what belongs to it." if self.only_here else ""
        if self.clean.state in _PASSES:
            causes = [f"uncommitted: {_name(self.uncommitted)}"] if self.uncommitted else []
            causes += [f"only here: {_name(self.only_here)}"] if self.only_here else []
            return f" HEAD passes; look at what is {'; '.join(causes)}." if causes else ""
        return self._explain_unproven()

    def _explain_unproven(self) -> str:
        if self.ever_passed:
            return ""
        here = f". Only here: {_name(self.only_here)}" if self.only_here else ""
        return f" A failure in a clean tree proves nothing: {NEVER_PASSED}{here}."


def compare(db: Database, agent: str, check: CheckConfig, root: Path, always_here: bool = True) -> CheckComparison:
    """Run the check on HEAD in a clean tree, and in the working tree, renewing the agent's lease meanwhile.

    A clean tree of which it is known that it passes is not checked again. Without `always_here` the check runs in the
    working tree only where it did not pass in the clean one.
    """

    def renew_lease() -> None:
        with contextlib.suppress(SwarmError):  # a lease lasts for three renewals
            if build.current(db).fixer == agent:
                build.renew(db, agent)

    before = refs.read_head_and_tree(root)
    fingerprint = files.fingerprint_unstaged(root, [])
    clean = working = None
    if before:
        until = time.monotonic() + check.budget_s
        clean = check_runs.run_on_tree(db, root, check, before[1], agent, until, failure_lasts_ms=0, tick=renew_lease)
    renew_lease()
    if always_here or clean is None or clean.state is not CheckState.PASSED:
        working = check_runs.run_in_place(root, check, time.monotonic() + check.budget_s, renew_lease)
    with db.reading() as tx:
        ever_passed = check_runs.has_ever_passed(tx, check)
    return CheckComparison(
        check.command,
        before[0] if before else None,
        clean,
        working,
        tuple(files.list_changed(root)) if before else (),
        tuple(name for name in files.list_only_here(root) if name.rstrip("/") not in check.link),
        ever_passed,
        moved=refs.read_head_and_tree(root) != before or files.fingerprint_unstaged(root, []) != fingerprint,
    )


def _end_alike(clean: CheckRun, working: CheckRun) -> bool:
    if CheckState.FAILED in (clean.state, working.state):
        return clean.state is working.state and flakes.fails_alike(clean.output, working.output)
    return clean.state is working.state


def _describe_run(run: CheckRun | None) -> str:
    match run.state if run else None:
        case CheckState.PASSED:
            return "passed"
        case CheckState.FLAKY:
            return "failed and passed when it was run again (it is flaky)"
        case CheckState.TIMED_OUT:
            return "did not end in time"
        case CheckState.STILL_RUNNING:
            return "was still being run by another process"
        case CheckState.COULD_NOT_RUN if run:
            return f"could not run ({check_runs.describe_end(run)})"
    return f"failed with exit status {run.exit_status}" if run else "did not run"


def _name(names: tuple[str, ...]) -> str:
    more = f" (+{len(names) - _NAMED} more)" if len(names) > _NAMED else ""
    return ", ".join(printable(name) for name in names[:_NAMED]) + more
