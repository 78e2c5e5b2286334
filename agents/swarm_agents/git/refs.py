"""Reads commits, trees and branches of a repository. Changes nothing."""

from pathlib import Path

from swarm_agents.git.repository import worktree_folder
from swarm_agents.git.run import ask, lines, must


def head(root: Path) -> str | None:
    """The commit that is checked out; None before the first one."""
    asked = ask(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], root)
    return asked.stdout.strip() or None


def head_and_tree(root: Path) -> tuple[str, str] | None:
    """The commit that is checked out and its tree; None before the first one."""
    asked = ask(["rev-parse", "--quiet", "HEAD^{commit}", "HEAD^{tree}"], root)
    if asked.returncode != 0:
        return None
    commit, tree = asked.stdout.split()
    return commit, tree


def contains(root: Path, tip: str, commit: str) -> bool | None:
    """Whether `commit` is reachable from `tip`; None when one of them does not exist here (any more)."""
    code = ask(["merge-base", "--is-ancestor", commit, tip], root).returncode
    return {0: True, 1: False}.get(code)


def current_branch(root: Path) -> str | None:
    """The full name of the branch that is checked out, also before its first commit; None on a detached HEAD."""
    return ask(["symbolic-ref", "--quiet", "HEAD"], root).stdout.strip() or None


def tree_of(root: Path, commit: str) -> str | None:
    """The tree of a commit; None when there is no such commit."""
    return ask(["rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"], root).stdout.strip() or None


def tree_and_parents(root: Path, commit: str) -> tuple[str, list[str]]:
    """The tree of a commit and the commits before it, as the commit itself says. It need not be on any branch yet."""
    head = must(["cat-file", "commit", commit], root).partition("\n\n")[0].split("\n")
    return head[0].removeprefix("tree "), [line[7:] for line in head[1:] if line.startswith("parent ")]


def first_parents(root: Path, count: int) -> list[tuple[str, str, str]]:
    """The last commits of this branch, newest first: id, tree, author's name."""
    listed = ask(["log", "--first-parent", f"--max-count={count}", "--format=%H%x00%T%x00%an"], root).stdout
    found = [line.split("\0") for line in lines(listed)]
    return [(commit, tree, author) for commit, tree, author in found]


def is_new(root: Path, commit: str) -> bool:
    """Whether no ref, no reflog and no fetch of this repository, in any of its worktrees, knows the commit yet."""
    # FETCH_HEAD need not be there, which --ignore-missing forgives; the commit itself is.
    known = ["--all", "--reflog", "FETCH_HEAD"]
    if must(["rev-list", "--max-count=1", "--ignore-missing", commit, "--not", *known], root) == "":
        return False
    return commit not in _fetched(root)


def _fetched(root: Path) -> set[str]:
    """The tips of the last fetch: as a revision FETCH_HEAD is the first of them alone."""
    try:
        text = (worktree_folder(root) / "FETCH_HEAD").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return set()
    return {line.partition("\t")[0] for line in lines(text)}
