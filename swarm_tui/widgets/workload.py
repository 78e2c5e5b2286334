"""One line with the tasks of each agent: how many it holds, completed and failed; the busiest first."""

from textual.content import Content
from textual.widgets import Static

from swarm_agents.tasks import rows as task_rows
from swarm_agents.tasks.rows import Task, Workload
from swarm_agents.text import one_line
from swarm_tui import times
from swarm_tui.themes import STYLE


class WorkloadLine(Static):
    """Hidden until an agent has had a task."""

    def __init__(self) -> None:
        super().__init__()
        self._loads: list[Workload] = []
        self.display = False

    def show(self, shown: tuple[Task, ...]) -> None:
        loads = sorted(task_rows.count_workloads(shown), key=lambda load: -load.held)
        if loads != self._loads:
            self._loads = loads
            self.display = bool(loads)
            self.update(Content.assemble((" Workload  ", "bold"), Content("  ").join(_said(load) for load in loads)))


def _said(load: Workload) -> Content:
    estimated = f" ({times.roughly(load.held_min * 60_000)})" if load.held_min else ""
    return Content.assemble(
        f"{one_line(load.agent, 24)} ",
        (f"◆ {load.held}{estimated}", STYLE["busy" if load.held else "dim"]),
        (f" ✓ {load.completed}" if load.completed else "", STYLE["good"]),
        (f" ✗ {load.failed}" if load.failed else "", STYLE["bad"]),
    )
