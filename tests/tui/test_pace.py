"""When the screen wakes: each second while something counts down, at the turn of the minute when nothing does."""

from collections.abc import Callable

import pytest

from swarm_agents import roster
from swarm_agents.db.database import Database
from swarm_agents.errors import SwarmError
from swarm_agents.views import snapshot
from swarm_agents.views.snapshot import SnapshotFailure, SnapshotRequest
from swarm_tui.pace import find_pause_s
from tests.support import scenes
from tests.support.app import dashboard
from tests.support.clock import FakeClock


@pytest.mark.parametrize("scene", [scenes.fixing, scenes.broken, scenes.escalated], ids=lambda scene: scene.__name__)
def test_the_screen_wakes_each_second_while_something_counts_down(
    db: Database, clock: FakeClock, scene: Callable[[Database, FakeClock], None]
) -> None:
    scene(db, clock)
    clock.forward(3600)

    assert find_pause_s(snapshot.take(db), clock()) == 1


def test_the_screen_wakes_each_second_while_the_database_cannot_be_read(clock: FakeClock) -> None:
    assert find_pause_s(SnapshotFailure(SwarmError("gone"), clock().wall_ms), clock()) == 1


def test_the_screen_wakes_every_five_seconds_while_an_age_is_under_a_minute(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ada", "agent", None)
    clock.forward(59)

    assert find_pause_s(snapshot.take(db), clock()) == 5


def test_the_screen_wakes_every_five_seconds_while_leases_of_work_are_shown(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ada", "agent", None)
    clock.forward(3600)

    assert find_pause_s(snapshot.take(db, SnapshotRequest(work=True)), clock()) == 5


def test_the_screen_sleeps_until_the_minute_turns_when_nothing_is_new(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ada", "agent", None)
    clock.forward(3600 + 13)

    assert clock().wall_ms % 60_000 == 13_000
    assert find_pause_s(snapshot.take(db), clock()) == 47


@pytest.mark.anyio
async def test_one_timer_runs_while_nothing_counts_down(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ada", "agent", None)
    clock.forward(3600)

    async with dashboard(db.path, clock) as pilot:
        nodes = [pilot.app, *pilot.app.screen.walk_children(with_self=True)]
        timers = [timer for node in nodes for timer in node._timers if timer._active.is_set()]

        assert [timer._interval > 5 for timer in timers] == [True]
