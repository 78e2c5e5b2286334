"""One red period from its beginning: what `enter` on the banner opens."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from swarm_agents.db.database import Database
from swarm_agents.views import incident_report
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

    def read(self, db: Database) -> Details:
        report = incident_report.read(db, self._number)
        if report is None:
            return self.heading, Content("There was no such red period.")
        return f"Incident {report.incident.id}", incident_text.draw(report)

    def key_of(self, snapshot: Snapshot) -> object:
        return snapshot.build, snapshot.attempts, snapshot.waiting
