"""How dialogs speak of agents: who may get the build, and who will get a message and how."""

from swarm_agents.roster import Listed
from swarm_agents.text import one_line
from swarm_tui import signs, times
from swarm_tui.snapshot import Snapshot
from swarm_tui.widgets.row_list import Cell

_NEVER_TYPED = {
    "shell": "a shell in",
    "unknown-program": "unknown program in",
    "gone": "no more",
    "dead": "nothing runs in",
    "replaced": "another program took",
    "server-gone": "no more",
}


def here(snapshot: Snapshot) -> list[Listed]:
    return [listed for listed in snapshot.agents if listed.state != "left"]


def candidates(snapshot: Snapshot) -> list[Listed]:
    """Who may be given the build: everybody who is here but the one who has it, first in line first."""
    places = {waiter.agent: place for place, waiter in enumerate(snapshot.waiting)}
    others = [listed for listed in here(snapshot) if listed.agent.name != snapshot.build.fixer]
    return sorted(others, key=lambda listed: (places.get(listed.agent.name, len(places)), listed.agent.name))


def described(listed: Listed, snapshot: Snapshot) -> list[Cell]:
    sign = signs.AGENT[listed.state]
    seen = times.age(max(0, snapshot.moment.wall_ms - listed.agent.seen_at))
    return [
        (f"{one_line(listed.agent.name, 24):<24} ", "plain"),
        (f"{sign!s:<10} ", sign.tone),
        (f"seen {seen}", "dim"),
    ]


def reached(listed: Listed, obstacle: str | None = None) -> list[Cell]:
    """Whether a message gets to the agent, and why not. `obstacle` is what was just seen at its pane."""
    agent = listed.agent
    name = (f"{one_line(agent.name, 24):<24} ", "plain")
    if listed.state == "left":
        return [("- ", "dim"), name, ("not sent: it left the swarm", "dim")]
    if agent.pane is None:
        return [("○ ", "busy"), name, ("inbox only: it has no tmux pane", "busy")]
    if obstacle in _NEVER_TYPED:
        return [("○ ", "busy"), name, (f"inbox only: {_NEVER_TYPED[obstacle]} pane {agent.pane.pane_id}", "busy")]
    if obstacle:
        return [("◌ ", "busy"), name, (f"waits: {obstacle} in pane {agent.pane.pane_id}", "busy")]
    return [("● ", "good"), name, (f"a line is typed into pane {agent.pane.pane_id}", "plain")]
