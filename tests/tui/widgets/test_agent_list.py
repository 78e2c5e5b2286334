"""The roster: what a host said of itself stands beside its agent, with its age."""

from pathlib import Path

import pytest

from swarm_agents import host_sessions
from swarm_agents.db.database import Database
from tests.support import scenes
from tests.support.app import dashboard, shows, text
from tests.support.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_an_agent_that_asks_its_human_is_seen_with_the_source_and_the_age(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    with db.transaction() as tx:
        session = host_sessions.begin(tx, "claude", "s1", "web", "SessionStart")
    async with dashboard(db_path, clock, size=(160, 40)) as pilot:
        assert "claude:" not in text(pilot)
        with db.transaction() as tx:
            host_sessions.update(tx, session, state="permission", state_source="Notification", state_at=tx.now)

        await shows(pilot, "claude: permission")
