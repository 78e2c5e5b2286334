"""`swarm build`: each verb is one act on the build's state machine and an exit code."""

from __future__ import annotations

from swarm_agents.build.outcomes import (
    BuildBroken,
    BuildPassing,
    ErrorClass,
    Evidence,
    FenceRejected,
    HumanAsked,
    PlaceInLine,
)
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, talk
from swarm_agents.cli.parsing import BadArgument, Parser, parser, seconds, verb, whole_number
from swarm_agents.errors import UsageError
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, BuildRules, Moment
from swarm_agents.text import one_line, tail
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from swarm_agents.build import build, retry_queue
    from swarm_agents.build import wait as waiting
    from swarm_agents.cli import answers
    from swarm_agents.incidents import incidents
else:
    build = load_late("swarm_agents.build.build")
    retry_queue = load_late("swarm_agents.build.retry_queue")
    waiting = load_late("swarm_agents.build.wait")
    answers = load_late("swarm_agents.cli.answers")
    incidents = load_late("swarm_agents.incidents.incidents")


REASON_LIMIT = 500  # characters of a reason or summary; a column, not a place for logs


def parse(words: list[str]) -> Arguments:
    build_parser = parser("build", "The build: which agent repairs it, and what to do now.")
    verb(build_parser, "status", _status, "the build in one line")
    reporting = verb(
        build_parser, "report", _report, "report that the build is red; one of all reporters becomes the fixer"
    )
    reporting.add_argument("--summary", required=True, metavar="TEXT", help="what is broken, in a line")
    reporting.add_argument("--evidence", metavar="TEXT", default="", help="the last lines of the output that shows it")
    reporting.add_argument("--began", metavar="TIME", type=_time, help="when the check started (ISO 8601)")
    verb(build_parser, "claim", _claim, "become the fixer if the role is free, else wait in line")
    _add_fence(verb(build_parser, "renew", _renew, "the fixer renews its lease"))
    holding = verb(build_parser, "hold", _hold, "run a command and renew the lease while it runs: hold -- CMD")
    holding.add_argument("command", nargs="+", metavar="CMD")
    _add_fence(verb(build_parser, "fixed", _fixed, "the fixer proves that it is repaired: runs the configured check"))
    failing = verb(build_parser, "failed", _failed, "the fixer could not repair it; the last attempt asks a human")
    _add_reason(failing, required=True)
    failing.add_argument("--class", dest="error_class", choices=[c.value for c in ErrorClass], default="logic")
    _add_fence(failing)
    giving_up = verb(build_parser, "give-up", _give_up, "the fixer returns the role; the attempt does not count")
    _add_reason(giving_up)
    _add_fence(giving_up)
    handing_over = verb(build_parser, "hand-over", _hand_over, "the fixer passes the role to a named agent")
    handing_over.add_argument("agent", metavar="NAME")
    _add_fence(handing_over)
    waiting_verb = verb(build_parser, "wait", _wait, "return when it is green, or when you are the fixer")
    waiting_verb.add_argument("--timeout", metavar="S", type=seconds(0, 86_400), help="seconds; default [build] wait_s")
    verb(build_parser, "check", _check, "try the configured check in a clean tree and in the working tree")
    releasing = verb(build_parser, "force-release", _force_release, "a human takes the role away from the fixer")
    _add_reason(releasing)
    _add_fence(releasing)
    escalating = verb(build_parser, "escalate", _escalate, "ask a human about a red build")
    _add_reason(escalating, required=True)
    showing = verb(build_parser, "show", _show, "one incident: attempts, verdicts, symptoms, cost")
    showing.add_argument("incident", type=whole_number(1, 2**62), metavar="N")
    listing = verb(build_parser, "history", _history, "the last incidents and their attempts")
    listing.add_argument("--limit", type=whole_number(1, 1000), default=20, metavar="N")
    return build_parser.parse_args(words)


def _add_fence(of: Parser) -> None:
    of.add_argument("--fence", type=whole_number(0, 2**62), metavar="N", help="the fencing token you were given")


def _add_reason(of: Parser, required: bool = False) -> None:
    of.add_argument("--reason", required=required, metavar="TEXT", default="")


def _status(call: Call) -> Answer:
    call.record_read()
    now = build.current(call.db)
    return Answer(answers.describe_build(now), data=answers.build_data(now))


def _report(call: Call) -> Answer:
    agent = call.require_actor()
    arguments = call.arguments
    outcome = build.report(
        call.db,
        agent,
        _one_line_reason(arguments.summary, "--summary"),
        call.rules,
        evidence=tail(arguments.evidence),
        began=_began_moment(call, arguments.began),
    )
    return answers.answer_outcome(call, outcome)


