"""The reference model: the build's rules in Python without a database, to compare the real statements with.

Written from the table in docs/states.md, not from the code. One pure function: state and act in, state and answer out.
"""

from dataclasses import dataclass, replace

from swarm_agents.model import BuildRules, Moment

HUMAN_LEASE_MS = 8 * 3600 * 1000
KEPT_IN_LINE_MS = 60_000  # after the deadline of a wait
NETWORK_PAUSE_MS = 10_000  # after the first failure of the network; each further one pauses twice as long
NETWORK_PAUSES = 5  # in one budget; then a human is asked
Instant = tuple[str, int]


@dataclass(frozen=True)
class Model:
    status: str = "passing"
    fixer: str | None = None
    fence: int = 0
    incident: int = 0
    used: int = 0  # attempts of this budget that counted
    rows: int = 0  # attempts of this incident, counted or not
    network: int = 0  # failures of the network in this budget
    pause: Instant | None = None  # while it is broken: no claim before this instant
    asked: int = 0  # escalations ever raised
    deadline: Instant | None = None
    lease_ms: int = 0
    changed: Instant = ("never", 0)
    fresh: Instant = ("never", 0)
    line: tuple[tuple[str, Instant], ...] = ()  # who waits, and until when


@dataclass(frozen=True)
class Act:
    """One call. `fence` is what the caller knows, `began` when its check started, `to` an agent or an option."""

    name: str
    agent: str = ""
    fence: int | None = None
    began: Moment | None = None
    to: str = ""


def step(m: Model, act: Act, now: Moment, rules: BuildRules) -> tuple[Model, str]:
    """The state after the act, and the answer to its caller."""
    here = (now.boot_id, now.mono_ms)
    began = (act.began.boot_id, act.began.mono_ms) if act.began else None
    holds = m.status == "fixing" and m.fixer == act.agent and act.fence in (None, m.fence)
    lease_ms, wait_ms = int(rules.lease_s * 1000), int(rules.wait_s * 1000)

    def over(instant: Instant | None, grace_ms: int = 0) -> bool:
        return instant is not None and (instant[0] != here[0] or instant[1] + grace_ms <= here[1])

    def stale(instant: Instant) -> bool:
        return began is not None and began[0] == instant[0] and began[1] < instant[1]

    def grant(m: Model, to: str, ms: int = lease_ms) -> Model:
        waiting = tuple(waiter for waiter in m.line if waiter[0] != to)
        lease = {"deadline": (here[0], here[1] + ms), "lease_ms": ms}
        held = replace(m, status="fixing", fixer=to, fence=m.fence + 1, rows=m.rows + 1, line=waiting, **lease)
        return replace(held, pause=None)

    def free(m: Model, status: str, counts: int = 0) -> Model:
        freed = replace(m, status=status, fixer=None, fence=m.fence + 1, used=m.used + counts, deadline=None)
        return replace(freed, pause=None, changed=here)

    def ask(m: Model) -> tuple[Model, str]:
        return replace(m, status="escalated", asked=m.asked + 1, line=()), "asked"

    def count(m: Model) -> tuple[Model, str]:
        lost = free(m, "broken", counts=1)
        return ask(lost) if lost.used >= rules.max_attempts else (lost, "broken")

    def green(m: Model) -> tuple[Model, str]:
        return replace(free(m, "passing"), used=0, network=0, fresh=here, line=()), "passing"

    def stand_in_line(m: Model) -> Model:
        until, names = (here[0], here[1] + wait_ms), [name for name, _ in m.line]
        if act.agent not in names:
            return replace(m, line=(*m.line, (act.agent, until)))
        return replace(m, line=tuple((name, until if name == act.agent else at) for name, at in m.line))

    match act.name:
        case "report" if m.status == "passing" and not stale(m.fresh):
            return grant(replace(m, incident=m.incident + 1, rows=0, used=0, changed=here), act.agent), "yours new"
        case "report" | "claim":
            if m.status == "fixing" and m.fixer == act.agent:
                return replace(m, deadline=(here[0], here[1] + m.lease_ms)), "yours"
            if over(m.deadline):
                m, _ = count(m)
            if m.status == "broken" and m.pause and not over(m.pause):
                return stand_in_line(m), "waiting"
            if m.status == "broken":
                return (m, "stale") if stale(m.fresh) else (replace(grant(m, act.agent), changed=here), "yours new")
            if m.status == "fixing":
                return stand_in_line(m), "waiting"
            return m, "asked" if m.status == "escalated" else "stale" if began else "passing"
        case "renew" if holds:
            return replace(m, deadline=(here[0], here[1] + m.lease_ms)), "yours"
        case "fixed" if holds:
            return green(m)
        case "failed" | "lose_fixer" if holds:
            return count(m)
        case "refused" if holds:  # failed for a missing right: uses up no attempt, asks the human
            return ask(free(m, "escalated"))
        case "no_network" if holds:  # failed for lack of it: uses up no attempt, no claim for a while
            lost = replace(free(m, "broken"), network=m.network + 1)
            if m.network >= NETWORK_PAUSES:
                return ask(lost)
            return replace(lost, pause=(here[0], here[1] + (NETWORK_PAUSE_MS << m.network))), "broken"
        case "give_up" if holds:
            return free(m, "broken"), "broken"
        case "hand_over" if holds:
            return grant(m, act.to), "yours new"
        case "force_release" if m.status == "fixing" and act.fence == m.fence:
            return free(m, "broken"), "broken"
        case "assign" if m.status in ("broken", "fixing") and act.fence == m.fence:
            return replace(grant(m, act.to), changed=here), "yours new"
        case "reap":
            m = replace(m, line=tuple(waiter for waiter in m.line if not over(waiter[1], KEPT_IN_LINE_MS)))
            return count(m) if over(m.deadline) else (m, "nothing")
        case "heal":
            return green(m) if m.status == "broken" and not stale(m.changed) else (m, "nothing")
        case "escalate" if act.fence not in (None, m.fence):
            return m, "fenced"
        case "escalate" if m.status in ("broken", "fixing"):
            return ask(free(m, "escalated"))
        case "escalate":
            return m, "passing" if m.status == "passing" else "asked"
        case "resolve" if m.status != "escalated":
            return m, "not found"
        case "resolve" if act.to == "declare-passing":
            return green(m)
        case "resolve":
            again = replace(m, used=0, network=0, fresh=here, changed=here)
            if act.to == "retry":
                return replace(again, status="broken"), "broken"
            holder, ms = ("human", HUMAN_LEASE_MS) if act.to == "take-over" else (act.agent, lease_ms)
            return grant(again, holder, ms), "yours new"
    return m, "fenced"
