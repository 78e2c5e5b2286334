"""What does not wake the screen: a commit that changes nothing of what it shows."""

import threading
from pathlib import Path

from swarm_agents import messages, typings
from swarm_agents.db.database import Database
from swarm_tui.feed import Feed
from swarm_tui.snapshot import Snapshot, View
from tests.support import scenes
from tests.support.clock import FakeClock


def test_a_courier_that_renews_its_lease_wakes_no_screen(db: Database, db_path: Path, clock: FakeClock) -> None:
    scenes.passing(db, clock)
    told: list[View] = []
    news = threading.Semaphore(0)

    def hear(view: View) -> None:
        told.append(view)
        news.release()

    feed = Feed(db_path, hear, clock)
    feed.start()
    assert news.acquire(timeout=10)

    for _ in range(5):
        clock.forward(3)
        with db.transaction() as tx:
            typings.lead(tx, "1-courier", 10_000)
    messages.send(db, "web", "api", "the first thing that anybody could see")

    assert news.acquire(timeout=10)
    feed.stop()
    feed.join(10)
    assert isinstance(told[0], Snapshot) and isinstance(told[1], Snapshot)
    assert (len(told), told[1].last_message) == (2, told[0].last_message + 1)


def test_who_asks_about_a_message_is_told_although_nothing_changed(
    db: Database, db_path: Path, clock: FakeClock
) -> None:
    scenes.passing(db, clock)
    news = threading.Semaphore(0)
    feed = Feed(db_path, lambda view: news.release(), clock)
    feed.start()
    assert news.acquire(timeout=10)

    feed.watch_message(None)

    assert news.acquire(timeout=10)
    feed.stop()
    feed.join(10)
