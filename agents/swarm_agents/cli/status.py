"""`swarm status`: the build, the line, the agents, open escalations; read in one transaction."""

from swarm_agents.cli import answers
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_clock, format_iso
from swarm_agents.cli.parsing import parser
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.text import ago
from swarm_agents.views import swarm_status
from swarm_agents.views.agents import ListedAgent


def parse(words: list[str]) -> Arguments:
    status_parser = parser(
        "status", "The build, its fixer, waiting agents, agents that are here, open escalations.", _status
    )
    return status_parser.parse_args(words)


def _status(call: Call) -> Answer:
    call.record_read()
    status = swarm_status.read(call.db)
    lines = [answers.describe_build(status.build)]
    if status.branch and status.build.last_check and not status.branch.checked:
        lines.append(answers.branch_line(status.branch))
    lines += [f"waiting  {one.ticket}  {one.agent}  until {format_clock(one.deadline)}" for one in status.waiting]
    lines += [
        f"agent  {one.agent.name}  {one.state}  seen {ago(status.read_at - one.agent.seen_at)}"
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


def agent_data(one: ListedAgent) -> dict[str, str | None]:
    return {
        "name": one.agent.name,
        "role": one.agent.role,
        "pane": one.agent.pane.pane_id if one.agent.pane else None,
        "state": one.state,
        "seen_at": format_iso(one.agent.seen_at),
    }
