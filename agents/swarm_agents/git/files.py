"""Which files of the working tree differ: from the index, from the commit that is checked out, or between the two."""

from pathlib import Path

from swarm_agents.git.refs import head
from swarm_agents.git.run import ask


def unstaged_files(root: Path) -> list[str]:
    """Tracked files of the working tree that differ from what is staged."""
    return [name for name in ask(["diff", "--name-only", "-z"], root).stdout.split("\0") if name]


def untracked_files(root: Path) -> list[str]:
    listed = ask(["ls-files", "--others", "--exclude-standard", "-z"], root).stdout
    return [name for name in listed.split("\0") if name]


def changed_files(root: Path) -> list[str]:
    """Tracked files that differ from the commit that is checked out, staged or not."""
    against = ["HEAD"] if head(root) else ["--cached"]
    return [name for name in ask(["diff", "--name-only", "-z", *against], root).stdout.split("\0") if name]


def unmerged_files(root: Path) -> list[str]:
    names = ask(["diff", "--name-only", "--diff-filter=U", "-z"], root).stdout.split("\0")
    return [name for name in names if name]


def head_and_changes(root: Path) -> tuple[str | None, list[str], list[str]]:
    """The commit that is checked out (None before the first one), the files with staged changes and with others."""
    asked = ask(["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--no-renames"], root)
    head: str | None = None
    staged: list[str] = []
    unstaged: list[str] = []
    for line in asked.stdout.split("\0"):
        if line.startswith("# branch.oid ") and not line.endswith("(initial)"):
            head = line.removeprefix("# branch.oid ")
        elif line.startswith("1 "):
            name = line.split(" ", 8)[8]
            staged += [name] if line[2] != "." else []
            unstaged += [name] if line[3] != "." else []
    return head, staged, unstaged


def unstaged_fingerprint(root: Path, paths: list[str]) -> str:
    """Changes when one of these files (any tracked one, without paths) changes in the working tree."""
    import hashlib  # costs every other verb a millisecond

    changes = ask(["diff", "--no-ext-diff", "--no-color", "--binary", "--", *paths], root).stdout
    return hashlib.sha256(changes.encode(errors="surrogateescape")).hexdigest()