def _claim(call: Call) -> Answer:
    return answers.answer_outcome(call, build.claim(call.db, call.require_actor(), call.rules))


def _renew(call: Call) -> Answer:
    outcome = build.renew(call.db, call.require_actor(), call.arguments.fence)
    if isinstance(outcome, FenceRejected):
        return answers.answer_outcome(call, outcome)
    ends = outcome.build.lease_expires_at
    data = {"lease_expires_at": format_iso(ends), **answers.role_data(outcome.build)}
    return Answer(f"Your lease lasts until {format_clock(ends)}.", data=data)


def _hold(call: Call) -> Answer:
    agent = call.require_actor()
    now = build.current(call.db)
    if now.fixer != agent:
        return answers.answer_outcome(call, FenceRejected(now))

    from swarm_agents.build import hold  # loads subprocess, which most verbs do without

    held = hold.run_command(call.db, agent, call.arguments.command, call.root)
    if held.lost:
        return answers.answer_outcome(call, held.lost)
    if held.code:
        return Answer(f"The command ended with exit status {held.code}.", 1, {"exit_status": held.code})
    return Answer("The command passed.", data={"exit_status": 0})


def _fixed(call: Call) -> Answer:
    agent, fence = call.require_actor(), call.arguments.fence
    now, landed = build.current(call.db), incidents.read_landed_commit(call.db, agent)
    if now.fixer != agent or (fence is not None and fence != now.fence):
        return answers.answer_outcome(call, FenceRejected(now))
    if agent == HUMAN:
        return _declare_fixed(call)
    evidence = _evidence(call, agent, landed)
    if isinstance(evidence, Answer):
        return evidence
    return answers.answer_outcome(call, build.mark_fixed(call.db, agent, evidence, now.fence))


def _declare_fixed(call: Call) -> Answer:
    from swarm_agents.views.human_commands import DeclareFixedCommand  # loads what agents' verbs do without

    command = DeclareFixedCommand(call.arguments.fence, "a human says so")
    return answers.answer_outcome(call, command.carry_out(call.db, call.config))


def _evidence(call: Call, agent: str, landed: str | None) -> Evidence | Answer:
    """The evidence that it is repaired, or the answer that names what is missing."""
    config = call.config
    if landed and _is_shared(call, landed):
        return Evidence(f"{landed[:10]} landed through the hook", call.db.moment(), landed)
    if config.check is None:
        if landed:
            return _not_shared(call, landed)
        return _no_evidence(call)

    from swarm_agents.commit import head_check  # loads subprocess, which most verbs do without

    checked = head_check.check_head(call.db, agent, config.check, call.root)
    if not checked.ok:
        return Answer(f"Not fixed: {one_line(checked.why, 300)}.", 1)
    commit = checked.evidence.commit
    if commit and not _is_shared(call, commit):
        return _not_shared(call, commit)
    return checked.evidence


def _no_evidence(call: Call) -> Answer:
    """The fix may be committed already, without 'swarm commit' or by a killed one: then nothing is left to land."""
    from pathlib import Path  # see below

    from swarm_agents.git import files  # only a fix without evidence needs it

    root = call.place.root
    command = call.add_identity(
        "swarm commit" if root is None or files.list_changed(Path(root)) else "swarm commit --allow-empty"
    )
    message = f"There is no evidence yet: land the fix through the hook with '{command}', or set [build] check."
    return Answer(message, 1, next=command)


def _is_shared(call: Call, commit: str) -> bool:
    from swarm_agents.commit.landing import is_on_shared_branch  # loads git, which most verbs do without

    return is_on_shared_branch(call.root, call.config, commit)


def _not_shared(call: Call, commit: str) -> Answer:
    message = f"{commit[:10]} is not on {call.config.branch} yet; you stay the fixer. Land it there first."
    return Answer(message, 81, answers.role_data(build.current(call.db)), next=call.add_identity("swarm build fixed"))


def _failed(call: Call) -> Answer:
    arguments = call.arguments
    attempt = build.current(call.db).attempt
    reason = _one_line_reason(arguments.reason, "--reason")
    outcome = build.mark_failed(
        call.db, call.require_actor(), reason, ErrorClass(arguments.error_class), arguments.fence
    )
    if isinstance(outcome, BuildBroken):
        message = f"Attempt {attempt} ended as failed; the role is free."
        data = answers.role_data(outcome.build) | {"attempt": attempt}
        return Answer(message, 0, data, call.add_identity("swarm build wait"))
    answer = answers.answer_outcome(call, outcome)
    return Answer(answer.message, answer.exit, {**answer.data, "attempt": attempt}, answer.next)


