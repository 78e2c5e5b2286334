"""What does not wake the screen: a commit that changes nothing of what it shows."""

import threading
from pathlib import Path

import pytest

from swarm_agents.courier import lease
from swarm_agents.db.database import Database
from swarm_agents.views import snapshot
from swarm_agents.views.snapshot import Snapshot, View
from swarm_agents.views.snapshot_feed import SnapshotFeed
from tests.support import scenes
from tests.support.clock import FakeClock

LIMIT_S = 10.0


def test_a_courier_that_renews_its_lease_wakes_no_screen(
    db: Database, db_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.passing(db, clock)
    told: list[View] = []
    looked = threading.Semaphore(0)
    take = snapshot.take

    def take_and_count(db: Database, request: snapshot.SnapshotRequest) -> Snapshot:
        looked.release()  # at its beginning: what was told of the look before is told by now
        return take(db, request)

    monkeypatch.setattr(snapshot, "take", take_and_count)
    feed = SnapshotFeed(db_path, told.append, clock)
    feed.start()
    assert looked.acquire(timeout=LIMIT_S)

    for _ in range(4):
        clock.forward(3)
        with db.transaction() as tx:
            lease.acquire(tx, "1-courier", 10_000)
        assert looked.acquire(timeout=LIMIT_S), "a commit is looked at"

    feed.stop()
    feed.join(LIMIT_S)
    assert len(told) == 1


def test_who_asks_about_a_message_is_told_although_nothing_changed(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    news = threading.Semaphore(0)
    feed = SnapshotFeed(db_path, lambda view: news.release(), clock)
    feed.start()
    assert news.acquire(timeout=LIMIT_S)

    feed.request(message=None)

    assert news.acquire(timeout=LIMIT_S)
    feed.stop()
    feed.join(LIMIT_S)
