"""Everything that was seen of one performance, as values: what `witness` collects and `judge` judges."""

from dataclasses import dataclass

from swarm_agents.incidents.incidents import Attempt


@dataclass(frozen=True)
class Incident:
    id: int
    opened_at: int
    closed_at: int | None
    """UTC ms, like every time here."""
    how: str | None


@dataclass(frozen=True)
class Wait:
    """An agent in line, until green (`green_at`; first at work again at `back_at`) or until the role fell to it."""

    agent: str
    incident: int
    since: int
    fixer_at: int | None
    green_at: int | None
    back_at: int | None


@dataclass(frozen=True)
class Break:
    """A change of the colleague's that fails the tests, and how many commits of agents on main put it right."""

    commit: str
    path: str
    repairs: int


@dataclass(frozen=True)
class Kill:
    agent: str
    fence: int
    at: int


@dataclass(frozen=True)
class Seen:
    """`whole` when it went to its end; a human may leave before, and then nobody looked at what comes last."""

    whole: bool
    lease_s: float
    incidents: list[Incident]
    attempts: list[Attempt]
    waits: list[Wait]
    breaks: list[Break]
    kills: list[Kill]
    told_fixer: dict[int, set[str]]
    """Who was told by `swarm` to repair it, for each fence."""
    commits: int
    """Of agents, on main, without merges."""
    round_the_hook: list[str]
    """Agents' commits on main that the hook never let pass."""
    unlanded: dict[str, int]
    """Commits that an agent made and that are not on main."""
    left: set[str]
    """Agents that left by themselves."""
    bugs: list[str]
    """Calls of `swarm` that ended with an internal error or a locked database."""
    damage: list[str]
    dashboard_ended: str | None
    """What it said last, when it did not run to the end."""
