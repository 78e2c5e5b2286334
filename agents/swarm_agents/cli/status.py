"""`swarm status`: the build, the line, the agents, open escalations; read in one transaction."""

from __future__ import annotations

from swarm_agents import roster
from swarm_agents.cli import answers
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso, talk
from swarm_agents.cli.parsing import parser
from swarm_agents.errors import SwarmError
from swarm_agents.text import ago
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import swarm_status

if TYPE_CHECKING:
    from typing import Any

    from swarm_agents.escalations.escalations import Escalation
    from swarm_agents.views.agents import ListedAgent


_LOSSES = {
    "gone": "was closed",
    "replaced": "runs another program",
    "dead": "runs nothing",
    "server-gone": "went with its tmux server",
    "ended": "has lost its process",
}


def parse(words: list[str]) -> Arguments:
    status_parser = parser(
        "status", "The build, its fixer, waiting agents, agents that are here, open escalations.", _status
    )
    return status_parser.parse_args(words)


def _status(call: Call) -> Answer:
    call.record_read()
    record_ended_panes(call)
    status = swarm_status.read(call.db)
    lines = [answers.describe_build(status.build)]
    if status.branch and status.build.last_check and not status.branch.checked:
        lines.append(answers.branch_line(status.branch))
    lines += [f"waiting  {one.ticket}  {one.agent}  until {format_clock(one.deadline)}" for one in status.waiting]
    lines += [
        f"agent  {one.agent.name}  {one.state}  seen {ago(status.read_at - one.agent.seen_at)}"
        f"{describe_loss(one, status.read_at)}"
        for one in status.present
    ]
    lines += [f"escalation  {one.id}  {one.reason}" for one in status.escalations]
    return Answer(
        lines[0],
        data={
            "build": answers.build_data(status.build),
            "waiting": [
                {
                    "agent": one.agent,
                    "ticket": one.ticket,
                    "since": format_iso(one.since),
                    "deadline": format_iso(one.deadline),
                }
                for one in status.waiting
            ],
            "agents": [agent_data(one) for one in status.present],
            "escalations": [_question_data(one) for one in status.escalations],
            "branch": answers.branch_data(status.branch),
            "messages": {"last_id": status.last_message},
        },
        lines=tuple(lines),
    )


def _question_data(one: Escalation) -> dict[str, str | int | None]:
    """It is about an incident or about a message; the other key is null."""
    about = {"incident": one.incident, "message": one.message}
    return {"id": one.id, "reason": one.reason, "raised_at": format_iso(one.raised_at), **about}


def record_ended_panes(call: Call) -> None:
    """Look for panes whose process has ended; a database that cannot be written does not stop a verb that reads."""
    try:
        roster.record_ended_panes(call.db)
    except SwarmError as error:
        talk(f"could not record which panes are gone: {error.message}")


def describe_loss(one: ListedAgent, now: int) -> str:
    """What is wrong with the agent's pane, for the end of its line: '' when nothing is known."""
    loss, pane = one.agent.pane_loss, one.agent.pane
    if loss is None or pane is None or one.state == "left":
        return ""
    return f"  its pane {pane.pane_id} {_LOSSES[loss.why]} ({loss.source}, first seen {ago(now - loss.at)})"


def agent_data(one: ListedAgent) -> dict[str, Any]:
    loss = one.agent.pane_loss
    return {
        "name": one.agent.name,
        "role": one.agent.role,
        "pane": one.agent.pane.pane_id if one.agent.pane else None,
        "state": one.state,
        "seen_at": format_iso(one.agent.seen_at),
        "pane_lost": loss and {"why": loss.why, "source": loss.source, "at": format_iso(loss.at)},
    }
