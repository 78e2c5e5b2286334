"""Records what happens: reads the database during the demo; git, the hook's log and the journals at the end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from swarm_agents.build import build, waiters
from swarm_agents.db import integrity
from swarm_agents.db.database import Database
from swarm_agents.demo.records import BreakageRecord, DemoRecord, IncidentRecord, KillRecord, WaitRecord
from swarm_agents.demo.repository import DemoRepository
from swarm_agents.demo.sources import AGENTS, COLLEAGUE
from swarm_agents.demo.swarm_command import ExitCode
from swarm_agents.incidents import history
from swarm_agents.incidents.incidents import Attempt
from swarm_agents.model import Build

_ALL_INCIDENTS = 1_000  # incidents; a demo has a handful
_UNAVAILABLE = 69


@dataclass
class Recorder:
    repository: DemoRepository
    db: Database
    waits: dict[tuple[str, int], WaitRecord] = field(default_factory=dict)

    def read_build(self) -> Build:
        """Read the build, and record who waits."""
        with self.db.reading() as tx:
            now = build.state(tx)
            line = waiters.list_waiting(tx)
        for waiter in line if now.incident else ():
            key = (waiter.agent, waiter.ticket)
            self.waits.setdefault(key, WaitRecord(waiter.agent, now.incident or 0, waiter.since, None, None, None))
        return now

    def make_record(
        self,
        whole: bool,
        lease_s: float,
        breaks: list[tuple[str, str]],
        kills: list[KillRecord],
        dashboard_ended: str | None,
    ) -> DemoRecord:
        """The record of the whole demo. `breaks` are the colleague's commits and the files that they broke."""
        with self.db.reading() as tx:
            incidents = history.list_incidents(tx, _ALL_INCIDENTS)[::-1]
        journals = {agent: list(self._read_journal(agent)) for agent in AGENTS}
        attempts = [attempt for incident in incidents for attempt in incident.attempts]
        closed = {incident.id: incident.closed_at for incident in incidents}
        return DemoRecord(
            whole=whole,
            lease_s=lease_s,
            verb_ms=_time_slowest_inbox(journals),
            incidents=[IncidentRecord(one.id, one.opened_at, one.closed_at, one.closed_how) for one in incidents],
            attempts=attempts,
            waits=[
                self._complete_wait(wait, closed.get(wait.incident), attempts, journals) for wait in self.waits.values()
            ],
            breaks=[BreakageRecord(commit, path, self._count_repairs(commit, path)) for commit, path in breaks],
            kills=kills,
            told_fixer=_collect_fixers(journals),
            commits=len(self._list_commits()),
            bypassed_hook=self._list_bypassed_hook(),
            unlanded={agent: self._count_unlanded(agent) for agent in AGENTS},
            left={agent for agent, calls in journals.items() if calls and calls[-1]["words"] == ["agent", "leave"]},
            bugs=[bug for agent, calls in journals.items() for bug in _list_bugs(agent, calls)],
            damage=integrity.find_damage(self.repository.database),
            dashboard_ended=dashboard_ended,
        )

    def _read_journal(self, agent: str) -> Iterator[dict[str, Any]]:
        path = self.repository.journals / f"{agent}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue  # its writer was killed in the middle of the line

    def _complete_wait(
        self,
        wait: WaitRecord,
        closed_at: int | None,
        attempts: list[Attempt],
        journals: dict[str, list[dict[str, Any]]],
    ) -> WaitRecord:
        """The wait with its end: the role, or green and when the agent worked again."""
        mine = [attempt for attempt in attempts if (attempt.agent, attempt.incident) == (wait.agent, wait.incident)]
        roles = [attempt.began_at for attempt in mine if attempt.began_at >= wait.since]
        if roles or closed_at is None:
            return replace(wait, fixer_at=min(roles, default=None))
        answered = [int(call["ended"] * 1000) for call in journals[wait.agent]]
        tried = [
            int(began * 1000) for began, who, what, _ in self._read_hook_log() if who == wait.agent and what == "began"
        ]
        back = [at for at in answered + tried if at >= closed_at]
        return replace(wait, green_at=closed_at, back_at=min(back, default=None))

    def _read_hook_log(self) -> Iterator[tuple[float, str, str, str]]:
        """Lines of the hook's log: when, who, `began` or `passed`, and the tree that passed."""
        for line in self.repository.hook_log.read_text().splitlines():
            at, agent, what, tree = line.split()
            yield float(at), agent, what, tree

    def _list_commits(self) -> list[tuple[str, str]]:
        """Commits of agents on main with their trees, oldest first."""
        git = self.repository.colleague()
        listed = git.run_checked("git", "log", "--reverse", "--no-merges", "--format=%H %T %an", "main").splitlines()
        found = [line.split(" ", 2) for line in listed]
        return [(commit, tree) for commit, tree, author in found if author != COLLEAGUE]

    def _list_bypassed_hook(self) -> list[str]:
        passed = {tree for _, _, what, tree in self._read_hook_log() if what == "passed"}
        return [f"{commit[:10]} never passed the hook" for commit, tree in self._list_commits() if tree not in passed]

    def _count_repairs(self, commit: str, path: str) -> int:
        """How many commits of agents changed the file between this breakage and the next one."""
        listed = self.repository.colleague().run_checked(
            "git", "log", "--reverse", "--no-merges", "--format=%an", f"{commit}..main", "--", path
        )
        authors = [*listed.splitlines(), COLLEAGUE]
        return authors.index(COLLEAGUE)

    def _count_unlanded(self, agent: str) -> int:
        counted = self.repository.colleague().run_checked(
            "git", "rev-list", "--no-merges", "--count", f"main..agent/{agent}"
        )
        return int(counted)


def _collect_fixers(journals: dict[str, list[dict[str, Any]]]) -> dict[int, set[str]]:
    told: dict[int, set[str]] = {}
    for agent, calls in journals.items():
        for call in calls:
            if call["exit"] == ExitCode.YOU_ARE_FIXER:
                told.setdefault(call["data"]["fence"], set()).add(agent)
    return told


def _time_slowest_inbox(journals: dict[str, list[dict[str, Any]]]) -> int:
    inboxes = [call for calls in journals.values() for call in calls if call["words"] == ["inbox"]]
    return max((int((call["ended"] - call["began"]) * 1000) for call in inboxes), default=0)


def _list_bugs(agent: str, calls: list[dict[str, Any]]) -> Iterator[str]:
    for call in calls:
        if call["exit"] in (ExitCode.INTERNAL, _UNAVAILABLE):
            yield f"{agent}: swarm {' '.join(call['words'])} ended with {call['exit']}: {call['message']}"
