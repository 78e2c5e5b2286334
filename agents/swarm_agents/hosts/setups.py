"""Finds what can be set up: each folder beside this file with a `setup.py` is one."""

from __future__ import annotations

import os

from swarm_agents.errors import NotFound
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import cast

    from swarm_agents.hosts.setup_files import HostSetup
else:

    def cast(_: object, value: object) -> object:
        return value


def load_all_setups() -> dict[str, HostSetup]:
    """Every host that can be set up, by its name."""
    here = os.path.dirname(os.path.abspath(__file__))
    folders = sorted(name for name in os.listdir(here) if os.path.isfile(os.path.join(here, name, "setup.py")))
    found = [__import__(f"swarm_agents.hosts.{folder}.setup", fromlist=["NAME"]) for folder in folders]
    return {one.NAME: cast("HostSetup", one) for one in found}


def load_setup(name: str) -> HostSetup:
    """The host of this name. Raises `NotFound`."""
    known = load_all_setups()
    if name not in known:
        raise NotFound(f"There is no host '{one_line(name, 40)}'. Known are {', '.join(sorted(known))}.")
    return known[name]
