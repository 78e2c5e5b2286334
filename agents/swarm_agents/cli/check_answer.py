"""`swarm build check`: the configured check in a clean tree and in the working tree, and what that says of HEAD."""

from __future__ import annotations

import shlex

from swarm_agents.build import build
from swarm_agents.build.outcomes import Evidence
from swarm_agents.cli import answers
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer
from swarm_agents.commit import check_comparison
from swarm_agents.commit.check_comparison import CheckComparison
from swarm_agents.commit.check_runs import CheckRun, CheckState
from swarm_agents.commit.landing import is_on_shared_branch
from swarm_agents.config.config import CheckConfig
from swarm_agents.text import one_line, printable, tail
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_MESSAGE_LIMIT = 600  # characters


def compare(call: Call, agent: str, check: CheckConfig) -> Answer:
    """0 when it passes in both trees, else 1. What HEAD is then known to be is recorded."""
    began = call.db.moment()
    found = check_comparison.compare(call.db, agent, check, call.root)
    message = one_line(found.describe(), _MESSAGE_LIMIT)
    message += _record(call, agent, found, Evidence(message, began, found.commit))
    now = build.current(call.db)
    data = {"commit": found.commit, "head_passes": found.head_passes, **answers.role_data(now)}
    data |= {"clean_tree": _run_data(found.clean), "working_tree": _run_data(found.working)}
    data |= {"uncommitted": [printable(name) for name in found.uncommitted]}
    data |= {"only_here": [printable(name) for name in found.only_here]}
    summary = shlex.quote(one_line(message, build.SUMMARY_LIMIT))
    report = call.add_identity(f"swarm build report --summary {summary}") if found.head_passes is False else None
    if found.passes_in_both:
        return Answer(message, 0, data)
    outputs = (*_show_output("clean tree", found.clean), *_show_output("working tree", found.working))
    last = f"{message} Next: {report}" if report else message
    return Answer(message, 1, data, report, lines=(*outputs, last))


def _record(call: Call, agent: str, found: CheckComparison, evidence: Evidence) -> str:
    """Record what is known of HEAD now, which may end the incident; how that is told."""
    if found.head_passes and (found.commit is None or is_on_shared_branch(call.root, call.config, found.commit)):
        healed = build.heal(call.db, agent, evidence)
        if healed:
            return f" {answers.answer_outcome(call, healed).message}"
    if found.head_passes is not None:
        build.record_check(call.db, ok=found.head_passes, commit=found.commit)
    return ""


def _run_data(run: CheckRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "state": run.state.value,
        "exit_status": run.exit_status,
        "output": run.output,
        "duration_ms": run.duration_ms,
    }


def _show_output(where: str, run: CheckRun | None) -> tuple[str, ...]:
    """The end of what a check printed that did not pass."""
    if run is None or run.state is CheckState.PASSED or not run.output:
        return ()
    return (f"{where}:", *(f"  {line}" for line in tail(run.output).splitlines()))
