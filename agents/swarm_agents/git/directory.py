"""What the files of a git directory say by themselves. For hooks: git has told them where it is and waits for them."""

from pathlib import Path


def common(git_dir: Path) -> Path:
    """The git directory that all worktrees share."""
    try:
        return git_dir / (git_dir / "commondir").read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
    except FileNotFoundError:
        return git_dir


def branch(git_dir: Path) -> str | None:
    """The full name of the branch that is checked out, also before its first commit; None on a detached HEAD.

    Raises `LookupError` where HEAD is kept in another way than as a plain file: git itself knows.
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
