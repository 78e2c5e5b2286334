"""Take a task from its claimant, so that any agent may claim it."""

from textual.content import Content

from swarm_agents.tasks.rows import HELD_STATUSES, Task
from swarm_agents.text import one_line
from swarm_agents.views import human_commands, work_state
from swarm_agents.views.human_commands import ReleaseTaskCommand
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.command_dialog import CommandDialog
from swarm_tui.themes import STYLE


class ReleaseTaskDialog(CommandDialog):
    heading = "Open the task again?"
    confirm = "Release"
    tone = "busy"

    def __init__(self, snapshot: Snapshot, task: Task) -> None:
        super().__init__(snapshot)
        self._shown_task = task

    def facts(self) -> Content:
        task = self._shown_task
        told = (
            f"  {task.claimant} is told to stop; its fence {task.fence} is void.\n"
            if task.status in HELD_STATUSES
            else ""
        )
        return Content.assemble(
            (f"{task.id}: {one_line(task.title, 200)}\n\n", STYLE["dim"]),
            "What happens:\n",
            told,
            "  It is open: the first agent that claims it has it.",
        )

    def command(self) -> ReleaseTaskCommand:
        return ReleaseTaskCommand(self._shown_task.id, self._shown_task.fence, self.typed)

    def has_moved(self, snapshot: Snapshot) -> bool:
        return work_state.has_task_moved(snapshot, self._shown_task)

    def describe_move(self, snapshot: Snapshot) -> str:
        now = work_state.find_task(snapshot, self._shown_task.id)
        return f"It moved meanwhile: {human_commands.describe_task(now)}" if now else "The task is gone."
