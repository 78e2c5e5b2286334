"""Finds out which tree fails the configured check, after a hook refused a commit: HEAD's, the caller's or the live one.

HEAD fails: the build is broken. HEAD passes and what would be committed fails: the caller's own change. Both pass and
the live working tree fails: something in it that is not committed. Each tree is checked once for all agents. What fails
at one time and passes at another on the same tree is flaky, and so is a failure of just that, wherever it is met.
"""

import time
from pathlib import Path

from swarm_agents.commit import check_runs, could_not_run, flakes, known_trees
from swarm_agents.commit.attempt import CommitAttempt
from swarm_agents.commit.check_runs import CheckRun, CheckState
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.signature.plain_text import read_plain_text
from swarm_agents.commit.signature.signature import make_signature
from swarm_agents.commit.verdict import RefusalFinding, Verdict
from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.git import files, hooks, refs, worktrees
from swarm_agents.git.refs import Commit
from swarm_agents.text import tail

NEVER_PASSED = (
    "it never passed in a clean tree here: perhaps it lacks what git ignores, which [build] setup and link provide"
)
_LOOK_BACK_FOR_SUSPECT = 200  # commits; most of them were merged
_LOOK_BACK = 3  # parents of a failing HEAD that are checked, when the check never passed in a clean tree before
_MOST_FLAKY_VERDICTS = 3  # on one tree; a known flaky test that fails more often than this fails for a reason


