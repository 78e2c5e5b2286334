"""The phase of a run that the caller works in, from `SWARM_RUN` and `SWARM_PHASE`, and `--all-phases`."""

from __future__ import annotations

import os

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.parsing import Parser
from swarm_agents.errors import NotFound, UsageError
from swarm_agents.late import load_late
from swarm_agents.model import HUMAN
from swarm_agents.text import checked_name
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents import phases
else:
    phases = load_late("swarm_agents.phases")


def add_all_phases_option(of: Parser) -> None:
    of.add_argument("--all-phases", action="store_true", help="also the messages of other phases of the run")


def find_phase(call: Call) -> str | None:
    """The id of the newest attempt of the caller's phase; None for the human and outside of a run.

    Raises `UsageError` and `NotFound` when the environment names no run, or a phase that it does not have.
    """
    run, name = os.environ.get("SWARM_RUN"), os.environ.get("SWARM_PHASE") or None
    if call.identity in (None, HUMAN) or not (run or name):
        return None
    if not run:
        raise UsageError("SWARM_PHASE is set but SWARM_RUN is not: a phase belongs to a run. Set both or neither.")
    checked_name(run, "name of a run (SWARM_RUN)")
    if name is not None:
        checked_name(name, "name of a phase (SWARM_PHASE)")
    try:
        return phases.read_newest(call.db, run, name).id
    except NotFound as error:
        variables = "SWARM_RUN and SWARM_PHASE name" if name else "SWARM_RUN names"
        raise NotFound(f"{error.message} {variables} it: correct or unset them.") from None


def find_reading_phase(call: Call) -> str | None:
    """The phase to which the caller's reading is limited; None for no limit."""
    return None if call.arguments.all_phases else find_phase(call)
