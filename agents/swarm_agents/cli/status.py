"""`swarm status`: the build, the line, the agents, open escalations; read in one transaction."""

import argparse

from swarm_agents.build import build, waiters
from swarm_agents.cli import answers
from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer, clock, iso
from swarm_agents.cli.parsing import parser
from swarm_agents.escalations import escalations
from swarm_agents.escalations.escalations import Escalation
from swarm_agents.messages import messages
from swarm_agents.text import ago
from swarm_agents.views import agents


def parse(words: list[str]) -> argparse.Namespace:
    status_parser = parser("status", "The build, its fixer, waiting agents, agents that are here, open escalations.")
    status_parser.set_defaults(run=_status)
    return status_parser.parse_args(words)


def _status(call: Call) -> Answer:
    call.glance()
    with call.db.reading() as tx:
        now = build.state(tx)
        line = waiters.list_waiting(tx)
        listed = agents.list_agents(tx)
        questions = escalations.list_open(tx)
        last_message = messages.last_id(tx)
        read_at = tx.now
    here = [one for one in listed if one.agent.left_at is None]
    lines = [answers.line(now)]
    lines += [f"waiting  {one.ticket}  {one.agent}  until {clock(one.deadline)}" for one in line]
    lines += [f"agent  {one.agent.name}  {one.state}  seen {ago(read_at - one.agent.seen_at)}" for one in here]
    lines += [f"escalation  {one.id}  {one.reason}" for one in questions]
    return Answer(
        lines[0],
        data={
            "build": answers.build_data(now),
            "waiting": [
                {"agent": one.agent, "ticket": one.ticket, "since": iso(one.since), "deadline": iso(one.deadline)}
                for one in line
            ],
            "agents": [agent_data(one) for one in here],
            "escalations": [_question_data(one) for one in questions],
            "messages": {"last_id": last_message},
        },
        lines=tuple(lines),
    )


def _question_data(one: Escalation) -> dict[str, str | int | None]:
    """It is about an incident or about a message; the other key is null."""
    about = {"incident": one.incident, "message": one.message}
    return {"id": one.id, "reason": one.reason, "raised_at": iso(one.raised_at), **about}


def agent_data(one: agents.ListedAgent) -> dict[str, str | None]:
    return {
        "name": one.agent.name,
        "role": one.agent.role,
        "pane": one.agent.pane.pane_id if one.agent.pane else None,
        "state": one.state,
        "seen_at": iso(one.agent.seen_at),
    }
