"""Agents as rows of a dialog: who may get the build, and who will get a message and how."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum, auto

from swarm_agents.text import one_line
from swarm_agents.views.agents import ListedAgent
from swarm_agents.views.snapshot import Snapshot
from swarm_tui import symbols, times
from swarm_tui.widgets.row_list import Cell

_NEVER_TYPED = {
    "shell": "a shell in",
    "unknown-program": "unknown program in",
    "gone": "no more",
    "dead": "nothing runs in",
    "replaced": "another program took",
    "server-gone": "no more",
}


class DeliveryWay(Enum):
    """How a message gets to an agent."""

    READY_PANE = auto()
    PANE = auto()
    """Nothing can be typed there now."""
    INBOX = auto()
    NONE = auto()


def find_present(snapshot: Snapshot) -> list[ListedAgent]:
    return [listed for listed in snapshot.agents if listed.state != "left"]


def find_candidates(snapshot: Snapshot) -> list[ListedAgent]:
    """Who may be given the build: every agent but the fixer and those that left, first in line first."""
    places = {waiter.agent: place for place, waiter in enumerate(snapshot.waiting)}
    others = [listed for listed in find_present(snapshot) if listed.agent.name != snapshot.build.fixer]
    return sorted(others, key=lambda listed: (places.get(listed.agent.name, len(places)), listed.agent.name))


def draw_agent(listed: ListedAgent, snapshot: Snapshot) -> list[Cell]:
    sign = symbols.AGENT[listed.state]
    seen = times.age(max(0, snapshot.moment.wall_ms - listed.agent.seen_at))
    return [
        (f"{one_line(listed.agent.name, 24):<24} ", "plain"),
        (f"{sign!s:<10} ", sign.tone),
        (f"seen {seen}", "dim"),
    ]


def find_way(listed: ListedAgent, obstacle: str | None) -> DeliveryWay:
    """How a message gets to the agent. `obstacle` is what was in the way when its pane was last read."""
    if listed.state == "left":
        return DeliveryWay.NONE
    if listed.agent.pane is None or obstacle in _NEVER_TYPED:
        return DeliveryWay.INBOX
    return DeliveryWay.PANE if obstacle else DeliveryWay.READY_PANE


def describe_ways(recipients: Iterable[ListedAgent], obstacles: Mapping[str, str | None] | None) -> str:
    """How many of them a message reaches in which way. `obstacles` is None until their panes were read."""
    seen = {} if obstacles is None else obstacles
    count = Counter(find_way(listed, seen.get(listed.agent.name)) for listed in recipients)
    ready, pane, inbox = count[DeliveryWay.READY_PANE], count[DeliveryWay.PANE], count[DeliveryWay.INBOX]
    if obstacles is None:
        told = [(ready, "in a pane once it is ready")]
    else:
        told = [(ready, "in a ready pane"), (pane, "in a pane that waits")]
    return ", ".join(f"{number} {how}" for number, how in [*told, (inbox, "by inbox only")] if number)


def draw_way(listed: ListedAgent, obstacle: str | None = None) -> list[Cell]:
    """Whether a message gets to the agent, and why not. `obstacle` as for `find_way`."""
    name = (f"{one_line(listed.agent.name, 24):<24} ", "plain")
    pane = f"pane {listed.agent.pane.pane_id}" if listed.agent.pane else ""
    match find_way(listed, obstacle):
        case DeliveryWay.NONE:
            return [("- ", "dim"), name, ("not sent: it left the swarm", "dim")]
        case DeliveryWay.INBOX:
            why = f"{_NEVER_TYPED[obstacle]} {pane}" if pane and obstacle else "it has no tmux pane"
            return [("○ ", "busy"), name, (f"inbox only: {why}", "busy")]
        case DeliveryWay.PANE:
            return [("◌ ", "busy"), name, (f"waits: {obstacle} in {pane}", "busy")]
        case DeliveryWay.READY_PANE:
            return [("● ", "good"), name, (f"a line is typed into {pane}", "plain")]
