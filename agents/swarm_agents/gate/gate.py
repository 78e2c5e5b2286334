"""The gate: which commits may land while the build is red. What the hooks of `swarm setup git` ask.

It decides by what the database says now, and remembers what it let by, and what landed without its hook before a
commit. docs/gate.md tells it to users.
"""

import os
from pathlib import Path
from typing import NamedTuple

from swarm_agents import events
from swarm_agents.build import row as build_row
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Transaction
from swarm_agents.errors import Unavailable
from swarm_agents.events import Event
from swarm_agents.model import HUMAN, Build
from swarm_agents.place import Place

# Git waits for the answer, so `git` is loaded, and started, only for what the files of its folder do not tell.

_HEADS = "refs/heads/"


class Through(NamedTuple):
    """Nothing stands in the way."""


class Held(NamedTuple):
    """Not while `build` is red: the caller is not the fixer. `agent` is None for a human."""

    build: Build
    agent: str | None


class Update(NamedTuple):
    """One line of a `reference-transaction` hook's input."""

    old: str
    new: str
    ref: str


def before_commit(db: Database, at: Place, agent: str | None, bypass: bool) -> Through | Held:
    """May the commit begin that the caller, None for a human, is about to make on the branch that is checked out?

    A human is held too, to be told: who knows better bypasses. On a detached HEAD nothing lands on anybody.
    """
    now = _red(db)
    if now is None or at.root is None or _is_fixer(now, agent):
        return Through()
    branch = _branch(at, at.root)
    if branch is None or not _in_scope(at.config(), branch):
        return Through()
    if bypass:
        from swarm_agents.git import refs

        _note(db, agent, "bypassed", _place(branch, refs.head(at.root)), now)
        return Through()
    return Held(now, agent)


def before_update(db: Database, at: Place, agent: str | None, bypass: bool, updates: list[Update]) -> Through | Held:
    """May these refs move? Holds an agent's own new commit on the branch that is checked out, while the build is red.

    A human is never held here. What goes by because of that, or because of a bypass, is remembered, and so is, while
    the build is green, a commit that the hook before it never saw.
    """
    now = _red(db)
    if now is not None and _is_fixer(now, agent):
        return Through()
    landing = _landing(at.config(), updates)
    if landing is None or at.root is None or _arrives(at, at.root):
        return Through()
    if now is None and _was_judged(db, at.root, landing):
        return Through()
    from swarm_agents.git import refs

    if not refs.is_new(at.root, landing.new):
        return Through()
    if now is None:
        _see_the_other_hook(at.root)
    if bypass:
        _note(db, agent, "bypassed", _place(landing.ref, None if _is_zero(landing.old) else landing.old), now)
        return Through()
    if now is not None and agent not in (None, HUMAN):
        return Held(now, agent)
    _note(db, agent, "went_round", f"{landing.new[:10]} on {_short(landing.ref)}", now)
    return Through()


def went_round(tx: Transaction, limit: int) -> list[Event]:
    """The last commits that landed while the build was red and somebody else's, or past the hook, newest first.

    Those that landed while it was green have no incident. Their kind is `went_round`, or `bypassed` where the caller
    said so with SWARM_BYPASS=1.
    """
    return events.list_latest(tx, ("went_round", "bypassed"), limit)


def judged_folder(database: Path) -> Path:
    """Where the hook before a commit leaves an empty file for each tree that it let by; see docs/decisions/0007."""
    return Path(f"{database}-judged")


def _red(db: Database) -> Build | None:
    """The build while it is red. When it is passing, the flag that made us look comes down."""
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


def _branch(at: Place, root: Path) -> str | None:
    if at.git_dir is not None:
        from swarm_agents.git import directory

        try:
            return directory.branch(at.git_dir)
        except (LookupError, OSError):
            pass
    from swarm_agents.git import refs

    return refs.current_branch(root)


def _arrives(at: Place, root: Path) -> bool:
    """Whether this is a push that arrives here, and no commit."""
    if at.git_dir is not None:
        return False  # `place.of_hook` knows no working tree then
    from swarm_agents.git import repository

    return repository.in_git_directory(root)


def _in_scope(config: Config, ref: str) -> bool:
    if not ref.startswith(_HEADS):
        return False
    return config.gate_scope == "all" or _short(ref) == _short(config.branch or "")


def _landing(config: Config, updates: list[Update]) -> Update | None:
    """The guarded branch that moves together with HEAD. A fetch, a rebase's end, `git branch` move no HEAD."""
    if not any(update.ref == "HEAD" for update in updates):
        return None
    moved = [update for update in updates if _in_scope(config, update.ref)]
    return next((update for update in moved if update.new != update.old and not _is_zero(update.new)), None)


# While the build is green: was the tree seen by the hook before a commit?


def _was_judged(db: Database, root: Path, landing: Update) -> bool:
    """Whether there is nothing to remember: no commit of one's own on top of the branch, or one with a verdict."""
    from swarm_agents.commit import check_runs
    from swarm_agents.git import refs

    tree, parents = refs.tree_and_parents(root, landing.new)
    tip = refs.head(root) if _is_zero(landing.old) else landing.old  # zeros also where the caller did not name it
    on_top = parents == ([tip] if tip else [])
    amends = tip is not None and parents == refs.tree_and_parents(root, tip)[1]
    if len(parents) > 1 or not (on_top or amends):
        return True  # a merge, a reset, commits from elsewhere
    if _hook_saw(db.path, tree):
        return True
    with db.reading() as tx:
        return check_runs.known_good(tx, tree)


def _hook_saw(database: Path, tree: str) -> bool:
    folder = judged_folder(database)
    try:
        seen = os.listdir(folder)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unavailable(f"{folder} cannot be read: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise Unavailable(f"{folder} cannot be written, so nobody knows which commits passed the hook.")
    return tree in seen


def _see_the_other_hook(root: Path) -> None:
    """Raises `Unavailable` where the hook before a commit cannot have seen anything: then it proves nothing."""
    from swarm_agents.gate import hooks as gate_hooks

    wrong = [one for one in gate_hooks.check(root) if not one.ok and one.what == "pre-commit"]
    if wrong:
        raise Unavailable(wrong[0].detail)


def _note(db: Database, agent: str | None, kind: str, detail: str, now: Build | None) -> None:
    """Once: while it is red, the hooks before the commit and before the update both come by."""
    incident = now.incident if now else None
    with db.transaction() as tx:
        if incident is None or not events.is_recorded(tx, agent or HUMAN, kind, detail, incident):
            events.record(tx, agent or HUMAN, kind, detail, incident)


def _place(branch: str, parent: str | None) -> str:
    return f"on {_short(branch)}, after {parent[:10] if parent else 'nothing'}"


def _short(ref: str) -> str:
    return ref.removeprefix(_HEADS)


def _is_zero(commit: str) -> bool:
    return not commit.strip("0")
