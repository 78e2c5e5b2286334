"""The roster: each agent's state, its pane, and how old that knowledge is."""

from collections.abc import Mapping

from swarm_agents.build.waiters import Waiter
from swarm_agents.host_sessions import HostState
from swarm_agents.model import Moment
from swarm_agents.roster import Agent
from swarm_agents.text import one_line
from swarm_agents.views.agents import SILENT_AFTER_MS, ListedAgent
from swarm_tui import symbols, times
from swarm_tui.widgets.row_list import Cell, RowList

_WITH_PANE = 46  # cells
_WITH_ROLE = 60


class AgentList(RowList):
    empty = "no agent has joined: swarm agent join NAME"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._agents: tuple[ListedAgent, ...] = ()
        self._tickets: dict[str, int] = {}
        self._said: Mapping[str, HostState] = {}
        self._shown: object = None
        self._now = 0
        self.border_title = "Agents"

    def show(
        self,
        agents: tuple[ListedAgent, ...],
        waiting: tuple[Waiter, ...],
        moment: Moment,
        said: Mapping[str, HostState] | None = None,
    ) -> None:
        """`said`: by agent, what its host said of itself."""
        if (agents, waiting, said) == self._shown:
            self.tick(moment)
            return
        self._shown = (agents, waiting, said)
        self._said = said or {}
        chosen = self.chosen
        self._agents = tuple(sorted(agents, key=lambda listed: listed.state != "fixing"))
        self._tickets = {waiter.agent: place for place, waiter in enumerate(waiting, start=1)}
        here = sum(listed.state != "left" for listed in agents)
        self._name_at_cursor(chosen)
        self.set_title(f"Agents {here}" if agents else "Agents")
        self._now = moment.wall_ms
        self.update_rows()

    def tick(self, moment: Moment) -> None:
        self._now = moment.wall_ms
        self.refresh_times()

    @property
    def chosen(self) -> Agent | None:
        """The agent under the cursor."""
        return self._agents[self.cursor].agent if self.cursor < len(self._agents) else None

    def is_cursor_visible(self) -> bool:
        return True  # keys pressed elsewhere act on the selected agent

    def count(self) -> int:
        return len(self._agents)

    def cells(self, index: int, width: int) -> list[Cell]:
        listed = self._agents[index]
        agent = listed.agent
        since = max(0, self._now - agent.seen_at)
        sign = symbols.AGENT[_state_now(listed.state, since)]
        word = f"{sign.word} {self._tickets[agent.name]}" if agent.name in self._tickets else sign.word
        name_width = max(8, min(20, width - (33 if width >= _WITH_PANE else 21)))
        pane = agent.pane.pane_id if agent.pane else "no pane"
        return [
            (f"{sign.symbol} ", sign.tone),
            (f"{one_line(agent.name, name_width):<{name_width}} ", "plain"),
            (f"{word:<9} ", sign.tone),
            (f"{times.age(since):>5} ", "dim"),
            (f" {pane:<8}" if width >= _WITH_PANE else "", "dim"),
            (self._about(agent) if width >= _WITH_ROLE else "", "dim"),
        ]

    def _about(self, agent: Agent) -> str:
        """How it is known that the pane is gone, else what its host said of itself and how long ago, else the role."""
        if loss := agent.pane_loss:
            return f" {loss.source}: {times.age(max(0, self._now - loss.at))}"
        if (said := self._said.get(agent.name)) and said.state != "working" and agent.left_at is None:
            return f" {said.host}: {said.state} {times.age(max(0, self._now - said.at))}"
        return f" {one_line(agent.role, 20)}" if agent.role != "agent" else ""

    def _name_at_cursor(self, agent: Agent | None) -> None:
        names = [listed.agent.name for listed in self._agents]
        if agent and agent.name in names:
            self.cursor = names.index(agent.name)


def _state_now(state: str, since_ms: int) -> str:
    """What the snapshot called active may have fallen silent since."""
    return "silent" if state == "active" and since_ms >= SILENT_AFTER_MS else state
