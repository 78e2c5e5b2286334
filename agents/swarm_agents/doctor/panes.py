"""Which agent works in which pane, which panes are lost, and whether notices can be typed and submitted there."""

from __future__ import annotations

import os
import shlex
import shutil

from swarm_agents import roster
from swarm_agents.config.config import Config
from swarm_agents.courier import previews
from swarm_agents.courier.previews import Preview
from swarm_agents.doctor.database import open_database
from swarm_agents.doctor.findings import Finding, error, note, ok, warning
from swarm_agents.hosts import screen_profiles
from swarm_agents.model import PaneAddress
from swarm_agents.place import Place
from swarm_agents.roster import Agent

_LOST = {
    "gone": "was closed",
    "replaced": "runs another program now",
    "dead": "shows a program that has ended",
    "server-gone": "was on a tmux server that has ended",
}


def examine_panes(place: Place, config: Config) -> list[Finding]:
    """A finding for each agent that has joined, and one for each tmux server that gives no answer."""
    with open_database(place) as db, db.reading() as tx:
        agents = roster.list_present(tx)
    if not agents:
        return [note("panes", "No agent has joined yet", "swarm agent join NAME")]
    if shutil.which("tmux") is None:
        return []  # said about tmux itself
    seen = previews.take(agents, screen_profiles.load_profiles(config.profiles))
    silent = {agent.pane.socket: agent.pane for agent in agents if agent.pane and _is_silent(seen[agent.name])}
    return [
        *(_describe_silent_server(pane) for pane in silent.values()),
        *(_describe(agent, seen[agent.name]) for agent in agents if not _is_silent(seen[agent.name])),
    ]


def _is_silent(pane: Preview) -> bool:
    return pane.state == previews.NO_ANSWER


def _describe_silent_server(pane: PaneAddress) -> Finding:
    pid = pane.server.partition(":")[0]
    text = f"The tmux server on {pane.socket} (process {pid}) gave no answer within {previews.LIMIT_S:g} s"
    state = _read_state(pid)
    stopped = state in ("T", "t")
    remedy = f"kill -CONT {pid}" if stopped else f"tmux -S {shlex.quote(pane.socket)} list-panes -a"
    return error(f"tmux-server:{pane.socket}", f"{text}{': it was stopped' if stopped else ''}", remedy)


def _read_state(pid: str) -> str:
    try:
        with open(f"/proc/{int(pid)}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except (OSError, ValueError, IndexError):  # gone, or another system than Linux
        return ""


def _describe(agent: Agent, seen: Preview) -> Finding:
    name = f"pane:{agent.name}"
    if agent.pane is None:
        return note(
            name, f"{agent.name} has no pane: it reads its messages when it asks", f"swarm inbox --as {agent.name}"
        )
    where = f"{agent.name}'s pane {agent.pane.pane_id}"
    if seen.is_lost:
        return warning(name, f"{where} {_LOST[seen.state]}", f"swarm --as {agent.name} agent leave")
    if seen.state == "shell":
        return warning(name, f"{where} shows a shell: its agent has ended", f"swarm --as {agent.name} agent leave")
    if seen.state == "unknown-program":
        text = f"{where} runs {seen.program or 'a program'}, for which there is no profile: no notice is typed"
        profile = f"tmux {_name_server(agent.pane)}set-option -p -t {agent.pane.pane_id} @swarm_profile plain"
        return warning(name, text, profile)
    ready = "ready" if seen.obstacle is None else f"not ready now: {seen.obstacle}"
    return ok(name, f"{where}: {seen.program}, submits with {seen.submit_key}, {ready}")


def _name_server(pane: PaneAddress) -> str:
    own = os.environ.get("TMUX", "").partition(",")[0]
    return "" if own == pane.socket else f"-S {shlex.quote(pane.socket)} "
