"""Finds out which tree fails the configured check, after a hook refused a commit: HEAD's, the caller's or the live one.

HEAD fails: the build is broken. HEAD passes and what would be committed fails: the caller's own change. Both pass and
the live working tree fails: something in it that is not committed. Each tree is checked once for all agents.
"""

import time
from pathlib import Path

from swarm_agents.commit import check_runs, known_trees
from swarm_agents.commit.check_runs import CheckRun, CheckState
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.verdict import RefusalFinding, Verdict
from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.git import files, hooks, refs, worktrees
from swarm_agents.git.refs import Commit

_LOOK_BACK_FOR_SUSPECT = 200  # commits; most of them were merged
_LOOK_BACK = 3  # parents of a failing HEAD that are checked, when the check never passed in a clean tree before


def find_cause(context: CommitContext, check: CheckConfig, hook: str) -> RefusalFinding:
    """The verdict on a commit that this hook refused. Takes as long as the checks do, `budget_s` at most."""
    began = time.monotonic()
    search = _EvidenceSearch(context.db, context.root, check, context.agent, began + check.budget_s)
    head_tree = refs.read_tree(context.root, "HEAD")
    index_tree = worktrees.write_tree_to_commit(context.root, *context.contents)
    found = search.judge_head(head_tree) or search.judge_index(index_tree) or search.judge_live(hook)
    return found._replace(
        hook=hook,
        command=check.command,
        head_tree=head_tree,
        index_tree=index_tree,
        duration_ms=int((time.monotonic() - began) * 1000),
    )


def find_first_red(db: Database, root: Path) -> tuple[str, str] | None:
    """The first commit after the known good ones, and its author: the suspect. None when no good one is known.

    A merge brings what others wrote: it is the suspect only when all that it brought is known to be good.
    """
    commits = refs.list_commits(root, _LOOK_BACK_FOR_SUSPECT)
    good: set[str] = set()  # known good, or contained in what is
    suspects: list[Commit] = []
    with db.reading() as tx:
        for one in commits:
            if one.id in good or known_trees.is_known_good(tx, one.tree):
                good.update((one.id, *one.parents))
            else:
                suspects.append(one)
    if not good or not suspects:
        return None
    first = next((one for one in reversed(suspects) if len(one.parents) < 2), suspects[-1])
    return first.id, first.author


class _EvidenceSearch:
    """One search for evidence, until `give_up_at` (monotonic seconds). Remembers a check that was flaky."""

    def __init__(self, db: Database, root: Path, check: CheckConfig, agent: str, give_up_at: float) -> None:
        self._db = db
        self._root = root
        self._check = check
        self._agent = agent
        self._give_up_at = give_up_at
        self._flaky: CheckRun | None = None

    def judge_head(self, tree: str | None) -> RefusalFinding | None:
        if tree is None:  # before the first commit nothing can be broken
            return None
        run = self._run_on(tree)
        if run.state is not CheckState.FAILED:
            return self._inconclusive(run, "HEAD")
        if self._has_ever_passed():
            return _finding(Verdict.BROKEN, "HEAD fails the check in a clean tree", run, needs_fixer=True)
        why = (
            "HEAD fails the check in a clean tree, where it was never seen to pass: it may lack what git ignores "
            "([build] setup and link provide it). Treated as broken"
        )
        return _finding(Verdict.UNKNOWN, why, run, needs_fixer=True)

    def judge_index(self, tree: str | None) -> RefusalFinding | None:
        if tree is None:
            return None
        run = self._run_on(tree)
        if run.state is CheckState.FAILED:
            return _finding(Verdict.MINE, "HEAD passes the check, and your change fails it", run)
        return self._inconclusive(run, "your change")

    def judge_live(self, hook: str) -> RefusalFinding:
        if self._flaky:
            return _finding(
                Verdict.FLAKY, "the check failed, and passed when it was run again on the same tree", self._flaky
            )
        dirty = tuple(files.list_unstaged(self._root) + files.list_untracked(self._root))
        if dirty and (found := self._judge_dirty(dirty)):
            return found
        if hooks.run_hook_again(self._root, hook) == 0:
            return RefusalFinding(Verdict.FLAKY, "the hook refused, and passed when it was run again")
        why = "HEAD and your change pass the check, but the hook refuses your change for another reason: see its output"
        return RefusalFinding(Verdict.MINE, why)

    def _judge_dirty(self, dirty: tuple[str, ...]) -> RefusalFinding | None:
        before = self._fingerprint()
        run = check_runs.run_in_place(self._root, self._check, self._limit())
        if self._fingerprint() != before:
            why = "the working tree changed while it was looked at; HEAD and your change pass the check"
            return _finding(Verdict.UNKNOWN, why, run)
        if run.state is CheckState.FAILED:
            why = "HEAD and your change pass the check; what lies uncommitted in the working tree fails it"
            return _finding(Verdict.DIRTY_TREE, why, run)._replace(dirty=dirty)
        return self._inconclusive(run, "the working tree")

    def _inconclusive(self, run: CheckRun, what: str) -> RefusalFinding | None:
        """None when the tree passed, if only at the second try; else a finding that says why there is no answer."""
        match run.state:
            case CheckState.PASSED:
                return None
            case CheckState.FLAKY:
                self._flaky = run
                return None
            case CheckState.TIMED_OUT:
                why = f"the check did not end in time on {what}. Treated as broken"
                return _finding(Verdict.UNKNOWN, why, run, needs_fixer=True)
        return _finding(Verdict.INFRA, f"the check could not run on {what} (exit status {run.exit_status})", run)

    def _has_ever_passed(self) -> bool:
        with self._db.reading() as tx:
            if check_runs.has_ever_passed(tx, self._check):
                return True
        older = refs.list_first_parents(self._root, 1 + _LOOK_BACK)[1:]
        return any(self._run_on(tree).state is CheckState.PASSED for _, tree, _ in older)

    def _run_on(self, tree: str) -> CheckRun:
        return check_runs.run_on_tree(self._db, self._root, self._check, tree, self._agent, self._give_up_at)

    def _limit(self) -> float:
        return min(self._give_up_at, time.monotonic() + self._check.timeout_s)

    def _fingerprint(self) -> tuple[str | None, str | None, str]:
        head, staged = refs.read_head(self._root), worktrees.write_tree_to_commit(self._root)
        return head, staged, files.fingerprint_unstaged(self._root, [])


def _finding(verdict: Verdict, why: str, run: CheckRun, needs_fixer: bool = False) -> RefusalFinding:
    if verdict is Verdict.MINE and run.signature and run.signature.ids:
        why = f"{why}: {run.signature.summarize()}"
    return RefusalFinding(verdict, why, needs_fixer, run.output, exit_status=run.exit_status, signature=run.signature)
