"""What a `swarm commit` meant when it was typed, kept so that each later try commits the same.

Git reads some things once: standard input, a pipe, what HEAD~1 is, what an editor wrote. And a commit of "all changes"
means those that were there, not what another agent staged in the same checkout while this one waited.
"""

from __future__ import annotations

import os
import stat
import sys

from swarm_agents.commit.arguments import CommitArguments, CommitContents, narrow_to_paths, read_contents, without_patch
from swarm_agents.commit.ends import CommitGone, CommitMixed, CommitMoved
from swarm_agents.git import files
from swarm_agents.git.files import WorkingTree
from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from swarm_agents.commit.context import CommitContext
    from swarm_agents.git import hunks, operation, refs, repository
else:  # a commit that lands at once needs none of them
    hunks = load_late("swarm_agents.git.hunks")
    operation = load_late("swarm_agents.git.operation")
    refs = load_late("swarm_agents.git.refs")
    repository = load_late("swarm_agents.git.repository")

_READ_ONCE = ("file", "template", "pathspec-from-file")  # options whose value is the name of a file
_NAME_COMMIT = ("reedit-message", "reuse-message", "squash", "fixup")  # options whose value is a commit
_STDIN = "-"


class CommitRequest(NamedTuple):
    """`arguments` mean the same at every try. `stdin` is what was on standard input, where git reads that.

    `paths` are the files that the commit would change, as they were named and changed at first.
    """

    arguments: CommitArguments
    contents: CommitContents
    first: WorkingTree
    paths: frozenset[str]
    notes: Path
    """The folder for what belongs to this commit alone."""
    stdin: Path | None
    picked: bool
    """Hunks were picked for it, and are staged."""

    @property
    def edited_message(self) -> Path:
        """What the editor made of the message; there is none before an editor ended."""
        return self.notes / "message"


class PlannedTry(NamedTuple):
    """One try: the arguments for git, and the working tree just before it."""

    arguments: CommitArguments
    tree: WorkingTree


def read_request(context: CommitContext, notes: Path) -> CommitRequest:
    """Read everything that git would read once. Takes one git process, and more where a commit or paths are named.

    With `--patch` it asks for the hunks, which are staged until `withdraw_hunks`.
    """
    arguments, stdin = _keep_files(context.arguments, notes)
    arguments = _name_commits(context.root, arguments)
    picked = _picks_hunks(arguments)
    if picked:
        hunks.pick_hunks(context.root, notes, [*arguments.list_patch_options(), "--", *arguments.paths])
        arguments = without_patch(arguments)
    contents = read_contents(arguments)
    tree = files.read_working_tree(context.root)
    paths = _list_paths(context.root, contents, tree)
    return CommitRequest(arguments, contents, tree, paths, notes, stdin, picked)


def plan_try(
    context: CommitContext, request: CommitRequest, again: bool
) -> PlannedTry | CommitMoved | CommitMixed | CommitGone:
    """What to run now so that it commits what was meant, or why that is impossible. `again`: it was tried before."""
    if not again:
        return PlannedTry(request.arguments, request.first)
    now = files.read_working_tree(context.root)
    if request.arguments.has("amend") and now.head != request.first.head:
        return CommitMoved(request.first.head, now.head)
    if operation.find_operation(repository.worktree_git_dir(context.root)):  # git commits no part of a merge
        return PlannedTry(request.arguments, now)
    paths = _list_paths(context.root, request.contents, now)
    left = paths & request.paths
    if left == paths:
        return PlannedTry(request.arguments, now)
    if not request.paths:  # a new message, or an empty commit
        return PlannedTry(narrow_to_paths(request.arguments, None), now)
    if not left and request.contents.only_staged:  # the index as a whole was meant
        return PlannedTry(request.arguments, now)
    if not left:
        return CommitGone(tuple(sorted(request.paths)))
    takes_index = request.contents.only_staged or request.contents.with_index
    if takes_index and (partly := left.intersection(now.staged, now.unstaged)):
        return CommitMixed(tuple(sorted(paths - request.paths)), tuple(sorted(partly)))
    listed = request.notes / "paths"
    listed.write_bytes(b"".join(os.fsencode(f":(top,literal){path}") + b"\0" for path in sorted(left)))
    return PlannedTry(narrow_to_paths(request.arguments, str(listed)), now)


