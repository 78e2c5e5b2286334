"""What a refused commit means: the build, the caller's own affair, or nothing of ours."""

from enum import StrEnum

from swarm_agents.git.commit import CommitRun

# The hooks that judge the code. The others judge the message or the push.
_CODE_HOOKS = frozenset({"pre-commit", "pre-merge-commit"})
_LOST_RACES = ("index.lock", "cannot lock ref")
_NO_VERDICT_CODES = range(126, 256)  # not executable, not found, killed by a signal (128 + n)


class Verdict(StrEnum):
    BROKEN = "broken"
    MINE = "mine"
    FLAKY = "flaky"
    DIRTY_TREE = "dirty_tree"
    FILES_MODIFIED = "files_modified"
    INFRA = "infra"
    NOT_BUILD = "not_build"
    UNKNOWN = "unknown"


def judge(run: CommitRun, files_changed: bool) -> Verdict:
    """The verdict on a commit that did not land, by what git recorded and whether tracked files changed."""
    hook = run.refusing_hook()
    if hook is None or hook.name not in _CODE_HOOKS:
        return Verdict.NOT_BUILD
    if hook.code in _NO_VERDICT_CODES or hook.code < 0 or "No space left on device" in run.output:
        return Verdict.INFRA
    if files_changed:
        return Verdict.FILES_MODIFIED
    return Verdict.BROKEN


def lost_race(run: CommitRun) -> bool:
    """Another git was quicker: nothing is wrong, try again."""
    return run.code == 128 and any(sign in error for error in run.errors for sign in _LOST_RACES)
