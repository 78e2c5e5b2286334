"""Brings a fix that landed elsewhere into this working tree, with the configured `[build] sync`.

The user's work is saved before the command runs, and is in the working tree again after it, whatever the command did.
Where an operation of git is in progress, nothing here touches the working tree.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

from swarm_agents.build import build
from swarm_agents.commit.ends import CommitBehind, SyncFailed
from swarm_agents.errors import CannotWrite, SwarmError, Unavailable
from swarm_agents.git import directory, files, refs
from swarm_agents.incidents import incidents
from swarm_agents.late import load_late
from swarm_agents.text import name_some
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from swarm_agents.commit.context import CommitContext
    from swarm_agents.commit.request import CommitRequest
    from swarm_agents.git import hidden_files, operation, repository, saved_work, turns
    from swarm_agents.git.operation import Operation
    from swarm_agents.git.saved_work import SavedWork
    from swarm_agents.system import noted_processes, subprocesses
else:  # a commit that lands at once needs none of them
    hidden_files = load_late("swarm_agents.git.hidden_files")
    operation = load_late("swarm_agents.git.operation")
    repository = load_late("swarm_agents.git.repository")
    saved_work = load_late("swarm_agents.git.saved_work")
    turns = load_late("swarm_agents.git.turns")
    noted_processes = load_late("swarm_agents.system.noted_processes")
    subprocesses = load_late("swarm_agents.system.subprocesses")

# An automatic stash that conflicts leaves its markers in the user's files.
_SETTINGS = {"rebase.autoStash": "false", "merge.autoStash": "false"}
_AS_BEFORE = "It was undone: your branch, index and files are as they were"
_UNSET = "the sync"  # its setting may be among what was put aside


def restore_interrupted(context: CommitContext) -> SyncFailed | None:
    """A sync that was killed left the caller's changes saved: restore them before anything else."""
    git_dir = directory.find_git_dir(os.fspath(context.root)) or repository.worktree_git_dir(context.root)
    if not any(os.path.lexists(os.path.join(git_dir, name)) for name in (directory.SAVED_WORK, directory.SAVED_REF)):
        return None
    with turns.hold_for_sync(context.root) as held:
        return _restore_interrupted(context) if held else _not_tried(context.config.sync or _UNSET)


@contextmanager
def kept_out(context: CommitContext) -> Iterator[None]:
    """No other agent syncs this working tree during the block. Raises `Unavailable` when a sync does not end."""
    if not context.config.sync:
        yield
        return
    with turns.hold_for_commit(context.root) as held:
        if not held:
            raise Unavailable(
                "A sync of another agent is still running in this folder. Commit again when it has ended."
            )
        yield


def _not_tried(command: str) -> SyncFailed:
    why = "The fix was not brought in: a commit or sync of another agent is still running in this folder. Commit again"
    return SyncFailed(command, f"{why} when it has ended")


def _restore_interrupted(context: CommitContext) -> SyncFailed | None:
    command = context.config.sync or _UNSET
    if (saved := saved_work.find_saved_work(context.root)) is None:
        return None
    with _telling_what_is_kept(saved), _from_root(context.root):
        return _restore(context, command, saved)


def _restore(context: CommitContext, command: str, saved: SavedWork) -> SyncFailed | None:
    if noted_processes.is_any_alive(saved.users):
        why = "A sync that was interrupted here is still running. Wait until it has ended, then commit again"
        return SyncFailed(command, why)
    if not saved.aside:
        return _end_interrupted(context.root, command, saved)
    if found := _find_operation(context.root):
        why = (
            f"A {found.name} is in progress, and a sync that was interrupted has put your changes aside (kept as "
            f"{_short(saved.commit)}). End or undo the {found.name}, then commit again: your changes come back first"
        )
        return SyncFailed(command, why, (), found.abort, saved.commit)
    why, conflicts = "something else is staged here now", saved.paths
    if saved_work.can_restore(context.root, saved):
        conflicts = saved_work.carry_over(context.root, saved)
        if not conflicts:
            return _end_interrupted(context.root, command, saved)
        why = f"your changes to {name_some(conflicts)} conflict with what is checked out, or was edited here since"
    saved_work.keep_replaced_files(context.root, saved)
    saved_work.discard(context.root, saved, keep=True)
    why = (
        f"A sync was interrupted, and {why}. Your changes are kept as {_short(saved.commit)}. Apply them, and resolve "
        "what conflicts; then commit again"
    )
    return SyncFailed(command, why, conflicts, f"git stash apply {saved.commit}", saved.commit)