def withdraw_hunks(context: CommitContext, request: CommitRequest) -> None:
    """Unstage what was picked for a commit that did not land, as git does."""
    if request.picked:
        hunks.withdraw_hunks(context.root, request.notes)


def _picks_hunks(arguments: CommitArguments) -> bool:
    """Whether git would ask for hunks. It refuses to do so with a list of paths in a file, and so it may."""
    asks = arguments.has("patch") or arguments.has("interactive")
    return asks and not arguments.has("dry-run") and arguments.value("pathspec-from-file") is None


def _keep_files(arguments: CommitArguments, notes: Path) -> tuple[CommitArguments, Path | None]:
    """Copy what the named files hold: they may be pipes, or change. A file that cannot be read is git's error."""
    new: dict[int, str] = {}
    stdin: Path | None = None
    for place, option in enumerate(arguments.options):
        if option.name not in _READ_ONCE or not option.on or option.value is None:
            continue
        if option.value == _STDIN and option.name != "template":
            stdin = stdin or _keep_stdin(notes / "stdin")
            if option.name == "pathspec-from-file":  # it is read in other places too
                new[place] = str(stdin)
        elif _is_readable_once(option.value):
            kept = notes / f"{option.name}-{place}"
            try:
                with open(option.value, "rb") as source, open(kept, "xb") as target:
                    _copy(source, target)
            except OSError:
                continue
            new[place] = str(kept)
    return arguments.replace_values(new), stdin


def _is_readable_once(name: str) -> bool:
    try:
        mode = os.stat(name).st_mode
    except OSError:
        return False
    return not stat.S_ISDIR(mode)


def _keep_stdin(kept: Path) -> Path:
    with open(kept, "xb") as target:
        if sys.stdin is not None:
            _copy(sys.stdin.buffer, target)
    return kept


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(65_536):
        target.write(chunk)


def _name_commits(root: Path, arguments: CommitArguments) -> CommitArguments:
    """Name commits by their ids: after a merge, HEAD~1 is another one. What git does not know stays as it is."""
    new: dict[int, str] = {}
    for place, option in enumerate(arguments.options):
        if option.name not in _NAME_COMMIT or not option.on or not option.value:
            continue
        prefix, commit = "", option.value
        if option.name == "fixup" and commit.startswith(("amend:", "reword:")):
            prefix, _, commit = commit.partition(":")
            prefix += ":"
        if found := refs.read_commit(root, commit):
            new[place] = prefix + found
    return arguments.replace_values(new) if new else arguments


def _list_paths(root: Path, contents: CommitContents, tree: WorkingTree) -> frozenset[str]:
    """The files that the commit would change now."""
    if contents.everything:
        return frozenset((*tree.staged, *tree.unstaged))
    if not contents.pathspec:
        return frozenset(tree.staged)
    named = files.list_changed_in(_read_pathspec(contents.pathspec))
    return frozenset((*named, *tree.staged) if contents.with_index else named)


def _read_pathspec(pathspec: tuple[str, ...]) -> list[str]:
    """The elements, also those in a file, where each is ended by NUL, or in a line and perhaps quoted."""
    first, *rest = pathspec
    if not first.startswith("--pathspec-from-file="):
        return rest
    with open(first.partition("=")[2], "rb") as file:
        text = os.fsdecode(file.read())
    if rest:
        return [element for element in text.split("\0") if element]
    return [files.unquote_path(line.removesuffix("\r")) for line in text.split("\n") if line]
