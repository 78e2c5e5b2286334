"""`swarm agent`: join under a name, leave, list the agents."""

from __future__ import annotations

import contextlib
import os

from swarm_agents import heartbeat, roster
from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.output import Answer, format_iso, make_listing, talk
from swarm_agents.cli.parsing import parser, verb, whole_number
from swarm_agents.cli.status import agent_data, describe_loss, record_ended_panes
from swarm_agents.errors import Denied, SwarmError, Unavailable, UsageError
from swarm_agents.model import HUMAN, PaneAddress
from swarm_agents.roster import Agent
from swarm_agents.text import RESERVED_NAMES, ago, checked_name
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import agents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swarm_agents.courier.previews import Preview
    from swarm_agents.host_sessions import HostState


_PREVIEW_LINES = 200


def parse(words: list[str]) -> Arguments:
    agent_parser = parser("agent", "Join the swarm under a name, leave it, list its agents.")
    joining = verb(agent_parser, "join", _join, "join the swarm under a free name")
    joining.add_argument("name", metavar="NAME")
    joining.add_argument("--role", default="agent", metavar="R")
    joining.add_argument("--pane", metavar="%N", help="the tmux pane to type notices into; default: this one")
    verb(agent_parser, "leave", _leave, "leave the swarm; gives up the build")
    listing = verb(agent_parser, "list", _list, "the agents that have joined")
    listing.add_argument("--all", action="store_true", help="also agents that left")
    listing.add_argument(
        "--preview",
        type=whole_number(1, _PREVIEW_LINES),
        default=0,
        metavar="N",
        help="the last N lines of each agent's pane",
    )
    verb(agent_parser, "whoami", _whoami, "the name you act under, and where it comes from")
    adopting = verb(agent_parser, "adopt", _adopt, "continue under a known name after a restart")
    adopting.add_argument("name", metavar="NAME")
    adopting.add_argument("--pane", metavar="%N")
    return agent_parser.parse_args(words)


def _join(call: Call) -> Answer:
    name = checked_name(call.arguments.name)
    role = checked_name(call.arguments.role, "role")
    if call.as_name not in (None, name, HUMAN):
        raise Denied(f"You are {call.as_name}; you cannot join as {name}.")
    pane = _pane(call.arguments.pane)
    agent = roster.join(call.db, name, role, pane, _is_alive(roster.find_registered_pane(call.db, name), pane))
    _set_pane_option(pane, agent.name)
    return Answer(f"You are {agent.name}.{_hint(pane, name)}", data={"name": agent.name, "pane": pane and pane.pane_id})


def _adopt(call: Call) -> Answer:
    name = checked_name(call.arguments.name)
    pane = _pane(call.arguments.pane)
    agent = roster.adopt(call.db, name, pane)
    _set_pane_option(pane, agent.name)
    return Answer(
        f"You continue as {agent.name}.{_hint(pane, name)}", data={"name": agent.name, "pane": pane and pane.pane_id}
    )


def _leave(call: Call) -> Answer:
    name = call.require_actor()
    if name == HUMAN:
        raise UsageError("A human is not on the roster and cannot leave it.")
    pane = roster.find_registered_pane(call.db, name)
    heartbeat.leave(call.db, name)
    _set_pane_option(pane, None)
    return Answer(f"{name} has left.", data={"name": name})


