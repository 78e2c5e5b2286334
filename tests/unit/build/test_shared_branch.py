"""The tip of the shared branch: each move is recorded once, with its event, however many processes see it."""

from concurrent.futures import ThreadPoolExecutor

from swarm_agents import events
from swarm_agents.build import shared_branch
from swarm_agents.build.shared_branch import MOVED, SharedTip
from swarm_agents.db.database import Database
from swarm_agents.events import Event
from swarm_agents.incidents import incidents
from tests.support.clock import FakeClock

ONE, TWO, THREE = (
    SharedTip("main", letter * 40, letter.upper() * 40, "Ann", f"subject {letter}", 0) for letter in "abc"
)


def test_the_first_tip_is_recorded_without_an_event(db: Database) -> None:
    assert move(db, None, ONE)

    assert read(db) == ONE._replace(seen_at=db.now())
    assert moves(db) == []


def test_a_move_is_recorded_with_its_event(db: Database, clock: FakeClock) -> None:
    move(db, None, ONE)
    clock.forward(5)

    assert move(db, read(db), TWO)

    assert read(db) == TWO._replace(seen_at=clock.wall_ms)
    [event] = moves(db)
    assert (event.actor, event.detail) == ("swarm", "main is at bbbbbbbbbb, was at aaaaaaaaaa: subject b, by Ann")


def test_what_was_read_before_another_move_records_nothing(db: Database) -> None:
    move(db, None, ONE)
    seen = read(db)
    move(db, seen, TWO)

    assert not move(db, seen, THREE)
    assert not move(db, None, THREE)

    assert read(db) is not None and read(db)[1] == TWO.commit  # type: ignore[index]
    assert len(moves(db)) == 1


def test_another_name_at_the_same_commit_is_no_move(db: Database, clock: FakeClock) -> None:
    move(db, None, ONE)
    before = db.now()
    clock.forward(5)

    assert move(db, read(db), ONE._replace(name="trunk"))

    assert read(db) == ONE._replace(name="trunk", seen_at=before)
    assert moves(db) == []


def test_the_agent_whose_commit_landed_is_the_actor(db: Database) -> None:
    move(db, None, ONE)
    with db.transaction() as tx:
        incidents.record_landing(tx, "alice", TWO.commit, TWO.tree)

    move(db, read(db), TWO)

    assert [event.actor for event in moves(db)] == ["alice"]


def test_text_of_a_commit_is_made_harmless(db: Database) -> None:
    move(db, None, ONE)

    move(db, read(db), TWO._replace(author="a\x1b[2J", subject="b\n\x9b2J" + "x" * 1000))

    assert "\x1b" not in moves(db)[0].detail and "\n" not in moves(db)[0].detail
    assert len(moves(db)[0].detail) < 300


def test_of_eight_loops_that_see_a_move_at_once_one_records_it(db: Database) -> None:
    move(db, None, ONE)
    seen = read(db)

    def see() -> bool:
        with Database(db.path) as own:
            return move(own, seen, TWO)

    with ThreadPoolExecutor(8) as pool:
        won = [one.result() for one in [pool.submit(see) for _ in range(8)]]

    assert won.count(True) == 1
    assert len(moves(db)) == 1


def test_what_was_found_before_the_move_is_outdated_unless_it_is_about_the_same_tree() -> None:
    tip = TWO._replace(seen_at=100)

    assert shared_branch.is_outdated(tip, 99, ONE.tree) and shared_branch.is_outdated(tip, 99, None)
    assert not shared_branch.is_outdated(tip, 99, TWO.tree)
    assert not shared_branch.is_outdated(tip, 100, ONE.tree)
    assert not shared_branch.is_outdated(None, 99, ONE.tree)


def move(db: Database, before: SharedTip | None, now: SharedTip) -> bool:
    with db.transaction() as tx:
        return shared_branch.move_tip(tx, before, now)


def read(db: Database) -> SharedTip | None:
    with db.reading() as tx:
        return shared_branch.read(tx)


def moves(db: Database) -> list[Event]:
    with db.reading() as tx:
        return [event for event in events.list_after(tx, 0, 100) if event.kind == MOVED]
