"""The roster: each name belongs to one living agent, and the listed state is what the database knows."""

import pytest

from swarm_agents import heartbeat, roster
from swarm_agents.build import build
from swarm_agents.db.database import Database
from swarm_agents.errors import AlreadyTaken, NotFound, SwarmError, UsageError
from swarm_agents.model import BuildRules, PaneAddress
from swarm_agents.views import agents
from tests.support.clock import FakeClock
from tests.support.swarm import dump
from tests.unit.test_text import BAD_NAMES

PANE = PaneAddress("/tmp/tmux/default", "100:1", "%3", 4000)
OTHER_PANE = PANE._replace(pane_id="%4", pane_pid=4001)
SAME_ID_AFTER_A_RESTART = PANE._replace(server="200:9")


def test_an_agent_that_joined_is_on_the_roster(db: Database, clock: FakeClock) -> None:
    joined = roster.join(db, "ada", "builder", PANE)

    with db.reading() as tx:
        assert roster.find(tx, "ada") == joined
        assert [(one.agent.name, one.state) for one in agents.list_agents(tx)] == [("ada", "active")]
    assert (joined.role, joined.pane, joined.joined_at) == ("builder", PANE, clock.wall_ms)


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_a_bad_name_or_role_enters_nothing(db: Database, name: str) -> None:
    before = dump(db)

    with pytest.raises(UsageError):
        roster.join(db, name, "agent", None)
    with pytest.raises(UsageError):
        roster.join(db, "ada", name, None)

    assert dump(db) == before


@pytest.mark.parametrize("name", ["human", "swarm", "all"])
def test_a_reserved_name_is_refused(db: Database, name: str) -> None:
    with pytest.raises(SwarmError) as refused:
        roster.join(db, name, "agent", None)

    assert refused.value.exit in (64, 90)


def test_joining_again_from_the_same_pane_is_harmless(db: Database) -> None:
    roster.join(db, "ada", "agent", PANE)

    assert roster.join(db, "ada", "agent", PANE).name == "ada"


def test_a_living_agent_keeps_its_name(db: Database) -> None:
    roster.join(db, "ada", "agent", PANE)
    before = dump(db)

    with pytest.raises(AlreadyTaken):
        roster.join(db, "ada", "agent", OTHER_PANE)
    with pytest.raises(AlreadyTaken):
        roster.join(db, "ada", "agent", SAME_ID_AFTER_A_RESTART)
    with pytest.raises(AlreadyTaken):
        roster.join(db, "ada", "agent", None)

    assert dump(db) == before


def test_the_name_of_a_dead_pane_is_free(db: Database) -> None:
    roster.join(db, "ada", "agent", PANE)

    assert roster.join(db, "ada", "agent", OTHER_PANE, pane_alive=False).pane == OTHER_PANE


def test_a_name_without_a_pane_is_free_after_half_an_hour_of_silence(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ada", "agent", None)
    clock.forward(30 * 60 - 1)
    with pytest.raises(AlreadyTaken, match="last seen 29 min ago"):
        roster.join(db, "ada", "agent", None)

    clock.forward(1)

    assert roster.join(db, "ada", "agent", None)


def test_a_name_that_was_left_is_free(db: Database) -> None:
    roster.join(db, "ada", "agent", PANE)
    heartbeat.leave(db, "ada")

    assert roster.join(db, "ada", "agent", OTHER_PANE).left_at is None


def test_adopting_goes_on_under_a_known_name_in_a_new_pane(db: Database) -> None:
    roster.join(db, "ada", "builder", PANE)

    adopted = roster.adopt(db, "ada", OTHER_PANE)

    assert (adopted.role, adopted.pane) == ("builder", OTHER_PANE)


def test_an_unknown_name_cannot_be_adopted(db: Database) -> None:
    with pytest.raises(NotFound):
        roster.adopt(db, "ada", PANE)


def test_the_list_shows_which_agents_repair_wait_are_silent_or_left(db: Database, clock: FakeClock) -> None:
    for name in ("ada", "bob", "cyd", "dan"):
        roster.join(db, name, "agent", None)
    build.report(db, "ada", "tests fail", BuildRules())
    build.report(db, "bob", "tests fail", BuildRules())
    heartbeat.leave(db, "dan")
    clock.forward(5 * 60)

    with db.reading() as tx:
        said = {one.agent.name: one.state for one in agents.list_agents(tx)}

    assert said == {"ada": "fixing", "bob": "waiting", "cyd": "silent", "dan": "left"}


def test_leaving_gives_up_the_build_and_the_place_in_line(db: Database) -> None:
    roster.join(db, "ada", "agent", None)
    roster.join(db, "bob", "agent", None)
    build.report(db, "ada", "tests fail", BuildRules())
    build.report(db, "bob", "tests fail", BuildRules())

    heartbeat.leave(db, "bob")
    heartbeat.leave(db, "ada")

    assert build.current(db).fixer is None
    with db.reading() as tx:
        assert roster.list_present(tx) == []
        assert tx.execute("select * from waiters") == []


def test_any_command_of_the_fixer_renews_its_lease(db: Database, clock: FakeClock) -> None:
    roster.join(db, "ada", "agent", None)
    build.report(db, "ada", "tests fail", BuildRules(lease_s=900))
    clock.forward(600)

    heartbeat.record(db, "ada")

    assert build.current(db).lease_expires_at == clock.wall_ms + 900_000


def test_an_agent_that_has_not_joined_has_no_heartbeat(db: Database) -> None:
    with pytest.raises(NotFound):
        heartbeat.record(db, "ada")


def test_only_the_caller_itself_is_told_to_join(db: Database) -> None:
    roster.join(db, "ada", "agent", None)

    with pytest.raises(NotFound) as unknown_caller:
        heartbeat.record(db, "bbo")
    with pytest.raises(NotFound) as misspelt:
        build.hand_over(db, "ada", "bbo", BuildRules())

    assert (unknown_caller.value.next, misspelt.value.next) == ("swarm agent join bbo", "swarm agent list")
