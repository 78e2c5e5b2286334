"""The course of the demo: when the colleague breaks main, which fixer is killed, when it restarts, how it ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from swarm_agents import events, roster
from swarm_agents.build import build, human_acts
from swarm_agents.db.database import Database
from swarm_agents.demo.agent import STOP_TEXT
from swarm_agents.demo.recorder import Recorder
from swarm_agents.demo.records import DemoRecord, KillRecord
from swarm_agents.demo.repository import DemoRepository, break_main
from swarm_agents.demo.server import DemoServer
from swarm_agents.demo.sources import AGENTS, BREAKAGES
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.incidents import history
from swarm_agents.messages import messages
from swarm_agents.model import EVERYONE, HUMAN, Build, BuildRules, BuildStatus

_READ_EVERY_S = 0.05
_CALM_S = 1.0  # of green before the next breakage, times the pace
_KILL_AFTER_S = 0.7  # into an attempt, times the pace: while the fixer thinks
_REPAIR_NEEDS_S = 6.0  # before the end, no new breakage
_TAKEOVER_NEEDS_S = 3.0  # before the end, no fixer is killed
_KILL_EVERY = 2  # incidents, beginning with the first
_GREEN_LIMIT_S = 30.0  # for the last repair after the end; less is a slow machine, no broken promise
_LEAVE_LIMIT_S = 30.0  # for the agents to leave, each at the end of its command

Report = Callable[[str], None]


@dataclass
class Scenario:
    """One run of the demo. `watched`: by a human, who answers escalations. `has_left`: whether that human has left."""

    repository: DemoRepository
    server: DemoServer
    db: Database
    rules: BuildRules
    pace: float
    watched: bool
    report: Report
    has_left: Callable[[], bool]
    breaks: list[tuple[str, str]] = field(default_factory=list)
    kills: list[KillRecord] = field(default_factory=list)
    killed: dict[str, int] = field(default_factory=dict)
    """Killed agents that have not restarted, with the fence that they held."""
    past_kills: set[int] = field(default_factory=set)
    """Incidents of which a fixer was killed already."""
    last_event: int = 0
    calm_since: float = field(default_factory=time.monotonic)
    fixing_since: float = 0.0
    fence: int = 0

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.repository, self.db)

    def run(self, until: float) -> DemoRecord:
        """Break, kill and restart until that moment of the monotonic clock; then let all agents finish. The record."""
        while time.monotonic() < until and not self.has_left():
            self._act(self._observe(), until - time.monotonic())
        whole = not self.has_left() and self._end()
        return self.recorder.make_record(
            whole, self.rules.lease_s, self.breaks, self.kills, self.server.find_dashboard_end()
        )

    def _observe(self) -> Build:
        time.sleep(_READ_EVERY_S)
        with self.db.reading() as tx:
            for event in events.list_after(tx, self.last_event, 100):
                self.report(f"{event.actor} {event.kind} {event.detail}".rstrip())
                self.last_event = event.id
        now = self.recorder.read_build()
        if now.fence != self.fence:
            self.fence, self.fixing_since = now.fence, time.monotonic()
        return now

    def _act(self, now: Build, left_s: float) -> None:
        self._restart_killed(now)
        match now.status:
            case BuildStatus.PASSING if left_s > _REPAIR_NEEDS_S * self.pace and self._is_calm():
                self._break()
            case BuildStatus.FIXING if left_s > _TAKEOVER_NEEDS_S * self.pace and self._should_kill(now):
                self._kill(now)
            case BuildStatus.ESCALATED if left_s <= 0 or not self.watched:
                self._answer_escalations()

    def _is_calm(self) -> bool:
        """Whether the build is green for a while, all agents are here, and the last breakage was met and repaired."""
        with self.db.reading() as tx:
            all_here = len(roster.list_present(tx)) == len(AGENTS)
        if not (all_here and self._is_settled()):
            self.calm_since = time.monotonic()
        return time.monotonic() - self.calm_since > _CALM_S * self.pace

    def _is_settled(self) -> bool:
        with self.db.reading() as tx:
            green = not build.state(tx).red
            met = len(history.list_incidents(tx, len(self.breaks) + 1)) >= len(self.breaks)
        return green and met and not self.killed

    def _break(self) -> None:
        breakage = BREAKAGES[len(self.breaks) % len(BREAKAGES)]
        self.report(f"the colleague breaks {breakage.path} and bypasses the hook: {breakage.excuse!r}")
        self.breaks.append((break_main(self.repository, breakage), breakage.path))

    def _should_kill(self, now: Build) -> bool:
        chosen = now.incident is not None and now.incident % _KILL_EVERY == 1 and now.incident not in self.past_kills
        return chosen and not self.killed and time.monotonic() - self.fixing_since > _KILL_AFTER_S * self.pace

    def _kill(self, seen: Build) -> None:
        now = build.current(self.db)
        if now.fence == seen.fence and now.fixer in self.server.panes:
            self.server.kill(now.fixer)
            self.past_kills.add(now.incident or 0)
            self.kills.append(KillRecord(now.fixer, now.fence, self.db.now()))
            self.killed[now.fixer] = now.fence
            self.report(f"{now.fixer} is killed (-9) while it repairs the build")

    def _restart_killed(self, now: Build) -> None:
        for agent, fence in list(self.killed.items()):
            if now.fence != fence and self.server.has_ended(agent):
                self.server.restart(agent)
                del self.killed[agent]
                self.report(f"{agent} restarts")

    def _answer_escalations(self) -> None:
        """Answer as a human without a better idea would: try again."""
        with self.db.reading() as tx:
            open_ones = escalations.list_open(tx)
        for one in open_ones:
            human_acts.resolve(self.db, one.id, Resolution.RETRY, self.rules, reason="try again")

    def _end(self) -> bool:
        """Wait for green, tell the agents to stop, wait until all have left. False when the human left before."""
        self._run_until(self._is_settled, _GREEN_LIMIT_S * self.pace)
        messages.send(self.db, HUMAN, EVERYONE, f"{STOP_TEXT}: land what you have, then leave.")
        self._run_until(self.server.all_ended, _LEAVE_LIMIT_S * self.pace)
        return not self.has_left()

    def _run_until(self, done: Callable[[], bool], limit_s: float) -> None:
        give_up_at = time.monotonic() + limit_s
        while not (done() or self.has_left() or time.monotonic() > give_up_at):
            self._act(self._observe(), left_s=0)
