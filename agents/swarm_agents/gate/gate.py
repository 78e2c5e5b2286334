"""The gate: decides which commits may land while the build is red, for the git hooks that `swarm setup git` installs.

It decides by the database alone, and records the commits that it let through for a human or for a bypass, and those
that the pre-commit hook never saw. docs/gate.md explains it to users.
"""

from __future__ import annotations

import os

from swarm_agents.build import row as build_row
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import Unavailable
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, Build
from swarm_agents.place import Place
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents import events
    from swarm_agents.config.config import Config
    from swarm_agents.events import Event
else:
    events = load_late("swarm_agents.events")

# Git waits for the answer: git/ is loaded, and git started, only where the files of the git directory do not suffice.

_HEADS = "refs/heads/"


class CommitAllowed(NamedTuple):
    """The commit may land."""


class CommitHeld(NamedTuple):
    """The commit may not land: `build` is red and the caller is not its fixer. `agent` is None for a human."""

    build: Build
    agent: str | None


class RefUpdate(NamedTuple):
    """One line of a `reference-transaction` hook's input."""

    old: str
    new: str
    ref: str


def check_commit(db: Database, at: Place, agent: str | None, bypass: bool) -> CommitAllowed | CommitHeld:
    """Whether the caller, None for a human, may begin a commit on the branch that is checked out.

    A human is held too, and told how to bypass the gate. On a detached HEAD every commit is allowed.
    """
    now = _read_red_build(db)
    if now is None or at.root is None or _is_fixer(now, agent):
        return CommitAllowed()
    branch = _read_branch(at, at.root)
    if branch is None or not _is_in_scope(at.config(), branch):
        return CommitAllowed()
    if bypass:
        from swarm_agents.git import refs  # loads subprocess

        _record_once(db, agent, "bypassed", _describe_place(branch, refs.read_head(at.root)), now)
        return CommitAllowed()
    return CommitHeld(now, agent)


def check_ref_updates(
    db: Database, at: Place, agent: str | None, bypass: bool, updates: list[RefUpdate]
) -> CommitAllowed | CommitHeld:
    """Whether these refs may move. Holds an agent's own new commit on the checked-out branch while the build is red.

    A human is never held here. A commit that passes because of that or because of a bypass is recorded, and so is,
    while the build is green, one that the pre-commit hook never saw.
    """
    now = _read_red_build(db)
    if now is not None and _is_fixer(now, agent):
        return CommitAllowed()
    landing = _find_landing(at.config(), updates)
    if landing is None or at.root is None or _is_received_push(at, at.root):
        return CommitAllowed()
    if now is None and _was_judged(db, at, at.root, landing):
        return CommitAllowed()
    from swarm_agents.git import refs  # loads subprocess

    if not refs.is_new_commit(at.root, landing.new):
        return CommitAllowed()
    if now is None:
        _require_pre_commit_hook(at.root)
    if bypass:
        parent = None if _is_zero(landing.old) else landing.old
        _record_once(db, agent, "bypassed", _describe_place(landing.ref, parent), now)
        return CommitAllowed()
    if now is not None and agent not in (None, HUMAN):
        return CommitHeld(now, agent)
    _record_once(db, agent, "went_round", f"{landing.new[:10]} on {_branch_name(landing.ref)}", now)
    return CommitAllowed()


def list_ungated_commits(tx: Transaction, limit: int) -> list[Event]:
    """The last commits that landed without the gate's consent, newest first, as the events that record them.

    They landed while the build was red and not theirs to repair, or past the pre-commit hook while it was green; those
    have no incident. Their kind is `bypassed` where the caller had set SWARM_BYPASS=1, else `went_round`.
    """
    return events.list_latest(tx, ("went_round", "bypassed"), limit)


def _read_red_build(db: Database) -> Build | None:
    """The build while it is red, else None, and then a red flag that is still up is lowered."""
    with db.reading() as tx:
        now = build_row.read(tx)
    if now.red:
        return now
    if db.red_flag.exists():
        with db.transaction() as tx:
            if not build_row.read(tx).red:
                db.red_flag.remove()
    return None