def _end_interrupted(root: Path, command: str, saved: SavedWork) -> SyncFailed | None:
    """Forget what was saved, as it is in the working tree again, except for files that the sync replaced.

    Changes that were not put aside are kept too, as the interrupted command may have changed them in place.
    """
    commit, lost = saved_work.keep_replaced_files(root, saved)
    saved_work.discard(root, saved, keep=not saved.aside or saved_work.was_merged(root, saved))
    if commit is None:
        return None
    why = (
        f"A sync was interrupted after it had replaced {name_some(lost)}, which git did not track here or was told not "
        f"to look at. What was there is kept in the commit {_short(commit)}. Look at it, then commit again"
    )
    import shlex  # as below

    return SyncFailed(command, why, lost, f"git show {shlex.quote(f'{_short(commit)}:{lost[0]}')}", commit)


def find_missing_fix(context: CommitContext, request: CommitRequest) -> CommitBehind | None:
    """The last fix, when HEAD lacks it. None for the fixer, whose own fix comes next."""
    with context.db.reading() as tx:
        fix = incidents.find_last_fix(tx)
        is_fixer = build.state(tx).fixer == context.agent
    if fix is None or is_fixer or refs.contains_commit(context.root, "HEAD", fix[1]) is not False:
        return None
    command = context.config.sync or name_merge(context, fix[1])
    amended = request.first.head if request.arguments.has("amend") else None
    return CommitBehind(fix[1], command, _find_operation(context.root), amended)


def name_merge(context: CommitContext, fix: str) -> str:
    """The command that brings in the fix where no sync does."""
    return f"git merge --no-edit {context.config.branch or fix}"


def catch_up(context: CommitContext, request: CommitRequest) -> bool | SyncFailed:
    """After green: bring in the fix where a sync is configured and HEAD lacks it. Whether it did."""
    if (
        not context.config.sync
        or (behind := find_missing_fix(context, request)) is None
        or behind.operation
        or behind.amended
    ):
        return False
    return bring_in_fix(context, behind) or True


def bring_in_fix(context: CommitContext, behind: CommitBehind) -> SyncFailed | None:
    """Run the sync where the user's changes are; where it fails, run it again while they are put aside.

    Where that fails too, or the changes conflict with the fix, everything is made as it was.
    """
    with turns.hold_for_sync(context.root) as held:
        if not held:
            return _not_tried(behind.command)
        if failed := _restore_interrupted(context):
            return failed
        if refs.contains_commit(context.root, "HEAD", behind.fix):  # another agent here was quicker
            return None
        with _from_root(context.root) as where:
            failed = _bring_in(context, behind.command)
    if failed and failed.next and where != os.path.realpath(context.root):
        import shlex  # takes a millisecond, and only a sync that fails needs it

        return failed._replace(next=f"(cd {shlex.quote(os.fspath(context.root))} && {failed.next})")
    return failed


@contextmanager
def _from_root(root: Path) -> Iterator[str]:
    """Go to the root meanwhile, and yield where this process was: git may remove that folder and make it again."""
    where = os.getcwd()
    os.chdir(root)
    try:
        yield where
    finally:
        try:
            os.chdir(where)
        except OSError:
            raise Unavailable(f"The folder {where} does not exist any more.") from None


def _bring_in(context: CommitContext, command: str) -> SyncFailed | None:
    root = context.root
    if unmerged := tuple(files.list_unmerged(root)):  # as a `git stash pop` leaves them
        why = (
            f"Bringing in the fix was not tried: a conflict in {name_some(unmerged)} is not resolved. Resolve it first"
        )
        return SyncFailed(command, why, unmerged)
    try:
        saved = saved_work.save_work(root)
    except SwarmError as error:
        return SyncFailed(command, f"Bringing in the fix was not tried. {error.message.removesuffix('.')}")
    try:
        failed = _run_and_restore(context, command, saved)
    except BaseException as error:
        with _telling_what_is_kept(saved):
            if saved_work.undo_changes(root, saved):
                saved_work.discard(root, saved)
            elif isinstance(error, OSError):
                raise
        if isinstance(error, OSError):
            raise CannotWrite(f"Bringing in the fix failed: {error.strerror}. {_AS_BEFORE}.") from error
        raise
    if failed is None or failed.undone:
        saved_work.discard(root, saved, keep=saved_work.was_merged(root, saved))
    return failed


