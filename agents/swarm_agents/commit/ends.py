"""How `swarm commit` can end: one type for each end, which the command line turns into a line and an exit code."""

from __future__ import annotations

from swarm_agents.build.outcomes import CheckOutdated, FenceRejected, HumanAsked, PlaceInLine, RoleGranted
from swarm_agents.commit.verdict import RefusalFinding, Verdict
from swarm_agents.errors import SwarmError
from swarm_agents.values import NamedTuple


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
    """Refused by a breakage that the commit `fix` repaired and this branch lacks; `command` brings it in."""

    fix: str
    command: str


class SyncFailed(NamedTuple):
    """`command` did not bring in the fix. The caller's changes are in the tree, or else in the commit `saved`."""

    command: str
    saved: str | None


CommitEnd = (
    CommitLanded
    | CommitLandedUnproven
    | CommitLandedLate
    | CommitLandedUnrecorded
    | CommitBlocked
    | CommitRefused
    | CommitInterrupted
    | CommitBehind
    | SyncFailed
)