def find_cause(context: CommitContext, check: CheckConfig, attempt: CommitAttempt) -> RefusalFinding:
    """The verdict on a commit that a hook refused. Takes as long as the checks do, `budget_s` at most."""
    began = time.monotonic()
    head_tree = refs.read_tree(context.root, "HEAD")
    index_tree = worktrees.write_tree_to_commit(context.root, *attempt.contents)
    search = _EvidenceSearch(context, check, attempt, began + check.budget_s)
    found = search.judge_head(head_tree) or search.judge_index(index_tree) or search.judge_live(index_tree)
    return found._replace(
        hook=search.hook,
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

    def __init__(self, context: CommitContext, check: CheckConfig, attempt: CommitAttempt, give_up_at: float) -> None:
        self._db = context.db
        self._root = context.root
        self._staged_only = attempt.contents.only_staged
        self._check = check
        self._agent = context.agent
        self._attempt = attempt
        self._give_up_at = give_up_at
        self._flaky: CheckRun | None = None
        refusing = attempt.run.refusing_hook()
        self.hook = refusing.name if refusing else "pre-commit"

    def judge_head(self, tree: str | None) -> RefusalFinding | None:
        if tree is None:  # before the first commit nothing can be broken
            return None
        run = self._run_on(tree)
        if run.state is not CheckState.FAILED:
            return self._inconclusive(run, "HEAD")
        if self._is_flake(run.output, tree):
            self._flaky = run
            return None
        if self._has_ever_passed():
            return _finding(Verdict.BROKEN, "HEAD fails the check in a clean tree", run, needs_fixer=True)
        why = f"HEAD fails the check in a clean tree, but {NEVER_PASSED}. Treated as broken"
        return _finding(Verdict.UNKNOWN, why, run, needs_fixer=True)

    def judge_index(self, tree: str | None) -> RefusalFinding | None:
        if tree is None:
            return None
        run = self._run_on(tree)
        if run.state is not CheckState.FAILED:
            return self._inconclusive(run, "your change")
        if self._is_flake(run.output, tree):
            return self._call_flaky(run)
        if self._flaky:
            return _finding(Verdict.MINE, "HEAD is flaky, and your change fails on something else", run)
        if not self._has_ever_passed():
            return _finding(Verdict.MINE, f"your change fails the check, but {NEVER_PASSED}", run)
        return _finding(Verdict.MINE, "HEAD passes the check, and your change fails it", run)

    def judge_live(self, tree: str | None) -> RefusalFinding:
        dirty = tuple(files.list_unstaged(self._root) + files.list_untracked(self._root))
        if dirty and (found := self._judge_dirty(dirty)):
            return found
        if self._flaky:
            return self._call_flaky(self._flaky)
        if changed := self._attempt.changes.perhaps:
            why = f"HEAD and your change pass the check, and files changed while {self.hook} ran: {', '.join(changed)}"
            return RefusalFinding(Verdict.FILES_MODIFIED, why, files=changed)
        return self._run_hook_again(tree)

    def _judge_dirty(self, dirty: tuple[str, ...]) -> RefusalFinding | None:
        before = self._fingerprint()
        run = check_runs.run_in_place(self._root, self._check, self._give_up_at)
        if self._fingerprint() != before:
            why = "the working tree changed while it was looked at; HEAD and your change pass the check"
            return _finding(Verdict.UNKNOWN, why, run)
        if run.state is not CheckState.FAILED:
            return self._inconclusive(run, "the working tree")
        if self._is_flake(run.output, None):
            return self._call_flaky(run)
        why = "HEAD and your change pass the check; what lies uncommitted in the working tree fails it"
        return _finding(Verdict.DIRTY_TREE, why, run)._replace(files=dirty)

    def _run_hook_again(self, tree: str | None) -> RefusalFinding:
        """HEAD and the change pass the check: does the hook refuse the same thing twice, and for the same reason?"""
        with worktrees.temporary_index(self._root, None if self._staged_only else tree) as index:
            code, output = hooks.run_hook_again(self._root, self.hook, index)
        plain, first = read_plain_text(output), read_plain_text(self._attempt.run.output)
        if code == 0:
            return RefusalFinding(Verdict.FLAKY, "the hook refused, and passed when it was run again")
        if code is not None and (reason := could_not_run.explain(code, plain)):
            return RefusalFinding(Verdict.INFRA, f"{self.hook} ended with {code}: {reason}", output=tail(plain))
        if flakes.fail_apart(make_signature(first), make_signature(plain)):
            return RefusalFinding(Verdict.FLAKY, "the hook refused twice, each time because of something else")
        if self._is_flake(first, tree):
            return RefusalFinding(Verdict.FLAKY, "the hook refused because of what is known to fail at times")
        why = "HEAD and your change pass the check, but the hook refuses your change for another reason: see its output"
        return RefusalFinding(Verdict.MINE, why)

    def _inconclusive(self, run: CheckRun, what: str) -> RefusalFinding | None:
        """None when the tree passed, if only at the second try; else a finding that says why there is no answer."""
        match run.state:
            case CheckState.PASSED:
                return None
            case CheckState.FLAKY:
                self._flaky = run
                return None
            case CheckState.STILL_RUNNING:
                return _finding(Verdict.UNKNOWN, f"another process was still running the check on {what}", run)
            case CheckState.TIMED_OUT:
                limits = f"[build] timeout_s {self._check.timeout_s:g}, budget_s {self._check.budget_s:g}"
                why = f"the check did not end in time on {what} ({limits})"
                return _finding(Verdict.INFRA, why, run)
        return _finding(Verdict.INFRA, f"the check could not run on {what}: {check_runs.describe_end(run)}", run)

    def _is_flake(self, output: str, tree: str | None) -> bool:
        """Whether it fails just where the check is known to be flaky, and has not done so on this tree for too long."""
        with self._db.reading() as tx:
            if tree and flakes.count_verdicts(tx, tree) >= _MOST_FLAKY_VERDICTS:
                return False
            known = flakes.list_outputs(tx, self._check.command)
        if self._flaky:
            if flakes.fails_alike(output, self._flaky.output):
                return True
            known.append(self._flaky.output)
        return flakes.fails_only_there(output, known)

    def _call_flaky(self, run: CheckRun) -> RefusalFinding:
        return _finding(Verdict.FLAKY, "the check failed where it is flaky: on the same tree it passes at times", run)

    def _has_ever_passed(self) -> bool:
        with self._db.reading() as tx:
            if check_runs.has_ever_passed(tx, self._check):
                return True
        older = refs.list_first_parents(self._root, 1 + _LOOK_BACK)[1:]
        return any(self._run_on(tree).state in (CheckState.PASSED, CheckState.FLAKY) for _, tree, _ in older)

    def _run_on(self, tree: str) -> CheckRun:
        return check_runs.run_on_tree(self._db, self._root, self._check, tree, self._agent, self._give_up_at)

    def _fingerprint(self) -> tuple[str | None, str | None, str]:
        head, staged = refs.read_head(self._root), worktrees.write_tree_to_commit(self._root)
        return head, staged, files.fingerprint_unstaged(self._root, [])


def _finding(verdict: Verdict, why: str, run: CheckRun, needs_fixer: bool = False) -> RefusalFinding:
    if verdict is Verdict.MINE and run.signature and run.signature.ids:
        why = f"{why}: {run.signature.summarize()}"
    return RefusalFinding(verdict, why, needs_fixer, run.output, exit_status=run.exit_status, signature=run.signature)
