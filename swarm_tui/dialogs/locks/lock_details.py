"""One lock at length: what `enter` on it opens."""

from swarm_agents.db.database import Database
from swarm_agents.views import lock_report, work_state
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.details_dialog import Details, DetailsDialog
from swarm_tui.dialogs.locks import lock_text
from swarm_tui.settings import Settings


class LockDetailsDialog(DetailsDialog):
    heading = "Lock"

    def __init__(self, settings: Settings, path: str) -> None:
        super().__init__(settings)
        self._path = path

    def read(self, db: Database) -> Details:
        return self.heading, lock_text.draw(lock_report.read(db, self._path))

    def key_of(self, snapshot: Snapshot) -> object:
        return work_state.find_lock(snapshot, self._path)
