"""Brings a fix that landed elsewhere into this working tree, with the configured `[build] sync`."""

from pathlib import Path

from swarm_agents.build import build
from swarm_agents.commit.context import CommitContext
from swarm_agents.commit.ends import CommitBehind, SyncFailed
from swarm_agents.git import refs, stash
from swarm_agents.incidents import incidents
from swarm_agents.system import subprocesses


def restore_interrupted(context: CommitContext) -> SyncFailed | None:
    """A sync that was killed left the caller's changes saved: restore them before anything else."""
    command = context.config.sync
    if command is None or (saved := stash.find_saved_changes(context.root)) is None:
        return None
    return None if stash.restore_changes(context.root, saved) else SyncFailed(command, saved)


def find_missing_fix(context: CommitContext) -> CommitBehind | None:
    """The last fix, when HEAD lacks it. None for the fixer, whose own fix comes next."""
    with context.db.reading() as tx:
        fix = incidents.find_last_fix(tx)
        is_fixer = build.state(tx).fixer == context.agent
    if fix is None or is_fixer or refs.contains_commit(context.root, "HEAD", fix[1]) is not False:
        return None
    command = context.config.sync or f"git merge --no-edit {context.config.branch or fix[1]}"
    return CommitBehind(fix[1], command)


def catch_up(context: CommitContext) -> bool | SyncFailed:
    """After green: bring in the fix where a sync is configured and HEAD lacks it. Whether it did."""
    command = context.config.sync
    if not command or find_missing_fix(context) is None:
        return False
    return bring_in_fix(context.root, command) or True


def bring_in_fix(root: Path, command: str) -> SyncFailed | None:
    """Run the sync. Where it fails because of uncommitted changes, they are saved meanwhile and then restored."""
    if _run_sync(root, command):
        return None
    saved = stash.save_changes(root)
    if saved is None:
        return SyncFailed(command, None)
    merged = restored = False
    try:
        merged = _run_sync(root, command)
    finally:
        restored = stash.restore_changes(root, saved)
    if merged and restored:
        return None
    return SyncFailed(command, None if restored else saved)


def _run_sync(root: Path, command: str) -> bool:
    """Whether it succeeded; a merge that it leaves unfinished is undone."""
    merged = False
    try:
        merged = subprocesses.run_on_terminal(["sh", "-c", command], root) == 0
    finally:
        if not merged:
            stash.abort_merge(root)
    return merged
