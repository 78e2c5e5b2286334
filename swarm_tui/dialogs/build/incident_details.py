"""The red period from its beginning, or the last one: what `enter` on the banner opens."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from swarm_agents.db.database import Transaction
from swarm_agents.views.snapshot import Snapshot
from swarm_tui.dialogs.build import incident_text
from swarm_tui.dialogs.details_dialog import Details, DetailsDialog
from swarm_tui.settings import Settings


class IncidentDetailsDialog(DetailsDialog):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("i", "close", show=False)]

    heading = "Incident"

    def __init__(self, settings: Settings, number: int | None = None) -> None:
        """Without a number the open incident, else the last one."""
        super().__init__(settings)
        self._number = number

    def read(self, tx: Transaction) -> Details:
        found = incident_text.read(tx, self._number)
        if found is None:
            return self.heading, Content("There was no such red period.")
        return f"Incident {found.incident.id}", incident_text.told(found)

    def told_by(self, snapshot: Snapshot) -> object:
        return snapshot.build, snapshot.attempts, snapshot.waiting
