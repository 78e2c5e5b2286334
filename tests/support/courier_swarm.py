"""A swarm of fake agents in real panes, with a courier whose rounds the test runs."""

import time
from pathlib import Path

from swarm_agents import roster
from swarm_agents.courier import injections
from swarm_agents.courier.courier import Courier, CourierRound
from swarm_agents.db.database import Database
from swarm_agents.messages import deliveries, messages
from swarm_agents.model import EVERYONE, HUMAN, Delivery, PaneAddress
from swarm_agents.panes.snapshot import ServerSnapshot
from tests.support.tmux import FakeAgent, Tmux
from tests.support.until import until

ENDS = {"submitted", "read", "skipped", "failed", "unknown"}


class CourierSwarm:
    """The agents, the database and the courier of one test."""

    def __init__(self, tmux: Tmux, database: Path) -> None:
        self.tmux = tmux
        self.database = database
        self.db = Database(database)
        self.courier = Courier(database)

    def join(self, name: str, pane: PaneAddress | None) -> None:
        roster.join(self.db, name, "agent", pane)

    def agent(self, name: str, *options: str, profile: str = "claude-code") -> FakeAgent:
        made = self.tmux.agent(name, *options, profile=profile)
        self.join(name, made.pane)
        return made

    def say(self, body: str, to: str = EVERYONE) -> int:
        return messages.send(self.db, HUMAN, to, body)[0]

    def round(self) -> CourierRound:
        done = self.courier.run_round()
        assert done is not None
        return done

    def rounds_for(self, seconds: float) -> None:
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            self.round()
            time.sleep(0.05)

    def rest(self, *agents: FakeAgent) -> ServerSnapshot:
        """Run rounds until the courier has seen these agents at rest, a second after their last output."""
        seen: list[ServerSnapshot] = []

        def at_rest() -> bool:
            seen.extend(look for look in self.round().snapshots.values() if isinstance(look, ServerSnapshot))
            return bool(seen) and all(seen[-1].is_at_rest(agent.pane) for agent in agents)

        until(at_rest, "the courier has seen them at rest")
        return seen[-1]

    def delivery(self, message: int, agent: str) -> Delivery:
        with self.db.reading() as tx:
            return next(one for one in deliveries.list_for_message(tx, message) if one.agent == agent)

    def state(self, message: int, agent: str) -> tuple[str, str | None]:
        one = self.delivery(message, agent)
        return one.state.value, one.reason

    def rounds_until(self, message: int, agent: str, state: str, reason: str | None = None) -> None:
        """Run rounds until that delivery has that state and reason."""

        def reached() -> bool:
            self.round()
            return self.state(message, agent) == (state, reason)

        until(reached, f"the delivery of {message} to {agent} is {state} ({reason}), not {self.state(message, agent)}")

    def rounds_until_done(self, limit_s: float = 30.0) -> None:
        """Run rounds until nothing is queued or on its way."""

        def done() -> bool:
            self.round()
            return not self.open()

        until(done, "nothing waits for a pane", limit_s)

    def open(self) -> bool:
        """Whether anything is queued or on its way."""
        with self.db.reading() as tx:
            return bool(injections.list_waiting(tx) or injections.list_all(tx))

    def close(self) -> None:
        self.courier.retire()
        self.db.close()
