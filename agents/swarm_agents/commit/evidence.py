"""Finds out what a refusal means where a check is configured: which tree fails it, HEAD's, the caller's, the live one.

HEAD fails: the build is broken. HEAD passes and what would be committed fails: the caller's own change. Both pass and
the live working tree fails: something that nobody has committed yet. Committed trees are checked once for everybody.
"""

import time
from pathlib import Path
from typing import NamedTuple

from swarm_agents.commit import check_runs
from swarm_agents.commit.arguments import Chosen
from swarm_agents.commit.check_runs import CheckRun, State
from swarm_agents.commit.verdict import Verdict
from swarm_agents.config.config import CheckConfig
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.git import files, hooks, refs, worktrees

_LOOK_BACK = 3  # parents of a failing HEAD that are tried for a green one, when none was ever seen


class Finding(NamedTuple):
    """A verdict and what it rests on. `elects`: it speaks of the build, so somebody has to repair it."""

    verdict: Verdict
    why: str
    elects: bool = False
    output: str = ""
    hook: str | None = None
    command: str | None = None
    exit_status: int | None = None
    head_tree: str | None = None
    index_tree: str | None = None
    duration_ms: int = 0
    dirty: tuple[str, ...] = ()


def find(db: Database, root: Path, check: CheckConfig, agent: str, hook: str, chosen: Chosen) -> Finding:
    """The verdict on a commit that a hook refused. Takes as long as the check, `budget_s` at most."""
    began = time.monotonic()
    search = _Search(db, root, check, agent, began + check.budget_s)
    head_tree = refs.tree_of(root, "HEAD")
    index_tree = worktrees.tree_to_commit(root, *chosen)
    found = search.judge_head(head_tree) or search.judge_index(index_tree) or search.judge_live(hook)
    return found._replace(
        hook=hook,
        command=check.command,
        head_tree=head_tree,
        index_tree=index_tree,
        duration_ms=int((time.monotonic() - began) * 1000),
    )


def record(tx: Transaction, agent: str, incident: int | None, finding: Finding) -> None:
    """Keep the verdict with its evidence, whatever it was."""
    tx.execute(
        "insert into verdicts (at, agent, incident_id, verdict, why, hook, command, exit_status, output, head_tree, "
        "index_tree, duration_ms) values (:now, :agent, :incident, :verdict, :why, :hook, :command, :exit_status, "
        ":output, :head_tree, :index_tree, :duration_ms)",
        now=tx.now,
        agent=agent,
        incident=incident,
        verdict=finding.verdict.value,
        why=finding.why,
        hook=finding.hook,
        command=finding.command,
        exit_status=finding.exit_status,
        output=finding.output,
        head_tree=finding.head_tree,
        index_tree=finding.index_tree,
        duration_ms=finding.duration_ms,
    )


def first_red(db: Database, root: Path) -> tuple[str, str] | None:
    """The commit that broke it and its author: the one after the last commit known to be good, if any is."""
    suspect: tuple[str, str] | None = None
    commits = refs.first_parents(root, 50)
    with db.reading() as tx:
        for commit, tree, author in commits:
            if check_runs.known_good(tx, tree):
                return suspect
            suspect = (commit, author)
    return None


class _Search:
    """One search for evidence: what it has seen so far, and until when it may go on."""

    def __init__(self, db: Database, root: Path, check: CheckConfig, agent: str, give_up_at: float) -> None:
        self._db = db
        self._root = root
        self._check = check
        self._agent = agent
        self._give_up_at = give_up_at
        self._flaky: CheckRun | None = None

    def judge_head(self, tree: str | None) -> Finding | None:
        if tree is None:  # no commit yet: nothing that could be broken
            return None
        run = self._on(tree)
        if run.state is not State.FAILED:
            return self._inconclusive(run, "HEAD")
        if self._was_ever_green():
            return _finding(Verdict.BROKEN, "HEAD fails the check in a clean tree", run, elects=True)
        why = (
            "HEAD fails the check in a clean tree, where it was never seen to pass: it may lack what git ignores "
            "([build] setup and link provide it). Treated as broken"
        )
        return _finding(Verdict.UNKNOWN, why, run, elects=True)

    def judge_index(self, tree: str | None) -> Finding | None:
        if tree is None:
            return None
        run = self._on(tree)
        if run.state is State.FAILED:
            return _finding(Verdict.MINE, "HEAD passes the check, and your change fails it", run)
        return self._inconclusive(run, "your change")

    def judge_live(self, hook: str) -> Finding:
        if self._flaky:
            return _finding(
                Verdict.FLAKY, "the check failed, and passed when it was run again on the same tree", self._flaky
            )
        dirty = tuple(files.unstaged_files(self._root) + files.untracked_files(self._root))
        if dirty and (found := self._judge_dirty(dirty)):
            return found
        if hooks.run_hook_again(self._root, hook) == 0:
            return Finding(Verdict.FLAKY, "the hook refused, and passed when it was run again")
        why = "HEAD and your change pass the check, but the hook refuses your change for another reason: see its output"
        return Finding(Verdict.MINE, why)

    def _judge_dirty(self, dirty: tuple[str, ...]) -> Finding | None:
        before = self._fingerprint()
        run = check_runs.in_place(self._root, self._check.command, self._until())
        if self._fingerprint() != before:
            why = "the working tree changed while it was looked at; HEAD and your change pass the check"
            return _finding(Verdict.UNKNOWN, why, run)
        if run.state is State.FAILED:
            why = "HEAD and your change pass the check; what lies uncommitted in the working tree fails it"
            return _finding(Verdict.DIRTY_TREE, why, run)._replace(dirty=dirty)
        return self._inconclusive(run, "the working tree")

    def _inconclusive(self, run: CheckRun, what: str) -> Finding | None:
        """None when the tree is good as far as one can tell; else why nobody can tell."""
        match run.state:
            case State.PASSED:
                return None
            case State.FLAKY:
                self._flaky = run
                return None
            case State.TIMED_OUT:
                why = f"the check did not end in time on {what}. Treated as broken"
                return _finding(Verdict.UNKNOWN, why, run, elects=True)
        return _finding(Verdict.INFRA, f"the check could not run on {what} (exit status {run.exit_status})", run)

    def _was_ever_green(self) -> bool:
        with self._db.reading() as tx:
            if check_runs.ever_passed(tx, self._check):
                return True
        older = refs.first_parents(self._root, 1 + _LOOK_BACK)[1:]
        return any(self._on(tree).state is State.PASSED for _, tree, _ in older)

    def _on(self, tree: str) -> CheckRun:
        return check_runs.on_tree(self._db, self._root, self._check, tree, self._agent, self._give_up_at)

    def _until(self) -> float:
        return min(self._give_up_at, time.monotonic() + self._check.timeout_s)

    def _fingerprint(self) -> tuple[str | None, str | None, str]:
        head, staged = refs.head(self._root), worktrees.tree_to_commit(self._root)
        return head, staged, files.unstaged_fingerprint(self._root, [])


def _finding(verdict: Verdict, why: str, run: CheckRun, elects: bool = False) -> Finding:
    return Finding(verdict, why, elects, run.output, exit_status=run.exit_status)
