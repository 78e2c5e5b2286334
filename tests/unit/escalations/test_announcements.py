"""The channels of an escalation: which process may try one, when it is tried again, and when it is retired."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swarm_agents import roster
from swarm_agents.build import build, human_acts
from swarm_agents.build.outcomes import HumanAsked
from swarm_agents.config.config import Config, NotifyConfig, load
from swarm_agents.db.database import Database
from swarm_agents.errors import BadConfig
from swarm_agents.escalations import announcements, escalations
from swarm_agents.escalations.announcements import BACK_OFF_S, COMMAND, DASHBOARD, MESSAGE, TMUX, TRIES, Announcement
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.messages import reading
from swarm_agents.messages import rows as message_rows
from swarm_agents.model import EVERYONE, HUMAN, BuildRules
from swarm_agents.watch import announcer
from tests.support.clock import FakeClock

RULES = BuildRules(max_attempts=3, lease_s=900, wait_s=300)
ALL = (MESSAGE, TMUX, COMMAND)
CLAIM_S = 25.0
LocalTime = Callable[[str], None]
NOON_S = 1_800_000_000 - 1_800_000_000 % 86_400 + 12 * 3600  # a noon in UTC


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    roster.join(db, "ada", "agent", None)


@pytest.fixture
def local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTime]:
    def live_in(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield live_in
    monkeypatch.undo()
    time.tzset()


def test_every_channel_has_a_row_as_soon_as_the_human_is_asked(db: Database) -> None:
    asked = ask(db)

    assert states(db, asked) == {DASHBOARD: "waiting", TMUX: "waiting", COMMAND: "waiting"}


def test_two_processes_never_claim_the_same_channel(db: Database) -> None:
    ask(db)

    first, second = claim(db, "one"), claim(db, "two")

    assert first and first.channel == TMUX
    assert second is None


def test_the_next_channel_waits_until_the_one_before_was_tried(db: Database) -> None:
    ask(db)
    first = must(claim(db, "one"))

    told(db, first, "shown")

    assert must(claim(db, "two")).channel == COMMAND


def test_a_process_that_finds_the_earlier_channel_claimed_comes_back_later(db: Database) -> None:
    ask(db)
    claim(db, "another one")

    assert announcer.announce_due(db, Config(notify=NotifyConfig(command=("true",)))) == announcer.CHECK_EVERY_S


def test_a_channel_that_failed_does_not_hold_up_the_next(db: Database) -> None:
    ask(db)

    fail(db, must(claim(db)), "no terminal")

    assert must(claim(db)).channel == COMMAND


def test_a_channel_that_succeeded_is_never_tried_again(db: Database, clock: FakeClock) -> None:
    asked = ask(db)
    told(db, must(claim(db)), "shown")
    told(db, must(claim(db)), "sent")

    clock.forward(86_400)

    assert claim(db) is None
    assert states(db, asked) == {DASHBOARD: "waiting", TMUX: "shown", COMMAND: "sent"}


def test_a_failure_is_tried_again_later_and_retired_after_three(db: Database, clock: FakeClock) -> None:
    asked = ask(db)

    for pause_s in BACK_OFF_S:
        assert fail(db, must(claim(db, channels=(TMUX,))), "no terminal")
        clock.forward(pause_s - 1)
        assert claim(db, channels=(TMUX,)) is None
        clock.forward(1)
    again = fail(db, must(claim(db, channels=(TMUX,))), "no terminal")
    clock.forward(86_400)

    assert not again
    assert claim(db, channels=(TMUX,)) is None
    assert row(db, asked, TMUX)[2:5] == ("retired", "no terminal", TRIES)


def test_a_clock_that_is_set_back_delays_no_second_try(db: Database, clock: FakeClock) -> None:
    ask(db)
    fail(db, must(claim(db, channels=(TMUX,))), "no terminal")

    clock.jump(-86_400)
    clock.forward(BACK_OFF_S[0])

    assert claim(db, channels=(TMUX,)) is not None


def test_after_a_reboot_a_failed_channel_is_due_at_once(db: Database, clock: FakeClock) -> None:
    ask(db)
    fail(db, must(claim(db, channels=(TMUX,))), "no terminal")

    clock.reboot()

    assert claim(db, channels=(TMUX,)) is not None


def test_a_claim_that_ran_out_is_followed_by_one_more_try_marked_as_repeated(db: Database, clock: FakeClock) -> None:
    ask(db)
    first = must(claim(db, "one", (COMMAND,)))

    clock.forward(CLAIM_S)
    second = must(claim(db, "two", (COMMAND,)))

    assert (first.repeated, second.repeated) == (False, True)


def test_a_second_claim_that_ran_out_retires_the_channel(db: Database, clock: FakeClock) -> None:
    asked = ask(db)
    for teller in ("one", "two"):
        claim(db, teller, (COMMAND,))
        clock.forward(CLAIM_S)

    third = claim(db, "three", (COMMAND,))

    assert third is None
    assert row(db, asked, COMMAND)[2:4] == ("retired", "two processes that tried it ended without a result")


def test_a_process_whose_claim_ran_out_changes_nothing(db: Database, clock: FakeClock) -> None:
    asked = ask(db)
    late = must(claim(db, "one", (COMMAND,)))
    clock.forward(CLAIM_S)
    told(db, must(claim(db, "two", (COMMAND,))), "sent")

    fail(db, late, "too late")

    assert row(db, asked, COMMAND).state == "sent"


def test_a_claim_that_ran_out_is_void_also_for_a_process_of_the_same_name(db: Database, clock: FakeClock) -> None:
    asked = ask(db)
    late = must(claim(db, "one", (COMMAND,)))
    clock.forward(CLAIM_S)
    claim(db, "one", (COMMAND,))

    told(db, late, "sent")

    assert row(db, asked, COMMAND).state == "trying"


def test_the_channels_of_an_answered_escalation_are_skipped(db: Database) -> None:
    asked = ask(db)
    human_acts.resolve(db, asked, Resolution.RETRY, RULES)

    assert claim(db) is None
    assert states(db, asked) == {DASHBOARD: "skipped", TMUX: "skipped", COMMAND: "skipped"}


def test_an_acknowledged_escalation_is_announced_no_more_and_stays_open(db: Database) -> None:
    asked = ask(db)
    with db.transaction() as tx:
        escalations.acknowledge(tx, asked)

    assert claim(db) is None
    assert states(db, asked) == {DASHBOARD: "waiting", TMUX: "skipped", COMMAND: "skipped"}


def test_an_answer_during_a_try_does_not_change_its_result(db: Database) -> None:
    asked = ask(db)
    claimed = must(claim(db))
    human_acts.resolve(db, asked, Resolution.RETRY, RULES)

    told(db, claimed, "shown")
    claim(db)

    assert states(db, asked) == {DASHBOARD: "skipped", TMUX: "shown", COMMAND: "skipped"}


def test_a_dashboard_that_showed_it_is_recorded_once(db: Database) -> None:
    asked = ask(db)

    announcements.record_shown(db)

    assert row(db, asked, DASHBOARD).state == "shown"
    with Database(db.path) as writer, writer.transaction(), Database(db.path, lock_timeout_s=0.1) as reader:
        announcements.record_shown(reader)  # has nothing to write, so it does not wait for the write lock


def test_a_failed_channel_is_listed_while_the_escalation_is_open(db: Database) -> None:
    asked = ask(db)
    fail(db, must(claim(db)), "no terminal")

    assert [(one.channel, one.reason) for one in failed(db)] == [(TMUX, "no terminal")]
    human_acts.resolve(db, asked, Resolution.RETRY, RULES)
    assert failed(db) == []


def test_a_failed_channel_stays_listed_during_its_next_try(db: Database, clock: FakeClock) -> None:
    ask(db)
    fail(db, must(claim(db, channels=(TMUX,))), "no terminal")
    clock.forward(BACK_OFF_S[0])

    claim(db, channels=(TMUX,))

    assert [one.state for one in failed(db)] == ["trying"]


# Errors within the transaction that asks.


def test_the_human_is_asked_even_when_no_message_can_be_written(db: Database) -> None:
    build.report(db, "ada", "3 tests fail", RULES)
    refuse(db, "insert on messages")

    asked = ask(db)

    assert [one.id for one in unresolved(db)] == [asked]
    assert row(db, asked, MESSAGE).reason == "messages are refused"
    assert build.current(db).status == "escalated"


def test_a_message_that_fails_halfway_leaves_nothing_of_itself(db: Database) -> None:
    build.report(db, "ada", "3 tests fail", RULES)
    before = last_message(db)
    refuse(db, "insert on deliveries")

    ask(db)

    assert last_message(db) == before
    assert len(unresolved(db)) == 1


def test_the_message_follows_as_soon_as_it_can_be_written(db: Database) -> None:
    build.report(db, "ada", "3 tests fail", RULES)
    refuse(db, "insert on messages")
    asked = ask(db)
    allow(db)

    announcer.announce_due(db, Config())

    assert row(db, asked, MESSAGE).state == "sent"
    with db.reading() as tx:
        assert reading.read_log(tx).messages[-1][3:6] == (
            EVERYONE,
            "STATUS",
            escalations.message_to_agents(build.state(tx), "please look"),
        )


def test_a_message_that_cannot_be_written_at_all_is_given_up_after_three(db: Database, clock: FakeClock) -> None:
    build.report(db, "ada", "3 tests fail", RULES)
    refuse(db, "insert on messages")
    asked = ask(db)

    for pause_s in (*BACK_OFF_S, 1):
        announcer.announce_due(db, Config())
        clock.forward(pause_s)

    assert row(db, asked, MESSAGE)[2:5] == ("retired", "messages are refused", TRIES)


def test_the_human_is_asked_even_when_the_attempts_cannot_be_read(db: Database) -> None:
    build.report(db, "ada", "3 tests fail", RULES)
    build.give_up(db, "ada")
    with db.transaction() as tx:
        tx.execute("alter table attempts rename to mislaid")

    asked = build.escalate(db, HUMAN, "please look")

    assert isinstance(asked, HumanAsked)
    text = unresolved(db)[0].text
    assert "3 tests fail" in text and "no such table: attempts" in text
    assert f"swarm escalation resolve {asked.escalation} --option retry" in text


def test_the_last_failure_asks_the_human_even_when_no_agent_can_be_told(db: Database) -> None:
    for _ in range(3):
        build.report(db, "ada", "3 tests fail", RULES)
        if build.current(db).attempt == 3:
            refuse(db, "insert on messages")
        outcome = build.mark_failed(db, "ada", "no idea")

    assert isinstance(outcome, HumanAsked)
    assert "Attempts: 3" in unresolved(db)[0].text


# Quiet hours.


@pytest.mark.parametrize(
    ("hours", "minute", "until"),
    [
        ((22 * 60, 7 * 60), 21 * 60 + 59, None),
        ((22 * 60, 7 * 60), 22 * 60, "07:00"),
        ((22 * 60, 7 * 60), 0, "07:00"),
        ((22 * 60, 7 * 60), 6 * 60 + 59, "07:00"),
        ((22 * 60, 7 * 60), 7 * 60, None),
        ((12 * 60, 13 * 60 + 30), 12 * 60, "13:30"),
        ((12 * 60, 13 * 60 + 30), 13 * 60 + 30, None),
    ],
)
def test_quiet_hours_may_span_midnight(
    local_time: LocalTime, hours: tuple[int, int], minute: int, until: str | None
) -> None:
    local_time("UTC")
    midnight_s = NOON_S - 12 * 3600

    assert announcer.find_quiet_end(NotifyConfig(quiet=hours), (midnight_s + minute * 60) * 1000) == until


def test_quiet_hours_are_those_of_the_local_clock(local_time: LocalTime) -> None:
    local_time("XYZ-11")  # eleven hours ahead of UTC: noon is 23:00 there

    assert announcer.find_quiet_end(NotifyConfig(quiet=(22 * 60, 7 * 60)), NOON_S * 1000) == "07:00"


def test_quiet_hours_hold_back_tmux_and_the_command_but_not_messages_to_agents(
    db: Database, clock: FakeClock, local_time: LocalTime
) -> None:
    local_time("UTC")
    clock.wall_ms = NOON_S * 1000
    quiet = Config(notify=NotifyConfig(command=("true",), quiet=(11 * 60, 13 * 60)))
    build.report(db, "ada", "3 tests fail", RULES)
    refuse(db, "insert on messages")
    asked = ask(db)
    allow(db)

    left_s = announcer.announce_due(db, quiet)

    assert states(db, asked) == {DASHBOARD: "waiting", MESSAGE: "sent", TMUX: "waiting", COMMAND: "waiting"}
    assert left_s is None
    clock.forward(3600)
    announcer.announce_due(db, quiet)
    assert states(db, asked) == {DASHBOARD: "waiting", MESSAGE: "sent", TMUX: "skipped", COMMAND: "sent"}


@pytest.mark.parametrize("hours", ["22-7", "24:00-07:00", "22:00-07:60", "22:00 - 07:00", "07:00-07:00", ""])
def test_quiet_hours_that_are_not_two_different_times_are_refused(tmp_path: Path, hours: str) -> None:
    (tmp_path / "swarm.toml").write_text(f'[notify]\nquiet = "{hours}"\n')

    with pytest.raises(BadConfig, match=r"notify\.quiet"):
        load(tmp_path)


def test_a_command_is_a_list_of_words_that_a_program_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "swarm.toml").write_text('[notify]\ncommand = ["ring\\u0000"]\n')

    with pytest.raises(BadConfig, match=r"notify\.command.*NUL"):
        load(tmp_path)


def test_every_key_of_notify_is_read(tmp_path: Path) -> None:
    (tmp_path / "swarm.toml").write_text('[notify]\ncommand = ["ring", "me"]\nquiet = "22:00-07:30"\ntimeout_s = 2.5\n')

    assert load(tmp_path).notify == NotifyConfig(("ring", "me"), (22 * 60, 7 * 60 + 30), 2.5, tmp_path)


def ask(db: Database) -> int:
    if not build.current(db).red:
        build.report(db, "ada", "3 tests fail", RULES)
    asked = build.escalate(db, HUMAN, "please look")
    assert isinstance(asked, HumanAsked)
    return asked.escalation


def claim(db: Database, teller: str = "one", channels: tuple[str, ...] = ALL) -> Announcement | None:
    with db.transaction() as tx:
        return announcements.claim_next(tx, teller, channels, CLAIM_S)


def told(db: Database, claimed: Announcement, state: str) -> None:
    with db.transaction() as tx:
        announcements.record_told(tx, claimed, state)


def fail(db: Database, claimed: Announcement, why: str) -> bool:
    with db.transaction() as tx:
        return announcements.record_failure(tx, claimed, why)


def failed(db: Database) -> list[Announcement]:
    with db.reading() as tx:
        return announcements.list_failed(tx)


def row(db: Database, escalation: int, channel: str) -> Announcement:
    with db.reading() as tx:
        return next(one for one in announcements.list_channels(tx, escalation) if one.channel == channel)


def states(db: Database, escalation: int) -> dict[str, str]:
    with db.reading() as tx:
        return {one.channel: one.state for one in announcements.list_channels(tx, escalation)}


def last_message(db: Database) -> int:
    with db.reading() as tx:
        return message_rows.find_last_id(tx)


def unresolved(db: Database) -> list[escalations.Escalation]:
    with db.reading() as tx:
        return escalations.list_open(tx)


def refuse(db: Database, what: str) -> None:
    """Make the database refuse such statements, as a full or damaged one does."""
    with db.transaction() as tx:
        tx.execute(f"create trigger refusal before {what} begin select raise(abort, 'messages are refused'); end")


def allow(db: Database) -> None:
    with db.transaction() as tx:
        tx.execute("drop trigger refusal")


def must(claimed: Announcement | None) -> Announcement:
    assert claimed is not None
    return claimed
