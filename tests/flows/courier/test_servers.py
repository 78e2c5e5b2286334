"""Several tmux servers: one that does not answer delays no other, and proves nothing about its agents."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build
from swarm_agents.courier.courier import CourierRound
from swarm_agents.db.database import Database
from swarm_agents.model import BuildRules
from swarm_agents.panes import tmux as transport
from swarm_agents.panes.tmux import ServerGone
from swarm_agents.watch.reaper import GRACE_S, Reaper
from tests.support.clock import FakeClock
from tests.support.courier_swarm import CourierSwarm
from tests.support.tmux import Tmux, private_server


@pytest.fixture
def other() -> Iterator[Tmux]:
    with private_server() as server:
        yield server


def test_a_stopped_server_does_not_hold_up_the_panes_of_another(swarm: CourierSwarm, other: Tmux) -> None:
    ann, bob = swarm.agent("ann"), other.agent("bob")
    swarm.join("bob", bob.pane)
    longest_s = 0.0

    with swarm.tmux.frozen():
        message = swarm.say("hello")
        while swarm.state(message, "bob")[0] != "submitted":
            began = time.monotonic()
            swarm.round()
            longest_s = max(longest_s, time.monotonic() - began)
        waits = swarm.state(message, "ann")
    swarm.rounds_until(message, "ann", "submitted")

    assert longest_s < transport.LIMIT_S
    assert waits == ("queued", None)
    assert (len(ann.prompts()), len(bob.prompts())) == (1, 1)


def test_a_courier_that_ends_while_its_server_is_stopped_leaves_no_tmux_behind(swarm: CourierSwarm) -> None:
    swarm.rest(swarm.agent("ann"))

    with swarm.tmux.frozen():
        swarm.say("hello")
        swarm.round()
        swarm.courier.retire()
        left = children()

    assert left == []


def children() -> list[str]:
    """The command lines of the processes that this one started."""
    started = [pid for thread in Path("/proc/self/task").iterdir() for pid in (thread / "children").read_text().split()]
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in started]


def test_two_servers_with_the_same_pane_ids_are_two(swarm: CourierSwarm, other: Tmux) -> None:
    ann, bob = swarm.agent("ann"), other.agent("bob")
    assert ann.pane.pane_id == bob.pane.pane_id
    swarm.join("bob", bob.pane)

    message = swarm.say("only for bob", to="bob")
    swarm.rounds_until(message, "bob", "submitted")

    assert (len(ann.prompts()), len(bob.prompts())) == (0, 1)


def test_a_fixer_whose_pane_stays_away_loses_the_build(db: Database, clock: FakeClock) -> None:
    reaper = broken_and_claimed(db)

    reaper.end_leases(db, CourierRound(True, gone_agents=("ann",)))
    reaper.end_leases(db, CourierRound(True, snapshots={"/other": ServerGone("/other")}, living_agents=("bob",)))
    held = build.current(db).fixer
    clock.forward(GRACE_S)
    reaper.end_leases(db, CourierRound(True, gone_agents=("ann",)))

    assert (held, build.current(db).fixer) == ("ann", None)


def test_a_pane_that_is_respawned_costs_its_agent_nothing(db: Database, clock: FakeClock) -> None:
    reaper = broken_and_claimed(db)

    reaper.end_leases(db, CourierRound(True, gone_agents=("ann",)))
    clock.forward(GRACE_S)
    reaper.end_leases(db, CourierRound(True, living_agents=("ann",)))
    reaper.end_leases(db, CourierRound(True, gone_agents=("ann",)))

    assert build.current(db).fixer == "ann"


def broken_and_claimed(db: Database) -> Reaper:
    roster.join(db, "ann", "agent", None)
    build.report(db, "ann", "it is red", BuildRules())
    build.claim(db, "ann", BuildRules())
    return Reaper()