def _is_fixer(now: Build, agent: str | None) -> bool:
    return now.fixer is not None and now.fixer == (agent or HUMAN)


def _read_branch(at: Place, root: str) -> str | None:
    if at.git_dir is not None:
        from swarm_agents.git import directory  # only a hook that names its git directory needs it

        try:
            return directory.read_branch(at.git_dir)
        except (LookupError, OSError):
            pass
    from swarm_agents.git import refs  # loads subprocess

    return refs.read_branch(root)


def _is_received_push(at: Place, root: str) -> bool:
    """Whether the refs move because a push arrives here."""
    if at.git_dir is not None:
        return False  # then `place.find_for_hook` leaves out the root, and the caller has returned
    from swarm_agents.git import repository  # loads subprocess

    return repository.is_in_git_directory(root)


def _is_in_scope(config: Config, ref: str) -> bool:
    if not ref.startswith(_HEADS):
        return False
    return config.gate_scope == "all" or _branch_name(ref) == _branch_name(config.branch or "")


def _find_landing(config: Config, updates: list[RefUpdate]) -> RefUpdate | None:
    """The guarded branch that moves together with HEAD: a fetch, `git branch` and a rebase's end do not move HEAD."""
    if not any(update.ref == "HEAD" for update in updates):
        return None
    moved = [update for update in updates if _is_in_scope(config, update.ref)]
    return next((update for update in moved if update.new != update.old and not _is_zero(update.new)), None)


# While the build is green: did the pre-commit hook see the tree?


def _was_judged(db: Database, at: Place, root: str, landing: RefUpdate) -> bool:
    """Whether the commit's tree has a verdict, or needs none, because it is no single commit on top of the branch."""
    from swarm_agents.commit import known_trees  # only a commit that moves HEAD needs it
    from swarm_agents.git import refs  # loads subprocess

    tree, parents = refs.read_tree_and_parents(root, landing.new)
    tip = refs.read_head(root) if _is_zero(landing.old) else landing.old  # zeros also where the old value is unknown
    on_top = parents == ([tip] if tip else [])
    amends = tip is not None and parents == refs.read_tree_and_parents(root, tip)[1]
    if len(parents) > 1 or not (on_top or amends):
        return True  # a merge, a reset, commits from elsewhere
    if _is_in_folder(at.judged_trees, tree):
        return True
    with db.reading() as tx:
        return known_trees.is_known_good(tx, tree)


def _is_in_folder(folder: str, tree: str) -> bool:
    try:
        seen = os.listdir(folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unavailable(f"{folder} cannot be read: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise Unavailable(f"{folder} cannot be written, so it does not say which commits passed the hook.")
    return tree in seen


def _require_pre_commit_hook(root: str) -> None:
    """Raises `Unavailable` where our pre-commit hook is not in place, so that it cannot have seen any tree."""
    from pathlib import Path  # takes as long as the gate

    from swarm_agents.gate import hooks as gate_hooks  # loads subprocess

    wrong = [one for one in gate_hooks.check(Path(root)) if not one.ok and one.what == "pre-commit"]
    if wrong:
        raise Unavailable(wrong[0].detail)


def _record_once(db: Database, agent: str | None, kind: str, detail: str, now: Build | None) -> None:
    """Record the event. While the build is red, both hooks of one commit come here, so that one is recorded once."""
    incident = now.incident if now else None
    with db.transaction() as tx:
        if incident is None or not events.is_recorded(tx, agent or HUMAN, kind, detail, incident):
            events.record(tx, agent or HUMAN, kind, detail, incident)


def _describe_place(branch: str, parent: str | None) -> str:
    return f"on {_branch_name(branch)}, after {parent[:10] if parent else 'nothing'}"


def _branch_name(ref: str) -> str:
    return ref.removeprefix(_HEADS)


def _is_zero(commit: str) -> bool:
    return not commit.strip("0")
