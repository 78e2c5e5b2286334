"""Where Claude Code is told of the swarm: hooks in its settings, skills, and a block in CLAUDE.md."""

from __future__ import annotations

import json
import os

from swarm_agents.hosts.setup_files import HookTable, RulesBlock, Scope, SetupFile, list_skills, make_hooks

NAME = "claude"
TITLE = "Claude Code"
PROGRAM = "claude"

_EDITS = "Edit|MultiEdit|Write|NotebookEdit"
# The matcher of a tool, and seconds. SessionEnd has 1.5 s for all hooks together unless a hook asks for more.
_EVENTS = {
    "SessionStart": ("", 10),
    "UserPromptSubmit": ("", 5),
    "PreToolUse": (f"Bash|{_EDITS}", 5),
    "PostToolUse": ("Bash", 5),
    "PostToolUseFailure": ("Bash", 5),
    "PostToolBatch": ("", 5),
    "PermissionRequest": ("", 5),
    "Notification": ("", 5),
    "Stop": ("", 10),
    "StopFailure": ("", 5),
    "SessionEnd": ("", 3),
}


def find_config_folder(home: str) -> str:
    return os.environ.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude")


def list_files(scope: Scope, root: str, home: str) -> list[SetupFile]:
    folder = find_config_folder(home) if scope is Scope.USER else os.path.join(root, ".claude")
    hooks = HookTable(os.path.join(folder, "settings.json"), NAME, make_hooks(NAME, _EVENTS))
    skills = list_skills(os.path.join(folder, "skills"), allows_swarm=True)
    rules: list[SetupFile] = [] if scope is Scope.USER else [RulesBlock(os.path.join(root, "CLAUDE.md"))]
    return [hooks, *skills, *rules]


def list_human_steps(scope: Scope, root: str, home: str) -> list[str]:
    steps = [
        "Restart Claude Code where it runs: it reads skills and hooks at its start. '/hooks' lists them.",
        "If it asks before each 'swarm': add \"Bash(swarm *)\" to permissions.allow of its settings.",
    ]
    if scope is Scope.PROJECT and not _is_trusted(root, home):
        steps.insert(
            0, "Start 'claude' here once and accept the question whether you trust this folder: before, no hook runs."
        )
    return steps


def _is_trusted(root: str, home: str) -> bool:
    """Whether Claude Code itself says that its question about this folder was accepted."""
    folder = os.environ.get("CLAUDE_CONFIG_DIR") or home
    try:
        with open(os.path.join(folder, ".claude.json"), encoding="utf-8") as file:
            return json.load(file)["projects"][root]["hasTrustDialogAccepted"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False
