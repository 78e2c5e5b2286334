"""Reads commits, trees and branches of a repository. Changes nothing."""

from __future__ import annotations

from swarm_agents.git.repository import worktree_git_dir
from swarm_agents.git.run import Folder, run_git, run_git_or_raise, split_lines
from swarm_agents.values import NamedTuple


def read_head(root: Folder) -> str | None:
    """The commit that is checked out; None before the first one."""
    answer = run_git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], root)
    return answer.stdout.strip() or None


def read_commit(root: Folder, name: str) -> str | None:
    """The id of the commit, or of the tag, that git knows by this name; None when it knows none."""
    if name.startswith("-"):
        return None
    return run_git(["rev-parse", "--verify", "--quiet", name], root).stdout.strip() or None


def read_head_and_tree(root: Folder) -> tuple[str, str] | None:
    """The commit that is checked out and its tree; None before the first one."""
    answer = run_git(["rev-parse", "--quiet", "HEAD^{commit}", "HEAD^{tree}"], root)
    if answer.returncode != 0:
        return None
    commit, tree = answer.stdout.split()
    return commit, tree


class Commit(NamedTuple):
    id: str
    tree: str
    parents: tuple[str, ...]
    author: str


class BranchTip(NamedTuple):
    """The newest commit of a branch. `name` is the branch for people; `author` and `subject` are text from outside."""

    name: str
    commit: str
    tree: str
    author: str
    subject: str


def read_tip(common_dir: Folder, branch: str | None) -> BranchTip | None:
    """The tip of the branch; without `branch`, of the one that the main working tree has checked out.

    None when there is no such commit.
    """
    there = ["--git-dir", str(common_dir)]
    name = branch or _read_short_head(there, common_dir)
    shown = ["log", "--max-count=1", "--no-show-signature", "--format=%H%x00%T%x00%an%x00%s", branch or "HEAD", "--"]
    answer = run_git([*there, *shown], common_dir)
    found = answer.stdout.rstrip("\n").split("\0")
    return BranchTip(name, *found) if answer.returncode == 0 and len(found) == 4 else None


def contains_commit(root: Folder, tip: str, commit: str) -> bool | None:
    """Whether `commit` is reachable from `tip`; None when one of them does not exist here."""
    code = run_git(["merge-base", "--is-ancestor", commit, tip], root).returncode
    return {0: True, 1: False}.get(code)


def read_branch(root: Folder) -> str | None:
    """The full name of the branch that is checked out, also before its first commit; None on a detached HEAD."""
    return run_git(["symbolic-ref", "--quiet", "HEAD"], root).stdout.strip() or None


def read_tree(root: Folder, commit: str) -> str | None:
    """The tree of a commit; None when there is no such commit."""
    return run_git(["rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"], root).stdout.strip() or None


def read_tree_and_parents(root: Folder, commit: str) -> tuple[str, list[str]]:
    """The tree and the parents of a commit, read from the commit itself, which need not be on any branch yet."""
    head = run_git_or_raise(["cat-file", "commit", commit], root).partition("\n\n")[0].split("\n")
    return head[0].removeprefix("tree "), [line[7:] for line in head[1:] if line.startswith("parent ")]


def list_first_parents(root: Folder, count: int) -> list[tuple[str, str, str]]:
    """The last commits of this branch, newest first: id, tree, author's name."""
    listed = run_git(["log", "--first-parent", f"--max-count={count}", "--format=%H%x00%T%x00%an"], root).stdout
    found = [line.split("\0") for line in split_lines(listed)]
    return [(commit, tree, author) for commit, tree, author in found]


def list_commits(root: Folder, count: int) -> list[Commit]:
    """The last commits that HEAD contains, also those that it merged; each stands before its parents."""
    format_ = "--format=%H%x00%T%x00%P%x00%an"
    listed = run_git(["log", "--topo-order", "--no-show-signature", f"--max-count={count}", format_], root).stdout
    found = [line.split("\0") for line in split_lines(listed)]
    return [Commit(commit, tree, tuple(parents.split()), author) for commit, tree, parents, author in found]


def is_new_commit(root: Folder, commit: str) -> bool:
    """Whether the commit is unreachable from every ref, reflog and FETCH_HEAD of this repository and its worktrees."""
    # --ignore-missing is for FETCH_HEAD, which need not exist.
    known = ["--all", "--reflog", "FETCH_HEAD"]
    if run_git_or_raise(["rev-list", "--max-count=1", "--ignore-missing", commit, "--not", *known], root) == "":
        return False
    return commit not in _fetched(root)


def _read_short_head(there: list[str], where: Folder) -> str:
    return run_git([*there, "symbolic-ref", "--quiet", "--short", "HEAD"], where).stdout.strip() or "HEAD"


def _fetched(root: Folder) -> set[str]:
    """The tips of the last fetch. As a revision, FETCH_HEAD stands for the first of them only."""
    try:
        text = (worktree_git_dir(root) / "FETCH_HEAD").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return set()
    return {line.partition("\t")[0] for line in split_lines(text)}