def _give_up(call: Call) -> Answer:
    outcome = build.give_up(
        call.db, call.require_actor(), _one_line_reason(call.arguments.reason), call.arguments.fence
    )
    if isinstance(outcome, FenceRejected):
        return answers.answer_outcome(call, outcome)
    return Answer("You are no longer the fixer; the role is free.", data=answers.role_data(outcome.build))


def _hand_over(call: Call) -> Answer:
    outcome = build.hand_over(call.db, call.require_actor(), call.arguments.agent, call.rules, call.arguments.fence)
    if isinstance(outcome, FenceRejected):
        return answers.answer_outcome(call, outcome)
    return Answer(f"{outcome.build.fixer} is the fixer now; stop repairing it.", data=answers.role_data(outcome.build))


def _wait(call: Call) -> Answer:
    agent = call.require_actor()
    timeout_s = call.arguments.timeout
    wait_s = call.rules.wait_s if timeout_s is None else timeout_s
    rules = BuildRules(call.rules.max_attempts, call.rules.lease_s, wait_s)
    outcome = waiting.wait(call.db, agent, rules, lambda now, left_s: talk(answers.waiting_line(now, left_s)))
    if isinstance(outcome, PlaceInLine):
        again = call.add_identity("swarm build wait" + (f" --timeout {timeout_s:g}" if timeout_s is not None else ""))
        message = f"Still red after {wait_s:g} s; {answers.describe_fixer(outcome.build)}. You keep your place."
        return Answer(message, 75, answers.waiting_data(outcome), again)
    if isinstance(outcome, BuildPassing) and outcome.build.red:
        return Answer(
            f"Incident {outcome.incident} is over, but the build is red again: {answers.describe_build(outcome.build)}",
            0,
            answers.role_data(outcome.build),
        )
    answer = answers.answer_outcome(call, outcome)
    ahead = retry_queue.read_ahead(call.db, agent)
    if isinstance(outcome, BuildPassing) and ahead:
        told = f"{answer.message} {ahead} agents that waited longer try first; 'swarm commit' waits for your turn."
        return answer._replace(message=told, data=answer.data | {"ahead": ahead})
    return answer


def _check(call: Call) -> Answer:
    call.record_read()
    agent = call.identity or HUMAN
    if call.config.check is None:
        raise UsageError("No check is configured: set [build] check in swarm.toml.")

    from swarm_agents.cli import check_answer  # loads subprocess, which most verbs do without

    return check_answer.compare(call, agent, call.config.check)


def _force_release(call: Call) -> Answer:
    call.require_human()
    from swarm_agents.views.human_commands import ForceReleaseCommand  # loads what agents' verbs do without

    seen = build.current(call.db)
    fence = seen.fence if call.arguments.fence is None else call.arguments.fence
    outcome = ForceReleaseCommand(fence, _one_line_reason(call.arguments.reason)).carry_out(call.db, call.config)
    if isinstance(outcome, FenceRejected):
        return Answer(
            f"Nothing was released: {answers.describe_build(outcome.build)}", 82, answers.role_data(outcome.build)
        )
    return Answer(f"The role was taken from {seen.fixer}; it is free.", data=answers.role_data(outcome.build))


def _escalate(call: Call) -> Answer:
    by = call.actor_or_human()
    outcome = build.escalate(call.db, by, _one_line_reason(call.arguments.reason, "--reason"))
    match outcome:
        case BuildPassing(now):
            return Answer("The build is passing; there is nothing to ask.", data=answers.role_data(now))
        case HumanAsked(now, escalation):
            data = {"escalation": escalation, **answers.role_data(now)}
            return Answer(f"A human was asked (escalation {escalation}). Do something else meanwhile.", data=data)
        case FenceRejected():
            return answers.answer_outcome(call, outcome)


def _one_line_reason(text: str, option: str | None = None) -> str:
    """A reason or summary as one printable line. Raises `UsageError` when `option` requires one and it is empty."""
    line = one_line(text, REASON_LIMIT)
    if option and not line:
        raise UsageError(f"{option} must not be empty.")
    return line


def _time(text: str) -> datetime:
    from datetime import datetime  # only --began needs it

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadArgument("must be a time like 2026-01-31T12:00:00Z") from None
    if moment.tzinfo is None:
        raise BadArgument("must name its time zone, like 2026-01-31T12:00:00Z")
    return moment


def _began_moment(call: Call, said: datetime | None) -> Moment | None:
    if said is None:
        return None
    now = call.db.moment()
    wall_ms = int(said.timestamp() * 1000)
    return Moment(wall_ms, now.mono_ms - (now.wall_ms - wall_ms), now.boot_id)


def _show(call: Call) -> Answer:
    from swarm_agents.cli import history  # only `show` and `history` need it

    return history.show(call)


def _history(call: Call) -> Answer:
    from swarm_agents.cli import history  # see `_show`

    return history.latest(call)
