"""Where aider is told of the swarm: settings in .aider.conf.yml, and a block in CONVENTIONS.md, which it then reads.

aider has no skills, and commits with `--no-verify` unless it is told otherwise.
"""

from __future__ import annotations

import os

from swarm_agents.hosts.setup_files import RulesBlock, Scope, SettingLines, SetupFile

NAME = "aider"
TITLE = "aider"
PROGRAM = "aider"

_SETTINGS = {"git-commit-verify": "true", "notifications": "true", "notifications-command": "swarm hook aider"}
_RULES = "CONVENTIONS.md"


def find_config_folder(home: str) -> str:
    return os.path.join(home, ".aider")


def list_files(scope: Scope, root: str, home: str) -> list[SetupFile]:
    if scope is Scope.USER:
        return [SettingLines(os.path.join(home, ".aider.conf.yml"), _SETTINGS, {})]
    return [
        SettingLines(os.path.join(root, ".aider.conf.yml"), _SETTINGS, {"read": _RULES}),
        RulesBlock(os.path.join(root, _RULES)),
    ]


def list_human_steps(scope: Scope, root: str, home: str) -> list[str]:
    return [
        "Restart aider where it runs: it reads its settings at its start.",
        "Set up git too: aider's commits pass by 'swarm commit', and only the gate holds them while the build is red.",
    ]
