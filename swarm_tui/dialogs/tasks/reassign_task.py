"""Give a task to an agent that the human chooses; its claimant, if any, loses it."""

from textual.content import Content

from swarm_agents.tasks.rows import HELD_STATUSES, Task
from swarm_agents.text import one_line
from swarm_agents.views import human_commands, work_state
from swarm_agents.views.human_commands import ReassignTaskCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.agent_rows import draw_agent, find_present
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.themes import STYLE
from swarm_tui.widgets.choice_list import ChoiceList


class ReassignTaskDialog(CommandDialog):
    heading = "Give the task to an agent?"
    confirm = "Reassign"
    tone = "busy"
    field = None

    def __init__(self, snapshot: Snapshot, task: Task) -> None:
        super().__init__(snapshot)
        self._shown_task = task
        self._candidates = [listed for listed in find_present(snapshot) if listed.agent.name != task.claimant]

    def facts(self) -> Content:
        task = self._shown_task
        held = task.claimant if task.status in HELD_STATUSES else None
        taken = f"  It is taken from {held}, who is told to stop; its fence {task.fence} is void.\n" if held else ""
        return Content.assemble(
            (f"{task.id}: {one_line(task.title, 200)}\n\n", STYLE["dim"]),
            "What happens:\n",
            taken,
            "  The agent below has claimed it then, and is told in its pane.",
        )

    def choices(self) -> ChoiceList:
        return ChoiceList("To whom (j k)", [draw_agent(listed, self.opened_with) for listed in self._candidates])

    def command(self) -> ReassignTaskCommand | str:
        if not self._candidates:
            return "No other agent is here."
        chosen = self._candidates[self.query_one(ChoiceList).cursor]
        return ReassignTaskCommand(self._shown_task.id, chosen.agent.name, self._shown_task.fence)

    def has_moved(self, snapshot: Snapshot) -> bool:
        return work_state.has_task_moved(snapshot, self._shown_task)

    def describe_move(self, snapshot: Snapshot) -> str:
        now = work_state.find_task(snapshot, self._shown_task.id)
        return f"It moved meanwhile: {human_commands.describe_task(now)}" if now else "The task is gone."