@contextmanager
def _telling_what_is_kept(saved: SavedWork) -> Iterator[None]:
    """Turn an error of the disk, as when it is full, into one that says where the changes are."""
    try:
        yield
    except OSError as error:
        kept = f" They are kept as {_short(saved.commit)}, and come" if saved.commit else " They come"
        why = f"Your changes could not be restored: {error.strerror}.{kept} back first when you commit again."
        raise CannotWrite(why) from error


def _run_and_restore(context: CommitContext, command: str, saved: SavedWork) -> SyncFailed | None:
    root = context.root
    lead_on = _go_round_changes(root, command, saved)  # as long as they are where the user had them
    failed = _run_sync(root, command, saved, lead_on)
    if failed is None or not failed.undone or not saved.paths:
        return failed
    aside = saved_work.put_aside(root, saved)
    if aside is None:
        return failed
    context.tell_second_sync()
    failed = _run_sync(root, command, aside, lead_on)
    if failed is not None:
        return failed
    conflicts = saved_work.carry_over(root, aside)
    if not conflicts:
        return None
    why = f"Your changes to {name_some(conflicts)} conflict with what '{command}' brings in"
    return _undo(root, command, aside, why, conflicts, lead_on)


def _run_sync(root: Path, command: str, saved: SavedWork, lead_on: str) -> SyncFailed | None:
    """Run it; where it fails, make everything as it was, also what was put aside. `lead_on` is the command to tell."""
    code = subprocesses.run_on_terminal(
        ["sh", "-c", command],
        root,
        _make_environment(saved),
        lambda pid: noted_processes.note_processes(saved.users, os.getpid(), pid),
    )
    conflicts = tuple(files.list_unmerged(root))
    stopped = _find_operation(root)
    if code == 0 and not stopped and not conflicts and refs.read_branch(root) == saved.branch:
        lost = hidden_files.list_lost_files(root, saved.hidden)
        if not lost:
            return None
        why = f"'{command}' would replace {name_some(lost)}, which git does not track here or was told not to look at"
        return _undo(root, command, saved, why, lost, None)
    if conflicts:
        why = f"'{command}' conflicts in {name_some(conflicts)}"
    elif stopped:
        why = f"'{command}' stopped in the middle of a {stopped.name}"
    elif code == 0:
        why = f"'{command}' checked out another branch"
    else:
        why = f"'{command}' failed with exit status {code}"
    return _undo(root, command, saved, why, conflicts, lead_on)


def _undo(
    root: Path, command: str, saved: SavedWork, why: str, conflicts: tuple[str, ...], then: str | None
) -> SyncFailed:
    if saved_work.undo_changes(root, saved):
        return SyncFailed(command, f"{why}. {_AS_BEFORE}", conflicts, then)
    kept = f" Your changes are kept as {_short(saved.commit)}." if saved.commit else ""
    why = f"{why}, and it could not be undone.{kept} See 'git status'"
    return SyncFailed(command, why, conflicts, None, saved.commit, undone=False)


def _make_environment(saved: SavedWork) -> dict[str, str]:
    """Git's settings for the sync, behind those that the environment has already."""
    settings = _SETTINGS | ({"submodule.recurse": "false"} if saved.has_changed_submodule else {})
    environment = dict(os.environ)
    count = int(environment.get("GIT_CONFIG_COUNT") or 0)
    for place, (key, value) in enumerate(settings.items(), start=count):
        environment |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    return environment | {"GIT_CONFIG_COUNT": str(count + len(settings))}


def _find_operation(root: Path) -> Operation | None:
    return operation.find_operation(repository.worktree_git_dir(root))


def _go_round_changes(root: Path, command: str, saved: SavedWork) -> str:
    """The command, with the changes in a stash meanwhile. Git stashes no file that was added by intent."""
    import shlex  # as above

    words = _write_for_shell(command)
    if not saved.paths:
        return words
    intended = [f":(literal){path}" for path in saved_work.list_intended(root)]
    added = f"git add -- {shlex.join(intended)} && " if intended else ""
    return f"{added}git stash push && {words} && git stash pop"


def _write_for_shell(command: str) -> str:
    """The command as a part of another one, in one line without control characters."""
    import shlex  # as above

    if not command.isprintable():
        escaped = "".join(_escape(letter) for letter in command)
        return f'sh -c "$(printf %b {shlex.quote(escaped)})"'
    return f"sh -c {shlex.quote(command)}" if any(sign in command for sign in "|;&#") else command


def _escape(letter: str) -> str:
    """As `printf %b` reads it."""
    if letter.isprintable():
        return letter.replace("\\", "\\\\")
    return "".join(f"\\0{byte:03o}" for byte in os.fsencode(letter))


def _short(commit: str | None) -> str:
    return (commit or "")[:10]
