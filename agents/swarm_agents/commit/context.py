"""What one `swarm commit` works with from its first try to its end."""

from __future__ import annotations

from swarm_agents.commit.arguments import CommitArguments
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from swarm_agents.build import wait as waiting


class CommitContext(NamedTuple):
    """The same for every try. `arguments` are git's, as they were typed."""

    db: Database
    root: Path
    config: Config
    agent: str
    arguments: CommitArguments
    notes_parent: Path
    """The folder for what git and its hooks note about commits under way."""
    tell_waiting: waiting.Tell
    """Called while the commit waits for green."""
    tell_turn: Callable[[int], None]
    """Called while it waits for its turn after green, with the number of agents ahead."""
    tell_second_sync: Callable[[], None]
    """Called before a sync that failed is run again, with the user's changes put aside."""
    quiet_stdout: bool
    """Standard output is kept for one JSON object."""
