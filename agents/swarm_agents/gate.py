"""The gate: which commits may land while the build is red. What the hooks of `swarm setup git` ask.

It decides by what the database says now, and remembers what it let by. docs/gate.md tells it to users.
"""

from pathlib import Path
from typing import NamedTuple

from swarm_agents import build_row, events, git
from swarm_agents.config import Config
from swarm_agents.db.database import Database, Transaction
from swarm_agents.events import Event
from swarm_agents.model import HUMAN, Build

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


def before_commit(db: Database, root: Path, config: Config, agent: str | None, bypass: bool) -> Through | Held:
    """May the commit begin that the caller, None for a human, is about to make on the branch that is checked out?

    A human is held too, to be told: who knows better bypasses. On a detached HEAD nothing lands on anybody.
    """
    now = _red(db)
    branch = git.current_branch(root) if now else None
    if now is None or branch is None or not _in_scope(config, branch) or _is_fixer(now, agent):
        return Through()
    if bypass:
        _note(db, agent, "bypassed", _place(branch, git.head(root)), now)
        return Through()
    return Held(now, agent)


def before_update(
    db: Database, root: Path | None, config: Config, agent: str | None, bypass: bool, updates: list[Update]
) -> Through | Held:
    """May these refs move? Holds an agent's own new commit on the branch that is checked out, nothing else.

    A human is never held here. What goes by because of that, or because of a bypass, is remembered.
    """
    now = _red(db)
    if now is None or _is_fixer(now, agent):
        return Through()
    landing = _landing(config, updates)
    if landing is None or root is None or git.in_git_directory(root) or not git.is_new(root, landing.new):
        return Through()
    if bypass:
        _note(db, agent, "bypassed", _place(landing.ref, None if _is_zero(landing.old) else landing.old), now)
        return Through()
    if agent not in (None, HUMAN):
        return Held(now, agent)
    _note(db, agent, "went_round", f"{landing.new[:10]} on {_short(landing.ref)}", now)
    return Through()


def went_round(tx: Transaction, limit: int) -> list[Event]:
    """The last commits that landed while the build was red and somebody else's, newest first.

    Their kind is `went_round`, or `bypassed` where the caller said so with SWARM_BYPASS=1.
    """
    return events.latest(tx, ("went_round", "bypassed"), limit)


def _red(db: Database) -> Build | None:
    """The build while it is red. When it is passing, the flag that made us look comes down."""
    with db.reading() as tx:
        now = build_row.read(tx)
    if now.red:
        return now
    if db.flag.is_up():
        with db.transaction() as tx:
            if not build_row.read(tx).red:
                db.flag.lower()
    return None


def _is_fixer(now: Build, agent: str | None) -> bool:
    return now.fixer is not None and now.fixer == (agent or HUMAN)


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


def _note(db: Database, agent: str | None, kind: str, detail: str, now: Build) -> None:
    """Once: the hooks before the commit and before the update both come by."""
    with db.transaction() as tx:
        if not events.is_recorded(tx, agent or HUMAN, kind, detail, now.incident):
            events.record(tx, agent or HUMAN, kind, detail, now.incident)


def _place(branch: str, parent: str | None) -> str:
    return f"on {_short(branch)}, after {parent[:10] if parent else 'nothing'}"


def _short(ref: str) -> str:
    return ref.removeprefix(_HEADS)


def _is_zero(commit: str) -> bool:
    return not commit.strip("0")
