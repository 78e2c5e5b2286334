"""Saves the user's changes under a ref of this worktree while a fix is brought in, and restores them."""

from pathlib import Path

from swarm_agents.git.run import run_git, run_git_or_raise
from swarm_agents.system.subprocesses import defer_signals

SAVED_REF = "refs/worktree/swarm-saved"  # a ref of this worktree alone: all worktrees share the stash
KEPT_REF = "refs/worktree/swarm-kept"  # saved changes that conflict with the fix, after their owner was told


def save_changes(root: Path) -> str | None:
    """Save the tracked changes, staged ones as staged, under `SAVED_REF`, and clean the tree; None without any."""
    saved = run_git(["stash", "create", "swarm: kept while the fix is brought in"], root).stdout.strip()
    if not saved:
        return None
    with defer_signals():
        run_git_or_raise(["update-ref", SAVED_REF, saved], root)
        run_git_or_raise(["reset", "--quiet", "--hard", "HEAD"], root)
    return saved


def restore_changes(root: Path, saved: str) -> bool:
    """Restore the saved changes, staged ones as staged. False when they conflict: then `KEPT_REF` keeps them."""
    with defer_signals():
        back = run_git(["stash", "apply", "--quiet", "--index", saved], root).returncode == 0
        if not back:
            run_git_or_raise(["update-ref", KEPT_REF, saved], root)
        run_git_or_raise(["update-ref", "-d", SAVED_REF, saved], root)
    return back


def find_saved_changes(root: Path) -> str | None:
    """The changes that an interrupted sync left saved; None without any."""
    return run_git(["rev-parse", "--verify", "--quiet", SAVED_REF], root).stdout.strip() or None


def abort_merge(root: Path) -> None:
    """Undo a merge that stopped at a conflict, if there is one."""
    with defer_signals():
        run_git(["merge", "--abort"], root)
