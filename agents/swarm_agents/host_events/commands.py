"""What an agent is about to do, or has done, with a commit or with a file that another agent has locked."""

from __future__ import annotations

import os

from swarm_agents.build import row as build_row
from swarm_agents.host_events import facts
from swarm_agents.late import load_late
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents.db.database import Database
    from swarm_agents.gate import gate
    from swarm_agents.git import directory
    from swarm_agents.host_events import shell_commits
    from swarm_agents.host_events.shell_commits import ShellCommit
    from swarm_agents.hosts.host import HookEvent
    from swarm_agents.locks import locks
    from swarm_agents.locks.locks import Lock
    from swarm_agents.place import Place
else:
    directory = load_late("swarm_agents.git.directory")
    gate = load_late("swarm_agents.gate.gate")
    shell_commits = load_late("swarm_agents.host_events.shell_commits")
    locks = load_late("swarm_agents.locks.locks")


class ToolRemark(NamedTuple):
    """What the agent is told, and in a few words for the audit trail. `denies`: the tool must not run."""

    told: str
    what: str
    denies: bool = False
    incident: int | None = None
    """The red build that holds the commit."""


def refuse_commit(db: Database, at: Place, agent: str, event: HookEvent) -> ToolRemark | None:
    """Whether the gate holds a `git commit` of this command. `swarm commit` waits by itself and is left alone."""
    from swarm_agents.gate.gate import CommitHeld  # most events hold no commit

    for commit in _find_commits(at, event):
        where = _find_place(at, commit)
        if where is None or commit.by_swarm or commit.bypasses_gate:
            continue
        held = gate.check_commit(db, where, agent, bypass=False)
        if isinstance(held, CommitHeld):
            told = facts.describe_held_commit(held.build, agent, db.moment(), commit.skips_hooks)
            what = f"held a git commit{' --no-verify' if commit.skips_hooks else ''}"
            return ToolRemark(told, what, denies=True, incident=held.build.incident)
        if commit.skips_hooks:
            return ToolRemark(facts.SKIPPED_HOOKS, "told of a commit without hooks")
    return None


def explain_commit(db: Database, agent: str, event: HookEvent) -> ToolRemark | None:
    """What it means that the last commit of this command was refused; None when none was.

    Where the host tells no exit status, the red build of another agent says that the commit was held, and the answer of
    `swarm commit` says the rest.
    """
    commits: list[ShellCommit] = shell_commits.find_commits(event.command, event.folder or os.sep)
    if not commits:
        return None
    with db.reading() as tx:
        now = build_row.read(tx)
    held = now.incident if now.fixer != agent else None
    told = ""
    if event.exit_status:
        told = facts.describe_refused_commit(event.exit_status, commits[-1].by_swarm, now, agent, db.moment())
    return ToolRemark(told, f"explained {event.exit_status}", incident=held) if told or held else None


def refuse_edit(db: Database, at: Place, agent: str, event: HookEvent) -> ToolRemark | None:
    """Whether another agent has locked a file that is about to be edited."""
    with db.reading() as tx:
        if tx.one("select 1 from locks where holder <> :agent limit 1", agent=agent) is None or at.root is None:
            return None
    paths = [path for path in (_make_relative(at.root, event.folder, one) for one in event.files) if path]
    in_the_way: dict[str, Lock] = locks.find_in_the_way(db, agent, paths)
    for path, lock in in_the_way.items():
        told = facts.describe_lock(path, lock, db.moment())
        return ToolRemark(told, f"held an edit of {path}, locked by {lock.holder}", denies=True)
    return None


def _find_commits(at: Place, event: HookEvent) -> list[ShellCommit]:
    return shell_commits.find_commits(event.command, event.folder or at.root or os.sep)


def _find_place(at: Place, commit: ShellCommit) -> Place | None:
    """The working tree that the commit is made in; None where it is none of this swarm's."""
    try:
        found = directory.find_worktree(os.path.realpath(commit.folder))
    except OSError:
        return None
    if found is None or found.common_dir != at.common_dir:
        return None
    return at._replace(root=found.root)


def _make_relative(root: str, folder: str, path: str) -> str | None:
    """The path below the top of the working tree; None for one outside of it."""
    real = os.path.realpath(os.path.join(folder or root, path))
    name = os.path.relpath(real, os.path.realpath(root))
    return None if name.startswith("..") or name == "." else name
