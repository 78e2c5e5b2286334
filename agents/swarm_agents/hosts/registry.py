"""Finds the hosts: each folder beside this file with a `host.py` is one."""

from __future__ import annotations

import os

from swarm_agents.errors import UsageError
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from swarm_agents.hosts.host import Host


def load_host(name: str) -> Host:
    """The host of this name. Raises `UsageError`, which names those that there are."""
    # Mostly the folder's name or its beginning says which one it is, and only that one is loaded.
    folders = sorted(list_folders(), key=lambda folder: not folder.startswith(name.replace("-", "_")))
    for folder in folders:
        host = _load(folder)
        if host.name == name:
            return host
    known = ", ".join(sorted(host.name for host in list_hosts()))
    raise UsageError(f"There is no host '{one_line(name, 40)}'. Known are {known}.")


def list_hosts() -> list[Host]:
    """Every host, by name."""
    return sorted((_load(folder) for folder in list_folders()), key=lambda host: host.name)


def list_folders() -> list[str]:
    """The folders of hosts, by name."""
    here = os.path.dirname(os.path.abspath(__file__))
    found = os.listdir(here)
    return sorted(name for name in found if os.path.isfile(os.path.join(here, name, "host.py")))


def find_folder(host: Host) -> str:
    """The path of the host's folder."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), host.profile.replace("-", "_"))


def _load(folder: str) -> Host:
    module = __import__(f"swarm_agents.hosts.{folder}.host", fromlist=["HOST"])
    host: Host = module.HOST
    return host
