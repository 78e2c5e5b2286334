"""The record of one demo as values: `recorder` makes it, `checks` reads it."""

from dataclasses import dataclass

from swarm_agents.incidents.incidents import Attempt


@dataclass(frozen=True)
class IncidentRecord:
    id: int
    opened_at: int
    closed_at: int | None
    """UTC ms, like every time here."""
    how: str | None


@dataclass(frozen=True)
class WaitRecord:
    """An agent that waits, until green (`green_at`; it works again at `back_at`) or until it becomes the fixer."""

    agent: str
    incident: int
    since: int
    fixer_at: int | None
    green_at: int | None
    back_at: int | None


@dataclass(frozen=True)
class BreakageRecord:
    """A change of the colleague's that fails the tests, and how many commits of agents on main repaired it."""

    commit: str
    path: str
    repairs: int


@dataclass(frozen=True)
class KillRecord:
    agent: str
    fence: int
    at: int


@dataclass(frozen=True)
class DemoRecord:
    """Everything that was seen. `whole`: the demo ran to its end; else the human left before it."""

    whole: bool
    lease_s: float
    verb_ms: int
    """The slowest call of a verb that waits for nothing: tells how busy the machine was."""
    incidents: list[IncidentRecord]
    attempts: list[Attempt]
    waits: list[WaitRecord]
    breaks: list[BreakageRecord]
    kills: list[KillRecord]
    told_fixer: dict[int, set[str]]
    """For each fence, the agents that `swarm` told to repair the build."""
    commits: int
    """Of agents, on main, without merges."""
    bypassed_hook: list[str]
    """Commits of agents on main that never passed the hook."""
    unlanded: dict[str, int]
    """Commits that an agent made and that are not on main."""
    left: set[str]
    """Agents that left by themselves."""
    bugs: list[str]
    """Calls of `swarm` that ended with an internal error or a locked database."""
    damage: list[str]
    dashboard_ended: str | None
    """The last line on its screen, when it ended early."""
