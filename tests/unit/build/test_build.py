"""Every row of the build's table of transitions, and its guard: a caller that may not act changes nothing."""

import pytest

from swarm_agents import events, roster
from swarm_agents.build import build, expiry, human_acts, waiters
from swarm_agents.build.outcomes import (
    BuildBroken,
    BuildPassing,
    CheckOutdated,
    ErrorClass,
    Evidence,
    FenceRejected,
    HumanAsked,
    PlaceInLine,
    RoleGranted,
)
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row
from swarm_agents.errors import NotFound, UsageError
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.messages import reading
from swarm_agents.model import BuildRules, BuildStatus
from tests.support.clock import FakeClock
from tests.support.swarm import dump

RULES = BuildRules(max_attempts=3, lease_s=900, wait_s=300)


@pytest.fixture(autouse=True)
def agents(db: Database) -> None:
    for name in ("ada", "bob", "cyd"):
        roster.join(db, name, "agent", None)


# passing


def test_a_report_on_a_passing_build_makes_the_reporter_the_fixer(db: Database, clock: FakeClock) -> None:
    outcome = report(db, "ada")

    assert isinstance(outcome, RoleGranted) and outcome.new
    assert outcome.build.status is BuildStatus.FIXING
    assert (outcome.build.fixer, outcome.build.attempt, outcome.build.fence) == ("ada", 1, 1)
    assert outcome.build.lease_expires_at == clock.wall_ms + 900_000


def test_a_report_opens_an_incident_with_its_evidence_and_tells_all(db: Database) -> None:
    build.report(db, "ada", "3 tests fail", RULES, evidence="E   assert 1 == 2", hook="pre-commit")

    opened = incident(db)
    assert (opened["summary"], opened["evidence"], opened["hook"]) == (
        "3 tests fail",
        "E   assert 1 == 2",
        "pre-commit",
    )
    assert "ada repairs it (attempt 1 of 3)" in last_message(db, "all")
    assert last_event(db).kind == "reported"


def test_a_report_whose_check_began_before_the_last_green_changes_nothing(db: Database, clock: FakeClock) -> None:
    began = clock()
    clock.forward(1)
    report(db, "ada")
    fixed(db, "ada")
    before = dump(db)

    outcome = build.report(db, "bob", "tests fail", RULES, began=began)

    assert isinstance(outcome, CheckOutdated)
    assert dump(db) == before


def test_a_report_whose_check_began_after_the_last_green_opens_the_next_incident(
    db: Database, clock: FakeClock
) -> None:
    report(db, "ada")
    fixed(db, "ada")
    clock.forward(1)

    outcome = build.report(db, "bob", "tests fail", RULES, began=clock())

    assert isinstance(outcome, RoleGranted)
    assert outcome.build.incident == 2


def test_a_claim_on_a_passing_build_changes_nothing(db: Database) -> None:
    before = dump(db)

    outcome = build.claim(db, "ada", RULES)

    assert isinstance(outcome, BuildPassing)
    assert dump(db) == before


def test_the_limit_of_attempts_is_the_one_that_held_when_the_incident_opened(db: Database) -> None:
    build.report(db, "ada", "tests fail", BuildRules(max_attempts=5))

    assert build.claim(db, "bob", BuildRules(max_attempts=1)).build.max_attempts == 5


# broken


@pytest.mark.parametrize("act", ["report", "claim"])
def test_the_first_to_ask_becomes_the_fixer_of_a_broken_build(db: Database, act: str) -> None:
    report(db, "ada")
    build.mark_failed(db, "ada", "no idea")

    outcome = report(db, "bob") if act == "report" else build.claim(db, "bob", RULES)

    assert isinstance(outcome, RoleGranted) and outcome.new
    assert (outcome.build.fixer, outcome.build.attempt, outcome.build.fence) == ("bob", 2, 3)


