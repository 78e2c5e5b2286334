"""Sees what happens: the database while it plays, and git, the hook's diary and the journals at the end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from swarm_agents.build import build, waiters
from swarm_agents.db import integrity
from swarm_agents.db.database import Database
from swarm_agents.demo.caller import Exit
from swarm_agents.demo.records import Break, Incident, Kill, Seen, Wait
from swarm_agents.demo.sources import AGENTS, COLLEAGUE
from swarm_agents.demo.world import World
from swarm_agents.incidents import history
from swarm_agents.incidents.incidents import Attempt
from swarm_agents.model import Build

_EVERYTHING = 1_000  # incidents; a performance has a handful
_UNAVAILABLE = 69


@dataclass
class Witness:
    world: World
    db: Database
    waits: dict[tuple[str, int], Wait] = field(default_factory=dict)

    def look(self) -> Build:
        """Note who waits; the build as it is now."""
        with self.db.reading() as tx:
            now = build.state(tx)
            line = waiters.list_waiting(tx)
        for waiter in line if now.incident else ():
            key = (waiter.agent, waiter.ticket)
            self.waits.setdefault(key, Wait(waiter.agent, now.incident or 0, waiter.since, None, None, None))
        return now

    def conclude(
        self, whole: bool, lease_s: float, breaks: list[tuple[str, str]], kills: list[Kill], dashboard_ended: str | None
    ) -> Seen:
        """Everything that was seen. `breaks` are the colleague's commits and the files that they broke."""
        with self.db.reading() as tx:
            incidents = history.list_incidents(tx, _EVERYTHING)[::-1]
        journals = {agent: list(self._journal(agent)) for agent in AGENTS}
        attempts = [attempt for incident in incidents for attempt in incident.attempts]
        closed = {incident.id: incident.closed_at for incident in incidents}
        return Seen(
            whole=whole,
            lease_s=lease_s,
            incidents=[Incident(one.id, one.opened_at, one.closed_at, one.closed_how) for one in incidents],
            attempts=attempts,
            waits=[self._ended(wait, closed.get(wait.incident), attempts, journals) for wait in self.waits.values()],
            breaks=[Break(commit, path, self._repairs(commit, path)) for commit, path in breaks],
            kills=kills,
            told_fixer=_told_fixer(journals),
            commits=len(self._commits()),
            round_the_hook=self._round_the_hook(),
            unlanded={agent: self._ahead(agent) for agent in AGENTS},
            left={agent for agent, calls in journals.items() if calls and calls[-1]["words"] == ["agent", "leave"]},
            bugs=[bug for agent, calls in journals.items() for bug in _bugs(agent, calls)],
            damage=integrity.find_damage(self.world.database),
            dashboard_ended=dashboard_ended,
        )

    def _journal(self, agent: str) -> Iterator[dict[str, Any]]:
        path = self.world.journals / f"{agent}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue  # its writer was killed in the middle of the line

    def _ended(
        self, wait: Wait, closed_at: int | None, attempts: list[Attempt], journals: dict[str, list[dict[str, Any]]]
    ) -> Wait:
        """The wait with what came of it."""
        mine = [attempt for attempt in attempts if (attempt.agent, attempt.incident) == (wait.agent, wait.incident)]
        roles = [attempt.began_at for attempt in mine if attempt.began_at >= wait.since]
        if roles or closed_at is None:
            return replace(wait, fixer_at=min(roles, default=None))
        answered = [int(call["ended"] * 1000) for call in journals[wait.agent]]
        tried = [int(began * 1000) for began, who, what, _ in self._diary() if who == wait.agent and what == "began"]
        back = [at for at in answered + tried if at >= closed_at]
        return replace(wait, green_at=closed_at, back_at=min(back, default=None))

    def _diary(self) -> Iterator[tuple[float, str, str, str]]:
        """When, who, `began` or `passed`, and the tree that passed."""
        for line in self.world.hook_diary.read_text().splitlines():
            at, agent, what, tree = line.split()
            yield float(at), agent, what, tree

    def _commits(self) -> list[tuple[str, str]]:
        """Commits of agents on main, oldest first, each with its tree."""
        git = self.world.colleague()
        listed = git.must("git", "log", "--reverse", "--no-merges", "--format=%H %T %an", "main").splitlines()
        found = [line.split(" ", 2) for line in listed]
        return [(commit, tree) for commit, tree, author in found if author != COLLEAGUE]

    def _round_the_hook(self) -> list[str]:
        passed = {tree for _, _, what, tree in self._diary() if what == "passed"}
        return [f"{commit[:10]} never passed the hook" for commit, tree in self._commits() if tree not in passed]

    def _repairs(self, commit: str, path: str) -> int:
        """How many commits of agents changed that file after it was broken and before it was broken again."""
        listed = self.world.colleague().must(
            "git", "log", "--reverse", "--no-merges", "--format=%an", f"{commit}..main", "--", path
        )
        authors = [*listed.splitlines(), COLLEAGUE]
        return authors.index(COLLEAGUE)

    def _ahead(self, agent: str) -> int:
        counted = self.world.colleague().must("git", "rev-list", "--no-merges", "--count", f"main..agent/{agent}")
        return int(counted)


def _told_fixer(journals: dict[str, list[dict[str, Any]]]) -> dict[int, set[str]]:
    told: dict[int, set[str]] = {}
    for agent, calls in journals.items():
        for call in calls:
            if call["exit"] == Exit.YOU_ARE_FIXER:
                told.setdefault(call["data"]["fence"], set()).add(agent)
    return told


def _bugs(agent: str, calls: list[dict[str, Any]]) -> Iterator[str]:
    for call in calls:
        if call["exit"] in (Exit.INTERNAL, _UNAVAILABLE):
            yield f"{agent}: swarm {' '.join(call['words'])} ended with {call['exit']}: {call['message']}"
