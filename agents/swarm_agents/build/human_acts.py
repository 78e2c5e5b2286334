"""What only a human does to the build: take the role away, give it to an agent, answer an escalation."""

from swarm_agents import roster
from swarm_agents.build import consequences, transitions
from swarm_agents.build import row as build_row
from swarm_agents.build.outcomes import BuildBroken, BuildPassing, Evidence, FenceRejected, RoleGranted
from swarm_agents.db.database import Database
from swarm_agents.db.transaction import Row, Transaction
from swarm_agents.errors import UsageError
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Resolution
from swarm_agents.incidents import incidents
from swarm_agents.incidents.incidents import AttemptEnd
from swarm_agents.model import EVERYONE, HUMAN, HUMAN_LEASE_S, BuildRules


def force_release(db: Database, fence: int, reason: str) -> BuildBroken | FenceRejected:
    """Take the role from its fixer, if `fence`, the one that the human saw, is still current."""
    with db.transaction() as tx:
        fixer = build_row.read(tx).fixer
        now = consequences.release_role(tx, transitions.FENCE_SEEN, HUMAN, "force_released", reason, fence=fence)
        if not now:
            return FenceRejected(build_row.read(tx))
        if fixer and fixer != HUMAN:
            stop = f"A human took the build from you: {reason}. Stop repairing it; your fence is void."
            consequences.tell(tx, fixer, stop)
        return BuildBroken(now)


def assign(db: Database, to: str, rules: BuildRules, fence: int) -> RoleGranted | FenceRejected:
    """Give a red build to a named agent, and take it from its fixer, if `fence`, which the human saw, is current.

    Raises `NotFound` when there is no such agent.
    """
    with db.transaction() as tx:
        roster.find(tx, to)
        before = build_row.read(tx)
        row = transitions.assign_role(tx, to, rules.lease_s, fence)
        if not row:
            return FenceRejected(build_row.read(tx))
        if before.fixer:
            incidents.end_attempt(tx, AttemptEnd.RELEASED, f"a human gave it to {to}")
            if before.fixer not in (to, HUMAN):
                stop = f"A human gave the build to {to}. Stop repairing it; your fence is void."
                consequences.tell(tx, before.fixer, stop)
        return consequences.assign_role(tx, row, HUMAN, "assigned")


def resolve(
    db: Database, escalation: int, option: Resolution, rules: BuildRules, agent: str | None = None, reason: str = ""
) -> BuildBroken | RoleGranted | BuildPassing:
    """Answer an escalation. A new budget of attempts begins; what belongs to the old one changes nothing.

    Raises `NotFound` when that escalation is not open or the agent does not exist.
    """
    with db.transaction() as tx:
        escalations.find_answerable(tx, escalation, option)
        escalations.close(tx, escalation, option.value, reason)
        match option:
            case Resolution.RETRY:
                return _retry(tx, reason)
            case Resolution.ASSIGN | Resolution.TAKE_OVER:
                fixer = _new_fixer(tx, option, agent)
                lease_s = HUMAN_LEASE_S if fixer == HUMAN else rules.lease_s
                row = _escalated_row(transitions.assign_escalated(tx, fixer, lease_s))
                return consequences.assign_role(tx, row, HUMAN, "resolved")
            case Resolution.DECLARE_PASSING:
                row = _escalated_row(transitions.become_passing(tx, transitions.ESCALATED, checked=False))
                evidence = Evidence(reason or "a human declared it", tx.moment)
                return consequences.close_incident(tx, row, HUMAN, "declared", evidence)


def _retry(tx: Transaction, reason: str) -> BuildBroken:
    now = build_row.value(_escalated_row(transitions.retry_escalated(tx)))
    instruction = f": {reason}" if reason else ""
    consequences.record_event(tx, HUMAN, "resolved", f"retry{instruction}", now)
    consequences.tell(tx, EVERYONE, f"A human says: try again{instruction}. Run 'swarm build claim'.")
    return BuildBroken(now)


def _new_fixer(tx: Transaction, option: Resolution, agent: str | None) -> str:
    if option is Resolution.TAKE_OVER:
        return HUMAN
    if agent is None:
        raise UsageError("Name the agent that gets the build: --agent NAME.")
    roster.find(tx, agent)
    return agent


def _escalated_row(row: Row | None) -> Row:
    assert row is not None, "an open escalation belongs to an escalated build"
    return row
