"""Writes the hooks of the plugin folder from `hosts/`, so that they are what `swarm setup` installs.

Run it as `python -m tests.support.plugin_hooks` after the hooks of a host have changed.
"""

import json
from pathlib import Path

from swarm_agents import host_setup
from swarm_agents.hosts import setups
from swarm_agents.hosts.setup_files import HookTable, Scope

PLUGIN = Path(host_setup.__path__[0]) / "plugin"
FILES = {"claude": PLUGIN / "hooks" / "hooks.json", "codex": PLUGIN / "hooks" / "codex.json"}


def hooks_text(host: str) -> str:
    files = setups.load_setup(host).list_files(Scope.PROJECT, "/", "/")
    [groups] = [file.groups for file in files if isinstance(file, HookTable) and file.groups]
    return json.dumps({"hooks": groups}, indent=2) + "\n"


if __name__ == "__main__":
    for name, path in FILES.items():
        path.write_text(hooks_text(name), encoding="utf-8")