def test_a_landed_commit_heals_a_broken_build(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    build.give_up(db, "ada")
    clock.forward(1)

    outcome = build.heal(db, "bob", Evidence("landed", clock(), "c0ffee"))

    assert isinstance(outcome, BuildPassing)
    assert outcome.incident == 1
    with db.reading() as tx:
        assert incidents.find_last_fix(tx) == (1, "c0ffee")
    assert incident(db)["closed_how"] == "healed"


def test_a_check_that_began_before_the_build_broke_heals_nothing(db: Database, clock: FakeClock) -> None:
    began = clock()
    clock.forward(1)
    report(db, "ada")
    build.give_up(db, "ada")
    before = dump(db)

    outcome = build.heal(db, "bob", Evidence("passed", began))

    assert outcome is None
    assert dump(db) == before


@pytest.mark.parametrize("status", [BuildStatus.PASSING, BuildStatus.FIXING, BuildStatus.ESCALATED])
def test_only_a_broken_build_is_healed(db: Database, clock: FakeClock, status: BuildStatus) -> None:
    bring_to(db, status)
    before = dump(db)

    outcome = build.heal(db, "bob", Evidence("passed", clock()))

    assert outcome is None
    assert dump(db) == before


# fixing, by the fixer


@pytest.mark.parametrize("act", ["report", "claim"])
def test_the_fixer_who_asks_again_keeps_its_attempt_and_gets_its_lease_renewed(
    db: Database, clock: FakeClock, act: str
) -> None:
    first = report(db, "ada")
    clock.forward(600)

    again = report(db, "ada") if act == "report" else build.claim(db, "ada", RULES)

    assert isinstance(again, RoleGranted) and not again.new
    assert (again.build.attempt, again.build.fence) == (first.build.attempt, first.build.fence)
    assert again.build.lease_expires_at == clock.wall_ms + 900_000
    assert attempts(db) == [("ada", None)]


def test_a_renewed_lease_lasts_its_full_length_again(db: Database, clock: FakeClock) -> None:
    fence = report(db, "ada").build.fence
    clock.forward(899)
    build.renew(db, "ada", fence)
    clock.forward(899)

    assert isinstance(build.claim(db, "bob", RULES), PlaceInLine)


def test_a_fixer_whose_lease_ran_out_keeps_the_role_until_another_takes_it(db: Database, clock: FakeClock) -> None:
    fence = report(db, "ada").build.fence
    clock.forward(5_000)

    assert isinstance(build.renew(db, "ada", fence), RoleGranted)
    assert isinstance(build.claim(db, "bob", RULES), PlaceInLine)


def test_fixed_closes_the_incident_and_tells_all(db: Database, clock: FakeClock) -> None:
    fence = report(db, "ada").build.fence
    build.claim(db, "bob", RULES)

    outcome = build.mark_fixed(db, "ada", Evidence("the check passed", clock(), "c0ffee"), fence)

    assert isinstance(outcome, BuildPassing)
    assert (outcome.build.status, outcome.incident, outcome.build.broken_since) == (BuildStatus.PASSING, 1, None)
    assert attempts(db) == [("ada", AttemptEnd.FIXED)]
    assert line(db) == []
    assert "green again" in last_message(db, "all")
    assert last_event(db).kind == "fixed"


def test_failed_frees_the_role_at_once_and_is_recorded(db: Database) -> None:
    fence = report(db, "ada").build.fence

    outcome = build.mark_failed(db, "ada", "no idea", fence=fence)

    assert isinstance(outcome, BuildBroken)
    assert (outcome.build.status, outcome.build.fixer, outcome.build.attempt) == (BuildStatus.BROKEN, None, 2)
    assert attempts(db) == [("ada", AttemptEnd.FAILED)]
    assert isinstance(build.claim(db, "bob", RULES), RoleGranted)


def test_the_third_failed_attempt_asks_the_human_once(db: Database) -> None:
    report(db, "ada")
    build.mark_failed(db, "ada", "one")
    build.claim(db, "bob", RULES)
    build.mark_failed(db, "bob", "two")
    build.claim(db, "cyd", RULES)

    outcome = build.mark_failed(db, "cyd", "three")

    assert isinstance(outcome, HumanAsked)
    with db.reading() as tx:
        assert [open_.id for open_ in escalations.list_open(tx)] == [outcome.escalation]
    assert isinstance(build.claim(db, "ada", RULES), HumanAsked)
    assert isinstance(report(db, "bob"), HumanAsked)


@pytest.mark.parametrize("error_class", [ErrorClass.AUTH, ErrorClass.PERMISSION])
def test_a_missing_right_asks_the_human_at_once_and_uses_up_no_attempt(db: Database, error_class: ErrorClass) -> None:
    report(db, "ada")

    outcome = build.mark_failed(db, "ada", "403", error_class)

    assert isinstance(outcome, HumanAsked)
    assert outcome.build.attempt == 0
    assert attempts(db) == [("ada", AttemptEnd.FAILED)]


@pytest.mark.parametrize("error_class", [ErrorClass.LOGIC, ErrorClass.NETWORK, ErrorClass.UNKNOWN])
def test_any_other_failure_leaves_attempts_for_others(db: Database, error_class: ErrorClass) -> None:
    report(db, "ada")

    assert isinstance(build.mark_failed(db, "ada", "hm", error_class), BuildBroken)


def test_giving_up_does_not_count(db: Database) -> None:
    fence = report(db, "ada").build.fence

    outcome = build.give_up(db, "ada", "too hard", fence)

    assert isinstance(outcome, BuildBroken)
    assert (outcome.build.attempt, attempts(db)) == (1, [("ada", AttemptEnd.RELEASED)])
    assert "too hard" in last_message(db, "all")


def test_handing_over_makes_the_named_agent_the_fixer(db: Database) -> None:
    fence = report(db, "ada").build.fence
    build.claim(db, "bob", RULES)

    outcome = build.hand_over(db, "ada", "bob", RULES, fence)

    assert isinstance(outcome, RoleGranted)
    assert (outcome.build.fixer, outcome.build.attempt, outcome.build.fence) == ("bob", 1, fence + 1)
    assert attempts(db) == [("ada", AttemptEnd.RELEASED), ("bob", None)]
    assert line(db) == []
    assert "ada gave you the build" in last_message(db, "bob")


def test_the_role_is_handed_over_only_to_another_agent_that_has_joined(db: Database) -> None:
    report(db, "ada")
    before = dump(db)

    with pytest.raises(NotFound):
        build.hand_over(db, "ada", "stranger", RULES)
    with pytest.raises(UsageError):
        build.hand_over(db, "ada", "ada", RULES)

    assert dump(db) == before


LATE_ACTS = {
    "renew": lambda db, who, fence: build.renew(db, who, fence),
    "fixed": lambda db, who, fence: build.mark_fixed(db, who, Evidence("passed", db.moment()), fence),
    "failed": lambda db, who, fence: build.mark_failed(db, who, "no", fence=fence),
    "failed for a missing right": lambda db, who, fence: build.mark_failed(db, who, "no", ErrorClass.AUTH, fence),
    "give up": lambda db, who, fence: build.give_up(db, who, fence=fence),
    "hand over": lambda db, who, fence: build.hand_over(db, who, "cyd", RULES, fence),
    "force-release": lambda db, who, fence: human_acts.force_release(db, fence, "late"),
    "assign": lambda db, who, fence: human_acts.assign(db, "cyd", RULES, fence),
    "lose": lambda db, who, fence: expiry.lose_fixer(db, who, fence, "gone"),
}
LOSSES = {
    "a takeover": lambda db, clock: (clock.forward(901), build.claim(db, "bob", RULES)),
    "a takeover and its return": lambda db, clock: (
        clock.forward(901),
        build.claim(db, "bob", RULES),
        build.hand_over(db, "bob", "ada", RULES),
    ),
    "a force-release": lambda db, clock: human_acts.force_release(db, build.current(db).fence, "stuck"),
    "an escalation": lambda db, clock: build.escalate(db, "bob", "help"),
    "a fix": lambda db, clock: fixed(db, "ada"),
    "an assignment": lambda db, clock: human_acts.assign(db, "bob", RULES, build.current(db).fence),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("act", LATE_ACTS)
def test_an_old_fence_changes_nothing(db: Database, clock: FakeClock, loss: str, act: str) -> None:
    fence = report(db, "ada").build.fence
    LOSSES[loss](db, clock)
    before = dump(db)

    outcome = LATE_ACTS[act](db, "ada", fence)

    assert isinstance(outcome, FenceRejected)
    assert dump(db) == before


@pytest.mark.parametrize("act", ["renew", "fixed", "failed", "failed for a missing right", "give up", "hand over"])
@pytest.mark.parametrize("knows_the_fence", [True, False])
def test_an_agent_that_is_not_the_fixer_changes_nothing(db: Database, act: str, knows_the_fence: bool) -> None:
    fence = report(db, "ada").build.fence
    before = dump(db)

    outcome = LATE_ACTS[act](db, "bob", fence if knows_the_fence else None)

    assert isinstance(outcome, FenceRejected)
    assert outcome.build.fixer == "ada"
    assert dump(db) == before


# fixing, by others


def test_another_reporter_waits_in_line_with_a_ticket_and_a_deadline(db: Database, clock: FakeClock) -> None:
    report(db, "ada")

    bob, cyd = report(db, "bob"), report(db, "cyd")

    assert isinstance(bob, PlaceInLine) and isinstance(cyd, PlaceInLine)
    assert bob.ticket < cyd.ticket
    assert bob.deadline == clock.wall_ms + 300_000
    assert line(db) == ["bob", "cyd"]


def test_an_agent_in_line_that_asks_again_keeps_its_ticket(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    first = report(db, "bob")
    report(db, "cyd")
    clock.forward(100)

    again = build.claim(db, "bob", RULES)

    assert isinstance(first, PlaceInLine) and isinstance(again, PlaceInLine)
    assert again.ticket == first.ticket
    assert again.deadline == first.deadline + 100_000


def test_a_lease_ends_at_its_deadline_and_not_before(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    clock.forward(899.999)
    assert isinstance(build.claim(db, "bob", RULES), PlaceInLine)

    clock.forward(0.001)

    assert isinstance(build.claim(db, "bob", RULES), RoleGranted)


def test_a_takeover_counts_the_lost_attempt_and_tells_the_old_fixer(db: Database, clock: FakeClock) -> None:
    fence = report(db, "ada").build.fence
    build.claim(db, "bob", RULES)
    clock.forward(900)

    outcome = build.claim(db, "bob", RULES)

    assert isinstance(outcome, RoleGranted)
    assert (outcome.build.fixer, outcome.build.attempt) == ("bob", 2)
    assert outcome.build.fence > fence
    assert attempts(db) == [("ada", AttemptEnd.EXPIRED), ("bob", None)]
    assert line(db) == []
    assert f"Your fence {fence} is void" in last_message(db, "ada")


def test_a_successor_keeps_the_role_however_old_the_incident_is(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    clock.forward(86_400)
    build.claim(db, "bob", RULES)
    clock.forward(899)

    assert isinstance(build.claim(db, "cyd", RULES), PlaceInLine)


def test_a_lease_that_runs_out_at_the_limit_asks_the_human_and_grants_nothing(db: Database, clock: FakeClock) -> None:
    build.report(db, "ada", "tests fail", BuildRules(max_attempts=1))
    clock.forward(900)

    outcome = build.claim(db, "bob", RULES)

    assert isinstance(outcome, HumanAsked)
    assert attempts(db) == [("ada", AttemptEnd.EXPIRED)]


def test_the_reaper_ends_a_lease_that_ran_out(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    clock.forward(900)

    assert isinstance(expiry.reap(db), BuildBroken)
    assert attempts(db) == [("ada", AttemptEnd.EXPIRED)]


def test_the_reaper_leaves_a_live_lease_alone(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    clock.forward(899)
    before = dump(db)

    assert expiry.reap(db) is None
    assert dump(db) == before


def test_the_reaper_forgets_a_waiter_a_minute_after_its_deadline(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    report(db, "bob")
    clock.forward(359)
    expiry.reap(db)
    assert line(db) == ["bob"]

    clock.forward(1)
    expiry.reap(db)

    assert line(db) == []


def test_a_dead_fixer_loses_the_role_before_its_lease_runs_out(db: Database) -> None:
    fence = report(db, "ada").build.fence

    outcome = expiry.lose_fixer(db, "ada", fence, "its pane is gone")

    assert isinstance(outcome, BuildBroken)
    assert outcome.build.attempt == 2
    assert attempts(db) == [("ada", AttemptEnd.EXPIRED)]


# clocks


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_wall_clock_that_jumps_ends_no_lease(db: Database, clock: FakeClock, jump_s: int) -> None:
    report(db, "ada")
    clock.jump(jump_s)

    assert isinstance(build.claim(db, "bob", RULES), PlaceInLine)
    assert expiry.reap(db) is None


def test_a_lease_ends_on_time_although_the_wall_clock_went_back(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    clock.jump(-86_400)
    clock.forward(900)

    assert isinstance(build.claim(db, "bob", RULES), RoleGranted)


def test_a_restart_of_the_machine_voids_every_lease(db: Database, clock: FakeClock) -> None:
    report(db, "ada")
    clock.reboot()

    assert isinstance(build.claim(db, "bob", RULES), RoleGranted)


# the human


def test_a_force_release_frees_the_role_and_tells_the_fixer_to_stop(db: Database) -> None:
    fence = report(db, "ada").build.fence

    outcome = human_acts.force_release(db, fence, "wrong branch")

    assert isinstance(outcome, BuildBroken)
    assert (outcome.build.fixer, outcome.build.fence, outcome.build.attempt) == (None, fence + 1, 1)
    assert attempts(db) == [("ada", AttemptEnd.RELEASED)]
    assert "Stop repairing" in last_message(db, "ada")


def test_an_assignment_takes_the_build_from_the_fixer(db: Database) -> None:
    fence = report(db, "ada").build.fence

    outcome = human_acts.assign(db, "bob", RULES, fence)

    assert isinstance(outcome, RoleGranted)
    assert outcome.build.fixer == "bob"
    assert attempts(db) == [("ada", AttemptEnd.RELEASED), ("bob", None)]
    assert "Stop repairing" in last_message(db, "ada")


@pytest.mark.parametrize("status", [BuildStatus.BROKEN, BuildStatus.FIXING])
def test_anyone_may_ask_the_human_about_a_red_build(db: Database, status: BuildStatus) -> None:
    bring_to(db, status)
    fence = build.current(db).fence

    outcome = build.escalate(db, "bob", "I am stuck")

    assert isinstance(outcome, HumanAsked)
    assert outcome.build.fence == fence + 1
    with db.reading() as tx:
        assert [asked.reason for asked in escalations.list_open(tx)] == ["I am stuck"]
        assert [e.kind for e in events.list_after(tx, 0, 1000)].count("needs_attention") == 1
    assert line(db) == []


def test_asking_twice_asks_once(db: Database) -> None:
    report(db, "ada")
    first = build.escalate(db, "bob", "I am stuck")
    before = dump(db)

    second = build.escalate(db, "cyd", "me too")

    assert isinstance(first, HumanAsked) and isinstance(second, HumanAsked)
    assert second.escalation == first.escalation
    assert dump(db) == before


def test_there_is_nothing_to_ask_about_a_passing_build(db: Database) -> None:
    before = dump(db)

    assert isinstance(build.escalate(db, "bob", "bored"), BuildPassing)
    assert dump(db) == before


def test_retry_opens_a_new_budget(db: Database) -> None:
    asked = asked_of_the_human(db)

    outcome = human_acts.resolve(db, asked.escalation, Resolution.RETRY, RULES)

    assert isinstance(outcome, BuildBroken)
    assert (outcome.build.status, outcome.build.attempt) == (BuildStatus.BROKEN, 1)
    for name in ("ada", "bob"):
        build.claim(db, name, RULES)
        assert isinstance(build.mark_failed(db, name, "again"), BuildBroken)
    build.claim(db, "cyd", RULES)
    assert isinstance(build.mark_failed(db, "cyd", "again"), HumanAsked)


def test_assign_makes_the_named_agent_the_fixer_of_a_new_budget(db: Database) -> None:
    asked = asked_of_the_human(db)

    outcome = human_acts.resolve(db, asked.escalation, Resolution.ASSIGN, RULES, agent="bob")

    assert isinstance(outcome, RoleGranted)
    assert (outcome.build.fixer, outcome.build.attempt) == ("bob", 1)


def test_take_over_makes_the_human_the_fixer_for_a_working_day(db: Database, clock: FakeClock) -> None:
    asked = asked_of_the_human(db)

    outcome = human_acts.resolve(db, asked.escalation, Resolution.TAKE_OVER, RULES)

    assert isinstance(outcome, RoleGranted)
    assert outcome.build.fixer == "human"
    clock.forward(7 * 3600)
    assert isinstance(build.claim(db, "ada", RULES), PlaceInLine)
    closed = build.mark_fixed(db, "human", Evidence("repaired by hand", clock()))
    assert isinstance(closed, BuildPassing)


def test_declare_passing_closes_the_incident_without_a_check(db: Database) -> None:
    asked = asked_of_the_human(db)

    outcome = human_acts.resolve(db, asked.escalation, Resolution.DECLARE_PASSING, RULES, reason="flaky network")

    assert isinstance(outcome, BuildPassing)
    closed = incident(db)
    assert (closed["closed_how"], closed["closed_why"]) == ("declared", "flaky network")
    assert outcome.build.last_check is None or outcome.build.last_check == asked.build.last_check


@pytest.mark.parametrize("option", list(Resolution))
def test_an_escalation_is_resolved_once(db: Database, option: Resolution) -> None:
    asked = asked_of_the_human(db)
    human_acts.resolve(db, asked.escalation, Resolution.RETRY, RULES)
    before = dump(db)

    with pytest.raises(NotFound):
        human_acts.resolve(db, asked.escalation, option, RULES, agent="ada")

    assert dump(db) == before


def test_assign_needs_an_agent_that_has_joined(db: Database) -> None:
    asked = asked_of_the_human(db)
    before = dump(db)

    with pytest.raises(NotFound):
        human_acts.resolve(db, asked.escalation, Resolution.ASSIGN, RULES, agent="stranger")
    with pytest.raises(UsageError):
        human_acts.resolve(db, asked.escalation, Resolution.ASSIGN, RULES)

    assert dump(db) == before


def test_a_report_from_before_the_pause_starts_nothing_after_it(db: Database, clock: FakeClock) -> None:
    asked = asked_of_the_human(db)
    began = clock()
    clock.forward(60)
    human_acts.resolve(db, asked.escalation, Resolution.RETRY, RULES)
    before = dump(db)

    outcome = build.report(db, "ada", "tests fail", RULES, began=began)

    assert isinstance(outcome, CheckOutdated)
    assert dump(db) == before


def test_a_failure_from_before_the_pause_does_not_touch_the_new_budget(db: Database) -> None:
    fence = report(db, "ada").build.fence
    asked = build.escalate(db, "bob", "help")
    assert isinstance(asked, HumanAsked)
    human_acts.resolve(db, asked.escalation, Resolution.ASSIGN, RULES, agent="ada")
    before = dump(db)

    outcome = build.mark_failed(db, "ada", "late", fence=fence)

    assert isinstance(outcome, FenceRejected)
    assert dump(db) == before


def test_the_time_of_a_check_is_recorded_without_a_change_of_status(db: Database, clock: FakeClock) -> None:
    clock.forward(5)

    build.record_check(db, ok=False)

    assert (build.current(db).status, build.current(db).last_check) == (BuildStatus.PASSING, clock.wall_ms)


# set-up, with the real functions


def report(db: Database, agent: str) -> RoleGranted | PlaceInLine | HumanAsked | CheckOutdated:
    return build.report(db, agent, "tests fail", RULES)


def fixed(db: Database, agent: str) -> BuildPassing | FenceRejected:
    return build.mark_fixed(db, agent, Evidence("the check passed", db.moment()))


def asked_of_the_human(db: Database) -> HumanAsked:
    report(db, "ada")
    asked = build.escalate(db, "ada", "help")
    assert isinstance(asked, HumanAsked)
    return asked


def bring_to(db: Database, status: BuildStatus) -> None:
    if status is not BuildStatus.PASSING:
        report(db, "ada")
    if status is BuildStatus.BROKEN:
        build.give_up(db, "ada")
    if status is BuildStatus.ESCALATED:
        build.escalate(db, "ada", "help")
    assert build.current(db).status is status


def attempts(db: Database) -> list[tuple[str, AttemptEnd | None]]:
    with db.reading() as tx:
        return [(attempt.agent, attempt.end) for attempt in incidents.list_attempts(tx, 1)]


def incident(db: Database) -> Row:
    """The last one."""
    with db.reading() as tx:
        row = tx.one("select * from incidents order by id desc limit 1")
    assert row is not None
    return row


def line(db: Database) -> list[str]:
    with db.reading() as tx:
        return [waiter.agent for waiter in waiters.list_waiting(tx)]


def last_message(db: Database, recipient: str) -> str:
    with db.reading() as tx:
        return [said.body for said in reading.read_log(tx, 100).messages if said.recipient == recipient][-1]


def last_event(db: Database) -> events.Event:
    with db.reading() as tx:
        return events.list_after(tx, 0, 1000)[-1]
