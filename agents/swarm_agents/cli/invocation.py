"""One invocation of `swarm`: its arguments, the caller, the repository, the configuration and the database."""

from __future__ import annotations

import contextlib
import functools
import os

from swarm_agents import place
from swarm_agents.cli.output import talk
from swarm_agents.db.database import Database
from swarm_agents.errors import Denied, NotFound, SwarmError, UsageError
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN, BuildRules
from swarm_agents.text import RESERVED_NAMES, checked_name
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from swarm_agents import heartbeat
    from swarm_agents.build import due, expiry
    from swarm_agents.cli.output import Answer
    from swarm_agents.config.config import Config
else:
    heartbeat = load_late("swarm_agents.heartbeat")
    expiry = load_late("swarm_agents.build.expiry")
    due = load_late("swarm_agents.build.due")

_HOW_TO_SAY_WHO = (
    "Say who you are: --as NAME, or SWARM_AGENT=NAME in the environment, or join from your tmux pane with "
    "'swarm agent join NAME'."
)


class Arguments:
    """What a line says: an attribute for each argument, and `run` for the verb."""

    run: Callable[[Call], Answer]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class Call:
    """What every verb gets. Opens the database on first use; `close` closes it."""

    pane_limit_s = 5.0
    """How long tmux may take to tell whose pane this is; a healthy server answers in milliseconds."""

    def __init__(self, arguments: Arguments, as_name: str | None, as_json: bool) -> None:
        self.arguments = arguments
        self.as_name = as_name
        self.as_json = as_json
        self._database: Database | None = None

    @functools.cached_property
    def place(self) -> place.Place:
        return place.find()

    @functools.cached_property
    def config(self) -> Config:
        return self.place.config()

    @property
    def rules(self) -> BuildRules:
        return self.config.rules

    @property
    def db(self) -> Database:
        if self._database is None:
            self._database = Database(self.place.database)
        return self._database

    @property
    def used_database(self) -> bool:
        """Whether the verb used the database."""
        return self._database is not None

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    @property
    def root(self) -> Path:
        """The working tree of the caller. Raises `UsageError` outside of one, `Unavailable` where it was removed."""
        if self.place.root is None:
            place.find_working_folder()
            raise UsageError("Run this inside the repository's working tree.")

        from pathlib import Path  # takes longer than a verb without it

        return Path(self.place.root)

    @functools.cached_property
    def identity(self) -> str | None:
        """The caller's name: --as, else SWARM_AGENT, else the pane's @swarm_agent, else None. Raises `UsageError`."""
        given = os.environ.get("SWARM_AGENT") or None if self.as_name is None else self.as_name
        if given is None and os.environ.get("TMUX_PANE"):
            from swarm_agents.panes import address  # needed only without --as and SWARM_AGENT

            given = address.find_own_agent(self.pane_limit_s)
        if given is None or given == HUMAN:
            return given
        name = checked_name(given)
        if name in RESERVED_NAMES:
            raise UsageError(f"{name} is a reserved name. {_HOW_TO_SAY_WHO}")
        return name

    def require_actor(self) -> str:
        """The caller's name, for a verb that acts for an agent or the human. Records an agent's heartbeat.

        Raises `UsageError` without an identity, `NotFound` when that agent has not joined.
        """
        if self.identity is None:
            raise UsageError(_HOW_TO_SAY_WHO)
        if self.identity != HUMAN:
            heartbeat.record(self.db, self.identity)
        return self.identity

    def actor_or_human(self) -> str:
        """The caller's name; without an identity, the human."""
        return self.require_actor() if self.identity is not None else HUMAN

    def require_human(self) -> None:
        """Raise `Denied` when the caller is an agent."""
        if self.identity not in (None, HUMAN):
            raise Denied(f"Only a human may do that; you are {self.identity}. 'swarm build escalate' asks one.")

    def record_read(self) -> None:
        """For a verb that only reads: record an agent's heartbeat, and end a lease that has run out.

        An error is printed, and the verb continues.
        """
        db = self.db
        try:
            if self.identity not in (None, HUMAN):
                with contextlib.suppress(NotFound):
                    heartbeat.record(self.db, self.identity)
            if due.is_expiry_due(db):
                expiry.reap(db)
        except SwarmError as error:
            talk(f"could not record your heartbeat: {error.message}")

    def add_identity(self, command: str) -> str:
        """The command for this caller to run next, with --as NAME if the caller used it."""
        return f"{command} --as {self.as_name}" if self.as_name else command