def _list(call: Call) -> Answer:
    call.record_read()
    record_ended_panes(call)
    _, known = agents.read(call.db)
    seen = _take_previews(call, [one.agent for one in known if call.arguments.all or one.agent.left_at is None])
    _record_looks(call, [one.agent for one in known], seen)
    now, known = agents.read(call.db)
    listed = [one for one in known if call.arguments.all or one.agent.left_at is None]
    said = agents.read_host_states(call.db)
    lines: list[str] = []
    data = []
    for one in listed:
        at = seen.get(one.agent.name)
        state = at.state if at else "no-answer" if one.agent.pane else "no-tmux"
        preview = at.last_lines(call.arguments.preview) if at else ()
        host = said.get(one.agent.name) if one.agent.left_at is None else None
        lines.append(
            f"{one.agent.name}  {one.agent.role}  {one.state}  seen {ago(now - one.agent.seen_at)}  "
            f"{one.agent.pane.pane_id if one.agent.pane else '-'}  {_describe_host(host, now)}"
            f"{state}{describe_loss(one, now)}"
        )
        lines += [f"    {line}" for line in preview]
        data.append(
            agent_data(one)
            | {"host": _host_data(host)}
            | {"joined_at": format_iso(one.agent.joined_at), "pane_state": state}
            | {"program": at and at.program, "title": at and at.title, "preview": list(preview)}
        )
    return make_listing(lines, "No agent has joined yet.", {"agents": data})


def _describe_host(said: HostState | None, now: int) -> str:
    """What the agent's own program said of itself, before what its screen looks like."""
    if said is None:
        return ""
    return f"{said.host} says {said.state} ({said.source}, {ago(now - said.at)})  "


def _host_data(said: HostState | None) -> dict[str, str | None] | None:
    return said and {
        "name": said.host,
        "state": said.state,
        "source": said.source,
        "detail": said.detail,
        "at": format_iso(said.at),
    }


def _record_looks(call: Call, known: list[Agent], seen: Mapping[str, Preview]) -> None:
    lost = {
        agent.name: (agent.pane, seen[agent.name].state)
        for agent in known
        if agent.pane and agent.name in seen and seen[agent.name].is_lost
    }
    living = [name for name, at in seen.items() if at.is_living]
    try:
        roster.record_pane_looks(call.db, lost, living)
    except SwarmError as error:
        talk(f"could not record which panes are gone: {error.message}")


def _take_previews(call: Call, agents: list[Agent]) -> Mapping[str, Preview]:
    """What the agents' panes show now; empty when none has a pane, or tmux is not installed."""
    if not any(agent.pane for agent in agents):
        return {}
    from swarm_agents.courier import previews  # loads tmux; `join` outside of tmux does without it
    from swarm_agents.hosts import screen_profiles  # only previews need them

    with contextlib.suppress(Unavailable):
        return previews.take(agents, screen_profiles.load_profiles(call.config.profiles))
    return {}


def _whoami(call: Call) -> Answer:
    name = call.identity
    if name is None:
        raise UsageError("Your name is not set: use --as NAME, SWARM_AGENT, or 'swarm agent join NAME' in a tmux pane.")
    source = "--as" if call.as_name else "SWARM_AGENT" if os.environ.get("SWARM_AGENT") else "@swarm_agent of this pane"
    known = False
    if name not in RESERVED_NAMES:
        here = agents.read(call.db).agents
        known = any(one.agent.name == name and one.agent.left_at is None for one in here)
    joined = "" if known or name == HUMAN else f" It has not joined: swarm agent join {name}"
    return Answer(f"{name} (from {source}).{joined}", data={"name": name, "source": source, "joined": known})


def _pane(said: str | None) -> PaneAddress | None:
    """The pane to register: the one named by --pane, else the pane of this process, else none."""
    if said is None and not os.environ.get("TMUX_PANE"):
        return None
    from swarm_agents.panes import address  # an agent outside of tmux does without it

    return address.find_address(said) if said is not None else address.find_own_pane()


def _is_alive(registered: PaneAddress | None, mine: PaneAddress | None) -> bool:
    """Whether the pane that a name is registered with still runs the same process; yes when tmux cannot tell."""
    if registered is None or registered == mine:
        return True
    from swarm_agents.panes import address  # see `_pane`

    try:
        return address.is_alive(registered)
    except SwarmError:
        return True


def _set_pane_option(pane: PaneAddress | None, name: str | None) -> None:
    if pane is not None:
        from swarm_agents.panes import address  # see `_pane`

        address.set_agent(pane, name)


def _hint(pane: PaneAddress | None, name: str) -> str:
    return "" if pane else f" Set SWARM_AGENT={name}, or add --as {name} to each command."
