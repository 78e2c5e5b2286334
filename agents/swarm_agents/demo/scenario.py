"""Directs the play: when the colleague breaks main, which fixer dies, who comes back, and how it ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from swarm_agents import events, roster
from swarm_agents.build import build, human_acts
from swarm_agents.db.database import Database
from swarm_agents.demo.agent import ENOUGH
from swarm_agents.demo.recorder import Witness
from swarm_agents.demo.records import Kill, Seen
from swarm_agents.demo.sources import AGENTS, BREAKAGES
from swarm_agents.demo.stage import Stage
from swarm_agents.demo.world import World, break_main
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.incidents import history
from swarm_agents.messages import messages
from swarm_agents.model import EVERYONE, HUMAN, Build, BuildStatus, Rules

_LOOK_EVERY_S = 0.05
_CALM_S = 1.0  # of green before the next breakage, times the pace
_BLOW_AFTER_S = 0.7  # into an attempt, times the pace: while the fixer thinks
_REPAIR_NEEDS_S = 6.0  # no breakage so late that it could not be repaired in time
_TAKEOVER_NEEDS_S = 3.0  # and no fixer is killed so late; what is left over ends within the limits below
_KILL_EVERY = 2  # incidents, beginning with the first
_GREEN_LIMIT_S = 12.0  # after the time is over
_LEAVE_LIMIT_S = 10.0

Tell = Callable[[str], None]


@dataclass
class Director:
    """One performance. `watched` by a human, who answers what is asked; `over` says that the human has left."""

    world: World
    stage: Stage
    db: Database
    rules: Rules
    pace: float
    watched: bool
    tell: Tell
    over: Callable[[], bool]
    breaks: list[tuple[str, str]] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    down: dict[str, int] = field(default_factory=dict)
    """Killed agents that have not come back, with the fence that they held."""
    spared: set[int] = field(default_factory=set)
    """Incidents that have cost one fixer already."""
    told_to: int = 0
    calm_since: float = field(default_factory=time.monotonic)
    fixing_since: float = 0.0
    fence: int = 0

    def __post_init__(self) -> None:
        self.witness = Witness(self.world, self.db)

    def play(self, until: float) -> Seen:
        """Break, kill and bring back until that moment of the monotonic clock; then let everybody come to an end."""
        while time.monotonic() < until and not self.over():
            self._act(self._look(), until - time.monotonic())
        whole = not self.over() and self._end()
        return self.witness.conclude(whole, self.rules.lease_s, self.breaks, self.kills, self.stage.dashboard_ended())

    def _look(self) -> Build:
        time.sleep(_LOOK_EVERY_S)
        with self.db.reading() as tx:
            for event in events.list_after(tx, self.told_to, 100):
                self.tell(f"{event.actor} {event.kind} {event.detail}".rstrip())
                self.told_to = event.id
        now = self.witness.look()
        if now.fence != self.fence:
            self.fence, self.fixing_since = now.fence, time.monotonic()
        return now

    def _act(self, now: Build, left_s: float) -> None:
        self._bring_back(now)
        match now.status:
            case BuildStatus.PASSING if left_s > _REPAIR_NEEDS_S * self.pace and self._calm():
                self._break()
            case BuildStatus.FIXING if left_s > _TAKEOVER_NEEDS_S * self.pace and self._doomed(now):
                self._kill(now)
            case BuildStatus.ESCALATED if left_s <= 0 or not self.watched:
                self._answer()

    def _calm(self) -> bool:
        """Green for a while, everybody is here, and nobody has still to run into the last breakage."""
        with self.db.reading() as tx:
            everybody = len(roster.list_present(tx)) == len(AGENTS)
        if not (everybody and self._settled()):
            self.calm_since = time.monotonic()
        return time.monotonic() - self.calm_since > _CALM_S * self.pace

    def _settled(self) -> bool:
        with self.db.reading() as tx:
            green = not build.state(tx).red
            met = len(history.list_incidents(tx, len(self.breaks) + 1)) >= len(self.breaks)
        return green and met and not self.down

    def _break(self) -> None:
        breakage = BREAKAGES[len(self.breaks) % len(BREAKAGES)]
        self.tell(f"the colleague breaks {breakage.path} and goes round the hook: {breakage.excuse!r}")
        self.breaks.append((break_main(self.world, breakage), breakage.path))

    def _doomed(self, now: Build) -> bool:
        chosen = now.incident is not None and now.incident % _KILL_EVERY == 1 and now.incident not in self.spared
        return chosen and not self.down and time.monotonic() - self.fixing_since > _BLOW_AFTER_S * self.pace

    def _kill(self, seen: Build) -> None:
        now = build.current(self.db)
        if now.fence == seen.fence and now.fixer in self.stage.panes:
            self.stage.kill(now.fixer)
            self.spared.add(now.incident or 0)
            self.kills.append(Kill(now.fixer, now.fence, self.db.now()))
            self.down[now.fixer] = now.fence
            self.tell(f"{now.fixer} is killed (-9) while it repairs the build")

    def _bring_back(self, now: Build) -> None:
        for agent, fence in list(self.down.items()):
            if now.fence != fence and self.stage.dead(agent):
                self.stage.restart(agent)
                del self.down[agent]
                self.tell(f"{agent} comes back")

    def _answer(self) -> None:
        """What a human would do who has no better idea: let them try again."""
        with self.db.reading() as tx:
            open_ones = escalations.list_open(tx)
        for one in open_ones:
            human_acts.resolve(self.db, one.id, Resolution.RETRY, self.rules, reason="try again")

    def _end(self) -> bool:
        """Wait for green, say that it is enough, wait until everybody has left; whether no human left before."""
        self._let_play(self._settled, _GREEN_LIMIT_S * self.pace)
        messages.send(self.db, HUMAN, EVERYONE, f"{ENOUGH}: land what you have, then leave.")
        self._let_play(self.stage.everybody_left, _LEAVE_LIMIT_S * self.pace)
        return not self.over()

    def _let_play(self, done: Callable[[], bool], limit_s: float) -> None:
        give_up_at = time.monotonic() + limit_s
        while not (done() or self.over() or time.monotonic() > give_up_at):
            self._act(self._look(), left_s=0)
