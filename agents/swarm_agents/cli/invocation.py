"""One invocation of `swarm`: who calls, where, and what a verb may ask of that.

Apart from `call`, which reads words: git waits for the gate's answer, and argparse takes a tenth of its time.
"""

import contextlib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from swarm_agents import place
from swarm_agents.cli.output import talk
from swarm_agents.config.config import Config
from swarm_agents.db.database import Database
from swarm_agents.errors import Denied, NotFound, SwarmError, Usage
from swarm_agents.model import HUMAN, Rules
from swarm_agents.text import RESERVED_NAMES, checked_name

if TYPE_CHECKING:
    from argparse import Namespace

_HOW_TO_SAY_WHO = (
    "Say who you are: --as NAME, or SWARM_AGENT=NAME in the environment, or join from your tmux pane with "
    "'swarm agent join NAME'."
)


class Call:
    """What the verbs share. Opens the database when it is first asked for, and closes it with `close`."""

    pane_limit_s = 5.0
    """How long tmux may take to say whose pane this is; a healthy one answers in milliseconds."""

    def __init__(self, arguments: "Namespace", as_name: str | None, as_json: bool) -> None:
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
    def rules(self) -> Rules:
        return self.config.rules

    @property
    def db(self) -> Database:
        if self._database is None:
            self._database = Database(self.place.database)
        return self._database

    @property
    def looked(self) -> bool:
        """Whether the verb had to do with the database at all."""
        return self._database is not None

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    @property
    def root(self) -> Path:
        """The working tree we are in. `Usage` outside of one."""
        if self.place.root is None:
            raise Usage("Run this inside the repository's working tree.")
        return self.place.root

    @functools.cached_property
    def identity(self) -> str | None:
        """The name the caller goes by: --as, else SWARM_AGENT, else the pane's @swarm_agent; None when nobody said."""
        said = os.environ.get("SWARM_AGENT") or None if self.as_name is None else self.as_name
        if said is None and os.environ.get("TMUX_PANE"):
            from swarm_agents import panes

            said = panes.find_own_agent(self.pane_limit_s)
        if said is None or said == HUMAN:
            return said
        name = checked_name(said)
        if name in RESERVED_NAMES:
            raise Usage(f"Nobody goes by the name {name}. {_HOW_TO_SAY_WHO}")
        return name

    def actor(self) -> str:
        """Who acts, for a verb that acts in somebody's name. An agent shows life by it.

        Raises `Usage` without an identity, `NotFound` when that agent has not joined.
        """
        if self.identity is None:
            raise Usage(_HOW_TO_SAY_WHO)
        if self.identity != HUMAN:
            self._show_life(self.identity)
        return self.identity

    def anyone(self) -> str:
        """Who acts, for a verb that is the human's unless an agent calls it."""
        return self.actor() if self.identity is not None else HUMAN

    def human(self) -> None:
        """Refuse an agent: `Denied`."""
        if self.identity not in (None, HUMAN):
            raise Denied(f"Only a human may do that; you are {self.identity}. 'swarm build escalate' asks one.")

    def glance(self) -> None:
        """A verb that only reads: an agent that calls it shows life, and a lease that ran out is ended.

        Nothing is refused for lack of either.
        """
        from swarm_agents.build import build  # see `_show_life`

        db = self.db
        try:
            if self.identity not in (None, HUMAN):
                with contextlib.suppress(NotFound):
                    self._show_life(self.identity)
            build.reap(db)
        except SwarmError as error:
            talk(f"that you looked could not be written down: {error.message}")

    def _show_life(self, agent: str) -> None:
        from swarm_agents import heartbeat  # loads the whole build, which the gate's hooks do without

        heartbeat.show(self.db, agent)

    def me(self, command: str) -> str:
        """A command for this caller to run: says who it is, when it had to be said on the command line."""
        return f"{command} --as {self.as_name}" if self.as_name else command
