"""A commit landed: is it the evidence that ends the incident?"""

from pathlib import Path

from swarm_agents.build import build, retry_queue
from swarm_agents.build.outcomes import Evidence, FenceRejected, RoleGranted
from swarm_agents.commit.attempt import CommitAttempt
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.ends import CommitLanded, CommitLandedLate, CommitLandedUnproven, CommitLandedUnrecorded
from swarm_agents.config.config import Config
from swarm_agents.errors import SwarmError
from swarm_agents.git import hooks, refs
from swarm_agents.git.commit import find_landed_commit
from swarm_agents.incidents import incidents


def has_landed(context: CommitContext, attempt: CommitAttempt) -> bool:
    """Whether the commit was made. Git may die after it: of a signal during a later hook, or without room on disk."""
    if attempt.run.code == 0:
        return True
    if attempt.gate.refused or attempt.lost_race or not attempt.git_died:
        return False
    return _find_landed(context, attempt) is not None


def settle_landing(
    context: CommitContext, attempt: CommitAttempt
) -> CommitLanded | CommitLandedUnproven | CommitLandedLate | CommitLandedUnrecorded:
    """Record the commit, and end the incident where the commit proves that it is over.

    An error of the database is an end of its own, because the commit stays.
    """
    try:
        retry_queue.end_turn(context.db, context.agent, landed=True)
        return _settle(context, attempt)
    except SwarmError as error:
        landed = _find_landed(context, attempt)
        if landed is None:
            raise
        return CommitLandedUnrecorded(landed[0], error)


def is_on_shared_branch(root: Path, config: Config, commit: str) -> bool:
    """Whether a fix in this commit counts: it is on the shared branch, or none is configured."""
    return config.branch is None or refs.contains_commit(root, config.branch, commit) is True


def _settle(context: CommitContext, attempt: CommitAttempt) -> CommitLanded | CommitLandedUnproven | CommitLandedLate:
    landed = _find_landed(context, attempt)
    if landed is None:
        return CommitLanded(None, None)
    commit, tree = landed
    with context.db.reading() as tx:
        now = build.state(tx)
        refused_by = incidents.find_refusing_hook(tx, now.incident)
    judged = attempt.passed_hook("pre-commit")
    if judged:
        with context.db.transaction() as tx:
            incidents.record_landing(tx, context.agent, commit, tree)
    evidence = Evidence(f"{commit[:10]} landed through the hook", attempt.began, commit)
    if now.fixer == context.agent:
        proven = _is_proven(context, attempt, refused_by)
        return _settle_fix(context, commit, proven, evidence, RoleGranted(now, new=False))
    if judged and is_on_shared_branch(context.root, context.config, commit):
        healed = build.heal(context.db, context.agent, evidence) if now.red else None
        return CommitLanded(commit, healed.incident if healed else None)
    return CommitLanded(commit, None)


def _is_proven(context: CommitContext, attempt: CommitAttempt, refused_by: str | None) -> bool:
    """Whether the hook that had refused passed. After a report by hand, having no pre-commit hook is enough."""
    if attempt.passed_hook(refused_by or "pre-commit"):
        return True
    return refused_by is None and (attempt.gate.alone or not hooks.has_hook(context.root, "pre-commit"))


def _settle_fix(
    context: CommitContext, commit: str, proven: bool, evidence: Evidence, yours: RoleGranted
) -> CommitLanded | CommitLandedUnproven | CommitLandedLate:
    if not proven:
        why = "the hook that had refused did not run, so it proves nothing"
        return CommitLandedUnproven(commit, why, "swarm build fixed", yours)
    with context.db.transaction() as tx:
        incidents.keep_landed_commit(tx, context.agent, commit)
    if not is_on_shared_branch(context.root, context.config, commit):
        why = f"it is not on {context.config.branch} yet: merge it there"
        return CommitLandedUnproven(commit, why, "swarm build fixed", yours)
    outcome = build.mark_fixed(context.db, context.agent, evidence, yours.build.fence)
    if isinstance(outcome, FenceRejected):
        return CommitLandedLate(commit, outcome)
    return CommitLanded(commit, outcome.incident)


def _find_landed(context: CommitContext, attempt: CommitAttempt) -> tuple[str, str] | None:
    return find_landed_commit(context.root, context.agent, attempt.head_before)
