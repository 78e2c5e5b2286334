"""Swarms in the middle of something, made with the real verbs on a clock that stands still: what the pictures show."""

import os

from swarm_agents import events, heartbeat, roster
from swarm_agents.build import build
from swarm_agents.build.outcomes import ErrorClass, Evidence
from swarm_agents.commit.verdict import RefusalFinding, Verdict, record_finding
from swarm_agents.courier import injections
from swarm_agents.courier.injections import NoticeLine
from swarm_agents.db.database import Database
from swarm_agents.escalations import announcements
from swarm_agents.incidents import incidents
from swarm_agents.locks import locks
from swarm_agents.locks.paths import LockName
from swarm_agents.messages import acknowledgements, messages, reading
from swarm_agents.model import HUMAN, BuildRules, DeliveryState, MessageType, PaneAddress
from swarm_agents.tasks import tasks
from tests.support.clock import FakeClock

RULES = BuildRules()
NAMES = ("api", "auth", "billing", "docs", "search", "web")
RED = "tests/test_invoice.py::test_rounding (AssertionError), +2 more"
EVIDENCE = "FAILED tests/test_invoice.py::test_rounding - assert Decimal('10.01') == Decimal('10.00')"


def pane(number: int) -> PaneAddress:
    """The address of a pane that does not exist."""
    return PaneAddress("/nowhere/tmux", "1:1", f"%{number}", os.getpid())  # a process that runs: the pane is there


def passing(db: Database, clock: FakeClock) -> None:
    """Six agents at work: five in panes, one without; three messages."""
    for number, name in enumerate(NAMES, start=1):
        roster.join(db, name, "agent", pane(number) if name != "docs" else None)
        clock.forward(7)
    heartbeat.record(db, "web")
    messages.send(db, "web", "api", "Which status does /invoices answer for a closed month?", MessageType.QUESTION)
    clock.forward(41)
    heartbeat.record(db, "api")
    messages.send(db, "api", "web", "409 with the month in the body.", MessageType.ANSWER)
    clock.forward(95)
    heartbeat.record(db, "billing")
    messages.send(db, "billing", "all", "Invoice rounding is done.", MessageType.COMPLETED)
    clock.forward(130)


def fixing(db: Database, clock: FakeClock, suspect: tuple[str, str] | None = None) -> None:
    """Red for some minutes: one attempt failed, the second is under way, three wait."""
    passing(db, clock)
    build.report(db, "api", RED, RULES, evidence=EVIDENCE, hook="pre-commit", suspect=suspect)
    clock.forward(260)
    build.mark_failed(db, "api", "the rounding rule is not mine to change")
    clock.forward(3)
    build.claim(db, "billing", RULES)
    clock.forward(20)
    for name in ("web", "search", "api"):
        heartbeat.record(db, name)
        build.report(db, name, RED, RULES)
        clock.forward(6)
    messages.send(db, "web", "billing", "Half up or half even? The PDF shows half even.", MessageType.QUESTION)
    clock.forward(12)
    heartbeat.record(db, "billing")
    messages.send(db, "billing", "web", "Half even; I am changing the total, not the lines.", MessageType.ANSWER)
    clock.forward(26)


def delivered(db: Database, clock: FakeClock) -> None:
    """The fifth minute of a red build, with a delivery in every state."""
    fixing(db, clock)
    with db.transaction() as tx:
        waits = injections.list_waiting(tx)
        injections.drop_deliveries(tx, waits[:1], DeliveryState.FAILED, "gone")
        injections.drop_deliveries(tx, waits[1:2], DeliveryState.UNKNOWN, "not-reading")
        injections.drop_deliveries(tx, waits[2:3], DeliveryState.SKIPPED, "shell")
        injections.hold_deliveries(tx, waits[3:5], "draft")
        lines = [NoticeLine(each.pane, "line", [each]) for each in waits[5:8]]
        begun = injections.begin(tx, {line.pane: line for line in lines}.values())
        injections.record_typed(tx, [typing.token for typing in begun])
        injections.record_submitted(tx, [typing.token for typing in begun[1:]])
    clock.forward(30)
    reading.read_inbox(db, "web")


