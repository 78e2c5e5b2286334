"""Long random histories of a build with three agents, a human and jumping clocks, compared with the reference model.

Unlike the walk this runs real transactions on a real file, and reaches states far from the start.
"""

import dataclasses
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import SwarmError
from swarm_agents.model import BuildRules, Moment
from tests.support.clock import FakeClock
from tests.support.model import Act, step
from tests.support.mutants import MUTANTS, Mutant
from tests.support.swarm import check_rows_agree, observe, perform

AGENTS = ("ada", "bob", "cyd")
RULES = BuildRules(max_attempts=2, lease_s=60, wait_s=20)
SETTINGS = settings(max_examples=80, stateful_step_count=60)

agents = st.sampled_from(AGENTS)
callers = st.sampled_from((*AGENTS, "human"))


class BuildLife(RuleBasedStateMachine):
    """Does every act to the real build and to the model: both must agree on the state and on the answer."""

    fences = Bundle("fences")
    moments = Bundle("moments")
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="swarm-life-")
        path = Path(self.folder.name) / "swarm.db"
        shutil.copyfile(self.template, path)
        self.clock = FakeClock()
        self.db = Database(path, clock=self.clock)
        for agent in AGENTS:
            roster.join(self.db, agent, "agent", None)
        with self.db.reading() as tx:
            self.model = observe(tx)

    def teardown(self) -> None:
        self.db.close()
        self.folder.cleanup()

    def does(self, act: Act) -> object:
        before = self.model
        self.clock.forward(0.001)
        self.model, expected = step(before, act, self.clock(), RULES)

        answer, _ = perform(self.db, act, RULES)

        with self.db.reading() as tx:
            real = observe(tx)
        assert (real, answer) == (self.model, expected), act
        return self.model.fence if self.model.fence != before.fence else multiple()

    @rule(target=fences, agent=agents, began=st.none() | moments)
    def report(self, agent: str, began: Moment | None) -> object:
        return self.does(Act("report", agent, began=began))

    @rule(target=fences, agent=agents)
    def claim(self, agent: str) -> object:
        return self.does(Act("claim", agent))

    @rule(agent=callers, fence=st.none() | fences)
    def renew(self, agent: str, fence: int | None) -> None:
        self.does(Act("renew", agent, fence))

    @rule(
        target=fences,
        name=st.sampled_from(("fixed", "failed", "refused", "no_network", "give_up")),
        agent=callers,
        fence=st.none() | fences,
    )
    def end(self, name: str, agent: str, fence: int | None) -> object:
        return self.does(Act(name, agent, fence))

    @precondition(lambda self: self.model.fixer)
    @rule(target=fences, name=st.sampled_from(("fixed", "failed", "failed", "no_network", "no_network", "give_up")))
    def the_fixer_ends(self, name: str) -> object:
        return self.does(Act(name, str(self.model.fixer), self.model.fence))

    @rule(target=fences, agent=agents, began=moments)
    def an_old_check_is_reported(self, agent: str, began: Moment) -> object:
        return self.does(Act("report", agent, began=began))

    @rule(target=fences, agent=agents, fence=st.none() | fences, to=agents)
    def hand_over(self, agent: str, fence: int | None, to: str) -> object:
        return self.does(Act("hand_over", agent, fence, to=to)) if agent != to else multiple()

    @rule(target=fences, name=st.sampled_from(("force_release", "assign")), fence=fences, to=agents)
    def human_acts(self, name: str, fence: int, to: str) -> object:
        return self.does(Act(name, "human", fence, to=to))

    @rule(target=fences, agent=agents, fence=fences)
    def lose_fixer(self, agent: str, fence: int) -> object:
        return self.does(Act("lose_fixer", agent, fence))

    @rule(target=fences)
    def reap(self) -> object:
        return self.does(Act("reap"))

    @rule(target=fences, began=moments)
    def heal(self, began: Moment) -> object:
        return self.does(Act("heal", "ada", began=began))

    @rule(target=fences, by=callers, fence=st.none() | fences)
    def escalate(self, by: str, fence: int | None) -> object:
        return self.does(Act("escalate", by, fence))

    @rule(target=fences, agent=agents, option=st.sampled_from(("retry", "assign", "take-over", "declare-passing")))
    def resolve(self, agent: str, option: str) -> object:
        return self.does(Act("resolve", agent, to=option))

    @rule(target=moments)
    def a_check_begins(self) -> Moment:
        return self.clock()

    @rule(seconds=st.integers(1, 150))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(seconds=st.integers(-100_000, 100_000))
    def the_wall_clock_jumps(self, seconds: int) -> None:
        self.clock.jump(seconds)

    @precondition(lambda self: self.clock.mono_ms % 3 == 0)  # seldom
    @rule()
    def the_machine_restarts(self) -> None:
        self.clock.reboot()

    @invariant()
    def the_rows_agree(self) -> None:
        with self.db.reading() as tx:
            check_rows_agree(tx)


def test_random_acts_under_jumping_clocks_agree_with_the_model(fresh_database: Path) -> None:
    BuildLife.template = fresh_database

    run_state_machine_as_test(BuildLife, settings=SETTINGS)


@pytest.mark.parametrize("mutant", MUTANTS[2:30:3], ids=lambda mutant: mutant.what)
def test_a_wrong_statement_is_found_by_random_acts(
    fresh_database: Path, mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie, honest = dataclasses.replace(mutant), Transaction.execute
    monkeypatch.setattr(BuildLife, "template", fresh_database, raising=False)
    monkeypatch.setattr(Transaction, "execute", _rewriting(honest, lie))

    with pytest.raises((AssertionError, SwarmError, sqlite3.Error)):
        run_state_machine_as_test(BuildLife, settings=settings(SETTINGS, max_examples=600, phases=[Phase.generate]))

    assert lie.hits


def _rewriting(honest: Callable[..., list[Row]], lie: Mutant) -> Callable[..., list[Row]]:
    def execute(tx: Transaction, sql: str, **values: Any) -> list[Row]:
        return honest(tx, lie(sql), **values)

    return execute
