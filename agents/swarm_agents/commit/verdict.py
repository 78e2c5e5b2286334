"""What a refused commit means: the build is broken, the caller's own change fails, or neither."""

from __future__ import annotations

from swarm_agents.db.transaction import Transaction
from swarm_agents.git.commit import CommitRun
from swarm_agents.values import TYPE_CHECKING, NamedTuple, StrEnum

if TYPE_CHECKING:
    from swarm_agents.commit.signature.signature import Signature

_CODE_HOOKS = frozenset({"pre-commit", "pre-merge-commit"})  # the others judge the message or the push


class Verdict(StrEnum):
    BROKEN = "broken"
    MINE = "mine"
    FLAKY = "flaky"
    DIRTY_TREE = "dirty_tree"
    FILES_MODIFIED = "files_modified"
    INFRA = "infra"
    NOT_BUILD = "not_build"
    UNKNOWN = "unknown"


class RefusalFinding(NamedTuple):
    """A verdict and the evidence for it. `needs_fixer`: the build itself is broken, or is treated as broken.

    `files` are those that the hook changed, or that lie uncommitted in a working tree that fails.
    """

    verdict: Verdict
    why: str
    needs_fixer: bool = False
    output: str = ""
    hook: str | None = None
    command: str | None = None
    exit_status: int | None = None
    head_tree: str | None = None
    index_tree: str | None = None
    duration_ms: int = 0
    files: tuple[str, ...] = ()
    signature: Signature | None = None
    """What failed, by name."""


def judge_refusal(run: CommitRun, files_changed: bool) -> Verdict:
    """The verdict by what git recorded and whether the hook changed files. `BROKEN` may be disproved by evidence."""
    hook = run.refusing_hook()
    if hook is None or hook.name not in _CODE_HOOKS:
        return Verdict.NOT_BUILD

    from swarm_agents.commit import could_not_run  # a commit that lands does without it

    if could_not_run.explain(hook.code, run.output, run.errors):
        return Verdict.INFRA
    if files_changed:
        return Verdict.FILES_MODIFIED
    return Verdict.BROKEN


def record_finding(tx: Transaction, agent: str, incident: int | None, finding: RefusalFinding) -> None:
    """Keep the verdict with its evidence, also when it is not about the build."""
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