def shared_out(db: Database, clock: FakeClock) -> None:
    """Five tasks: one is completed, two are held, one is blocked, one is free; and two locks."""
    passing(db, clock)
    for id_, title, after in (
        ("t1", "Write down how totals are rounded", ()),
        ("t2", "Round the total, not the lines", ("t1",)),
        ("t3", "Search by month", ()),
        ("t4", "Show the rounded total in the PDF", ("t2",)),
        ("t5", "Say in the docs what a closed month is", ()),
    ):
        tasks.add(db, title, HUMAN, id_, after)
    tasks.claim(db, "billing", "t1", 900)
    tasks.complete(db, "billing", "t1", "see docs/rounding.md")
    clock.forward(200)
    tasks.claim(db, "api", "t2", 900)
    tasks.start(db, "api", "t2", 900)
    clock.forward(80)
    tasks.claim(db, "search", "t3", 900)
    locks.acquire(db, "api", [LockName("src/invoice.py")], 900, "rounding moves to the total")
    locks.acquire(db, "docs", [LockName("docs/", folder=True)], 600)
    clock.forward(30)


def unacknowledged(db: Database, clock: FakeClock) -> int:
    """Green, but two agents do not acknowledge what a third one asked: its message."""
    passing(db, clock)
    roster.join(db, "api", "keeper", pane(1))
    roster.join(db, "auth", "keeper", pane(2))
    message, _ = messages.send(
        db, "web", "keeper", "May I drop the old column? It is read nowhere.", MessageType.QUESTION, ack_within_s=30
    )
    for wait_s in (30, 60, 120, 120):
        clock.forward(wait_s)
        acknowledgements.process_due(db)
    clock.forward(40)
    told_by_another(db)
    return message


def told_by_another(db: Database) -> None:
    """Another process is announcing it in tmux, so that a dashboard's own attempt does not come into the picture."""
    with db.transaction() as tx:
        while announcements.claim_next(tx, "a teller", (announcements.TMUX,), limit_s=3_600):
            pass


def all_that_needs_a_human(db: Database, clock: FakeClock) -> None:
    """An escalation, a channel that failed, an unacknowledged message, a commit that went round, a lost notice."""
    message = unacknowledged(db, clock)
    build.report(db, "billing", RED, RULES, evidence=EVIDENCE, hook="pre-commit")
    with db.transaction() as tx:
        events.record(tx, HUMAN, "went_round", "4f5e6d7c8b on main", 1)
    clock.forward(20)
    build.escalate(db, "billing", "which rounding is the law here?")
    with db.transaction() as tx:
        tx.execute(
            "update deliveries set state = 'failed', reason = 'gone', at = :now where agent = 'api' "
            "and message_id = :message",
            now=tx.now,
            message=message,
        )
        told = next(one for one in announcements.list_channels(tx, 1) if one.channel == announcements.TMUX)
        announcements.record_failure(tx, told, "No terminal is attached to tmux.")
    clock.forward(50)
    told_by_another(db)


def known_culprit(db: Database, clock: FakeClock) -> None:
    """Red with evidence: which commit broke it, whose it was, and on which run of the check the verdict rests."""
    fixing(db, clock, ("4f5e6d7c8b9a0f1e2d3c4b5a69788796a5b4c3d2", "Uma Carter <uma@shop.example>"))
    finding = RefusalFinding(
        Verdict.BROKEN,
        "HEAD fails the check in a clean tree",
        needs_fixer=True,
        output=f"tests/test_invoice.py ..F\n{EVIDENCE}\n3 failed, 118 passed in 4.02s",
        hook="pre-commit",
        command="make check",
        exit_status=1,
        duration_ms=4_100,
    )
    with db.transaction() as tx:
        for agent in ("api", "web", "search", "api"):
            incidents.count_symptom(tx, 1, "invoice-rounding", "test_invoice.py::test_rounding", agent)
        record_finding(tx, "api", 1, finding)
        record_finding(tx, "web", 1, finding)
    clock.forward(40)


def broken(db: Database, clock: FakeClock) -> None:
    """Red, without a fixer."""
    fixing(db, clock)
    build.give_up(db, "billing", "out of context")
    clock.forward(9)


def escalated(db: Database, clock: FakeClock) -> None:
    """Three attempts failed; the human is asked."""
    fixing(db, clock)
    build.mark_failed(db, "billing", "totals agree now, but two PDFs still differ")
    clock.forward(2)
    build.claim(db, "search", RULES)
    clock.forward(240)
    heartbeat.record(db, "search")
    build.mark_failed(db, "search", "needs a decision: which rounding is the law here?", ErrorClass.LOGIC)
    told_by_another(db)
    clock.forward(64)


def healed(db: Database, clock: FakeClock) -> None:
    """Green again after a red period."""
    fixing(db, clock)
    build.mark_fixed(db, "billing", Evidence("'make check' passed", clock()))
    clock.forward(30)
