"""One lock at length: what `enter` on it opens."""

from swarm_agents.db.database import Transaction
from swarm_agents.views import work_state
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.details_dialog import Details, DetailsDialog
from swarm_tui.dialogs.tasks import task_text
from swarm_tui.settings import Settings


class LockDetailsDialog(DetailsDialog):
    def __init__(self, settings: Settings, path: str) -> None:
        super().__init__(settings)
        self._path = path
        self.heading = "Lock"

    def read(self, tx: Transaction) -> Details:
        return self.heading, task_text.of_lock(tx, self._path)

    def told_by(self, snapshot: Snapshot) -> object:
        return work_state.lock(snapshot, self._path)
