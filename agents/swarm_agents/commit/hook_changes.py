"""Tells which tracked files a hook changed that refused a commit: by their contents, before and after it ran.

A file that was put aside and restored is as it was, whatever its times say. A file that was about to be committed, or
whose staged content is another one now, was changed by the hook. For any other file it may have been another agent at
work in the same checkout, or a test that failed and wrote it: it counts only where something says that the hook did it.
"""

from __future__ import annotations

import os
import stat

from swarm_agents.commit.arguments import CommitContents
from swarm_agents.commit.context import CommitContext
from swarm_agents.git import files
from swarm_agents.git.commit import CommitRun
from swarm_agents.git.files import WorkingTree
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1 << 20  # of one file whose content is kept; a larger one is compared by its size and time
_MOST_BYTES_IN_ALL = 32 << 20
_SAYS_THAT_IT_CHANGED_FILES = ("files were modified by", "files were changed by")  # pre-commit and lefthook


class FilesBefore(NamedTuple):
    """How the tracked files were before the hook ran, and what those with unstaged changes hold.

    The content of a clean file is known without reading it: it is what is staged.
    """

    tree: WorkingTree
    contents: dict[str, object]


class HookChanges(NamedTuple):
    """The files that the hook changed, and those of which it is not known whether the hook did it."""

    by_hook: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()


def record_files(root: Path, tree: WorkingTree) -> FilesBefore:
    """What the files are now that differ in this working tree. Reads those with unstaged changes."""
    contents: dict[str, object] = {}
    left = _MOST_BYTES_IN_ALL
    for name in tree.unstaged:
        content = contents[name] = _read(root / name, min(left, _MOST_BYTES))
        left -= len(content) if isinstance(content, bytes) else 0
    return FilesBefore(tree, contents)


def find_changes(context: CommitContext, contents: CommitContents, before: FilesBefore, run: CommitRun) -> HookChanges:
    """What the hook changed in the working tree or the index since `before`, when it refused to commit `contents`."""
    now = _FilesNow(context.root)
    names = before.tree.changes.keys() | now.tree.changes.keys()
    changed = [name for name in sorted(names) if now.differs(name, before)]
    if not changed:
        return HookChanges()
    to_commit = _names_to_commit(context.root, contents, before.tree)
    certain = {name for name in changed if name in to_commit}
    certain |= _find_signed(context, run, [name for name in changed if name not in to_commit])
    return HookChanges(
        tuple(name for name in changed if name in certain), tuple(name for name in changed if name not in certain)
    )


class _FilesNow:
    """How the tracked files are after the hook ran."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.tree = files.read_working_tree(root)
        # For git's status a file of another size differs, also where only line ends do, which git converts.
        self._unstaged = set(files.list_unstaged(root))

    def differs(self, name: str, before: FilesBefore) -> bool:
        """Whether this file is another one now, in the index or in the working tree."""
        old, new = before.tree.changes.get(name), self.tree.changes.get(name)
        if old is None:
            return new is not None and (new.staged or name in self._unstaged)
        if new is None and old.staged:  # as in HEAD now: discarded, unless another agent's commit has moved HEAD
            return self.tree.head == before.tree.head
        if new is not None and (old.blob, old.mode) != (new.blob, new.mode):
            return True
        if not old.unstaged:
            return name in self._unstaged
        return not _is_same(self._root, name, before.contents[name])


def _is_same(root: Path, name: str, before: object) -> bool:
    now = _read(root / name, _MOST_BYTES if isinstance(before, bytes) else 0)
    if now == before:
        return True
    if not isinstance(before, bytes) or not isinstance(now, bytes):
        return False
    return files.is_same_content(root, name, before, now)


def _names_to_commit(root: Path, contents: CommitContents, before: WorkingTree) -> set[str]:
    """The files that were about to be committed."""
    if contents.only_staged:
        return set(before.staged)

    from swarm_agents.git import worktrees  # a commit that lands does without it

    tree = worktrees.write_tree_to_commit(root, *contents)
    differing = files.list_differing(root, tree) if tree else before.changes.keys()
    return {name for name in before.changes if name in differing}


def _find_signed(context: CommitContext, run: CommitRun, names: list[str]) -> set[str]:
    """Those of these files that were not about to be committed and that something says the hook changed.

    The words of the hook itself, or that there is no other agent here. When tests failed by name, that is why the hook
    refused, and what they wrote is no reason.
    """
    from swarm_agents.commit import could_not_run  # a commit that lands does without it
    from swarm_agents.locks import locks  # as above

    if not names or could_not_run.names_failures(run.output):
        return set()
    holders = locks.read_holders(context.db, names)
    names = [name for name in names if holders.get(name, context.agent) == context.agent]
    if not _may_share(context) or any(sign in run.output for sign in _SAYS_THAT_IT_CHANGED_FILES):
        return set(names)
    return {name for name in names if name in holders or _mentions(run.output, name)}


def _may_share(context: CommitContext) -> bool:
    """Whether another agent may be at work in this checkout: in the main one any may, in others one that committed."""
    from swarm_agents import roster  # as above
    from swarm_agents.git import commit, repository  # as above

    with context.db.reading() as tx:
        others = {agent.name for agent in roster.list_present(tx)} - {context.agent}
    if not others or repository.worktree_git_dir(context.root) == repository.common_git_dir(context.root):
        return bool(others)
    return not others.isdisjoint(commit.list_committers(context.root))


def _mentions(output: str, name: str) -> bool:
    """Whether the output names the file, by its path or by its last part."""
    import re  # as above

    last = name.rpartition("/")[2]
    return bool(re.search(rf"(?<![\w.-]){re.escape(last)}(?![\w-]|\.\w)", output))


def _read(path: Path, limit: int) -> object:
    """The content as bytes; for more than `limit` bytes its size and time; None for what is neither file nor link."""
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return os.fsencode(path.readlink())
        if not stat.S_ISREG(found.st_mode):
            return None
        return path.read_bytes() if found.st_size <= limit else (found.st_mtime_ns, found.st_size)
    except OSError:
        return None
