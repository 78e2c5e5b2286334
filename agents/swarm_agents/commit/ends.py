"""How `swarm commit` can end: one type for each end, which the command line turns into a line and an exit code."""

from __future__ import annotations

from swarm_agents.build.outcomes import CheckOutdated, FenceRejected, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.commit.verdict import RefusalFinding, Verdict
from swarm_agents.errors import SwarmError
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from swarm_agents.git.operation import Operation


class CommitLanded(NamedTuple):
    """`commit` is None when git had nothing to write (a dry run). `ended` is the incident that this commit ended."""

    commit: str | None
    ended: int | None


class CommitLandedUnproven(NamedTuple):
    """The fixer's commit landed but does not prove the fix; `why` says what is missing and `next` what to run."""

    commit: str
    why: str
    next: str
    yours: RoleGranted


class CommitLandedLate(NamedTuple):
    """The fixer's commit landed after the role had gone to another agent."""

    commit: str
    fenced: FenceRejected


class CommitLandedUnrecorded(NamedTuple):
    """The commit landed, but the database could not be written, so the build is as it was."""

    commit: str
    error: SwarmError


class CommitBlocked(NamedTuple):
    """The build is red, by this verdict, and `outcome` says what that means for the caller."""

    outcome: RoleGranted | PlaceInLine | HumanAsked | CheckOutdated
    verdict: Verdict


class CommitRefused(NamedTuple):
    """Refused for a reason that is not the build. `conflict`: files are unmerged."""

    finding: RefusalFinding
    conflict: bool


class CommitInterrupted(NamedTuple):
    """This signal ended git, by Ctrl-C for example, so there is no verdict."""

    signal: int


class CommitBehind(NamedTuple):
    """Refused by a breakage that the commit `fix` repaired and this branch lacks; `command` brings it in.

    `operation` is in progress, or `amended` would be another commit after the command: then no sync was run.
    """

    fix: str
    command: str
    operation: Operation | None = None
    amended: str | None = None


class CommitMoved(NamedTuple):
    """Not tried again: `--amend` meant the commit `amended`, and `head` is checked out now."""

    amended: str | None
    head: str | None


class CommitMixed(NamedTuple):
    """Not tried again: the files `others` were staged meanwhile, and `partly` are staged in part only.

    So git could not commit what was meant alone.
    """

    others: tuple[str, ...]
    partly: tuple[str, ...]


class CommitGone(NamedTuple):
    """Not tried again: nothing is left of the changes to `paths` that were meant."""

    paths: tuple[str, ...]


class SyncFailed(NamedTuple):
    """`command` did not bring in the fix; `why` is a sentence that says what it met and what holds now.

    `files` are those that conflict. `next` is a command that leads on. `saved` is a commit with the caller's changes,
    where they are not in the working tree.
    """

    command: str
    why: str
    files: tuple[str, ...] = ()
    next: str | None = None
    saved: str | None = None
    undone: bool = True
    """Everything is as it was."""


CommitEnd = (
    CommitLanded
    | CommitLandedUnproven
    | CommitLandedLate
    | CommitLandedUnrecorded
    | CommitBlocked
    | CommitRefused
    | CommitInterrupted
    | CommitBehind
    | CommitMoved
    | CommitMixed
    | CommitGone
    | SyncFailed
)
