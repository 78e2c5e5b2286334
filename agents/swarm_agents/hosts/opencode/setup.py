"""Where opencode is told of the swarm: a plugin, skills in `.agents`, and a block in AGENTS.md."""

from __future__ import annotations

import os

from swarm_agents.hosts.setup_files import RulesBlock, Scope, ScriptFile, SetupFile, list_skills

NAME = "opencode"
TITLE = "opencode"
PROGRAM = "opencode"


def find_config_folder(home: str) -> str:
    return os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "opencode")


def list_files(scope: Scope, root: str, home: str) -> list[SetupFile]:
    folder = find_config_folder(home) if scope is Scope.USER else os.path.join(root, ".opencode")
    skills = list_skills(os.path.join(home if scope is Scope.USER else root, ".agents", "skills"))
    rules: list[SetupFile] = [] if scope is Scope.USER else [RulesBlock(os.path.join(root, "AGENTS.md"))]
    return [ScriptFile(os.path.join(folder, "plugins", "swarm.js"), _read_plugin(), "//"), *skills, *rules]


def list_human_steps(scope: Scope, root: str, home: str) -> list[str]:
    return ["Restart opencode where it runs: it loads plugins and skills at its start."]


def _read_plugin() -> str:
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "swarm.js"), encoding="utf-8") as file:
        return file.read()
