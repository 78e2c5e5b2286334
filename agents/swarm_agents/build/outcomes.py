"""How an act on the build ends, as values. Each carries the build as it is now; losing a race is one of them."""

from __future__ import annotations

from swarm_agents.model import Build, Moment
from swarm_agents.values import NamedTuple, StrEnum


class BuildPassing(NamedTuple):
    """The build is green. `incident` is the one that this act ended, None when it ended none."""

    build: Build
    incident: int | None = None


class RoleGranted(NamedTuple):
    """`build.fixer` is the fixer, under `build.fence`. `new` is false when it was the fixer before."""

    build: Build
    new: bool


class PlaceInLine(NamedTuple):
    """Another agent is the fixer, or may become it; the caller is in line until `deadline` (UTC ms)."""

    build: Build
    ticket: int
    deadline: int


class HumanAsked(NamedTuple):
    """The build is escalated: agents can do nothing until the human has answered."""

    build: Build
    escalation: int


class BuildBroken(NamedTuple):
    """The build is red and has no fixer."""

    build: Build


class FenceRejected(NamedTuple):
    """The caller does not hold the role under that fence. Nothing was changed."""

    build: Build


class CheckOutdated(NamedTuple):
    """The caller's check began before the build last changed, so it proves nothing now. Nothing was changed."""

    build: Build


class ErrorClass(StrEnum):
    """Why an attempt failed. `auth` and `permission` ask the human at once, `network` backs off; the others count."""

    LOGIC = "logic"
    AUTH = "auth"
    PERMISSION = "permission"
    NETWORK = "network"
    UNKNOWN = "unknown"


class Evidence(NamedTuple):
    """Why the build may be called passing: a check or a hook that passed, or a human's word.

    `began` is when the check started: one that began before the last change of status proves nothing.
    """

    what: str
    began: Moment
    commit: str | None = None
