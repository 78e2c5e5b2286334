"""One task at length: what `enter` on it opens."""

from swarm_agents.db.database import Database
from swarm_agents.views import task_report, work_state
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.details_dialog import Details, DetailsDialog
from swarm_tui.dialogs.tasks import task_text
from swarm_tui.settings import Settings


class TaskDetailsDialog(DetailsDialog):
    def __init__(self, settings: Settings, task_id: str) -> None:
        super().__init__(settings)
        self._task_id = task_id
        self.heading = f"Task {task_id}"

    def read(self, db: Database) -> Details:
        return self.heading, task_text.draw(task_report.read(db, self._task_id))

    def key_of(self, snapshot: Snapshot) -> object:
        return work_state.find_task(snapshot, self._task_id)
