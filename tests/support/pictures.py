"""Golden pictures: the SVGs in screenshots/, which the README shows too."""

import re
from pathlib import Path

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex
from textual.app import App

FOLDER = Path(__file__).parents[2] / "screenshots"


class Pictures(SingleFileSnapshotExtension):
    """One file for each name that a test gives, all in one folder."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(FOLDER)

    @classmethod
    def matches_test_location(cls, *, test_location: PyTestLocation, snapshot_location: str) -> bool:
        return Path(snapshot_location).parent == FOLDER

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return str(index)


def drawn(app: App[None]) -> str:
    """The screen as an SVG that is the same on every machine: no random ids, no fonts from elsewhere."""
    svg = app.export_screenshot(title="swarm-tui")
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
