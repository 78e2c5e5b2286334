"""One task at length: what `enter` on it opens."""

from swarm_agents.db.database import Transaction
from swarm_agents.views import work_state
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.details_dialog import Details, DetailsDialog
from swarm_tui.dialogs.tasks import task_text
from swarm_tui.settings import Settings


class TaskDetailsDialog(DetailsDialog):
    def __init__(self, settings: Settings, task: str) -> None:
        super().__init__(settings)
        self._shown_task = task
        self.heading = f"Task {task}"

    def read(self, tx: Transaction) -> Details:
        return self.heading, task_text.of_task(tx, self._shown_task)

    def told_by(self, snapshot: Snapshot) -> object:
        return work_state.task(snapshot, self._shown_task)
