"""Reads the files of a git directory without starting git: for hooks, for which git waits, and for watching them."""

import contextlib
from pathlib import Path


def find_common_dir(git_dir: Path) -> Path:
    """The git directory that all worktrees share."""
    try:
        return git_dir / (git_dir / "commondir").read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
    except FileNotFoundError:
        return git_dir


def read_branch(git_dir: Path) -> str | None:
    """The full name of the branch that is checked out, also before its first commit; None on a detached HEAD.

    Raises `LookupError` where HEAD is no plain file that names a branch; then ask git.
    """
    head = git_dir / "HEAD"
    if head.is_symlink():
        raise LookupError(f"{head} is a link")
    content = head.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
    name = content.removeprefix("ref:").strip()
    if name == content:
        return None
    if name == "refs/heads/.invalid":  # git's mark for refs that are in a table, not in files
        raise LookupError(f"{head} names no branch")
    return name


def list_tip_files(common_dir: Path, branch: str | None) -> list[Path]:
    """Files of which one changes whenever the tip of the branch does; None for the branch that is checked out.

    Some of them do not exist: refs lie in files of their own, packed together, or in a table.
    """
    names = ["HEAD", "packed-refs", "reftable/tables.list"]
    if branch is not None:
        names += [branch] if branch.startswith("refs/") else [f"refs/heads/{branch}", f"refs/remotes/{branch}"]
    else:
        with contextlib.suppress(LookupError, OSError):  # in a table of refs, which is watched as a whole
            names += [read_branch(common_dir) or "HEAD"]
    return [common_dir / name for name in dict.fromkeys(names)]
