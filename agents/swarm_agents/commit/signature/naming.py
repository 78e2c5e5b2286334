"""Names what failed in a run: by its report where one is configured and was written, else by its output."""

from __future__ import annotations

from swarm_agents.commit.signature.report_files import list_written
from swarm_agents.commit.signature.reports import read_reports
from swarm_agents.commit.signature.signature import Signature, make_from_failures, make_signature
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from swarm_agents.commit.signature.report_files import Stamps
    from swarm_agents.config.config import NamingConfig


def name_failures(output: str, root: Path, naming: NamingConfig, before: Stamps) -> Signature:
    """The signature of a failed run in `root`. `before` are the stamps of the reports that lay there when it began."""
    reported = read_reports(list_written(root, naming.report, before)) if naming.report else []
    if reported:
        return make_from_failures(reported)
    return make_signature(output, {str(root), str(root.resolve())}, naming.patterns)
