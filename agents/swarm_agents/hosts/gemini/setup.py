"""Where Gemini CLI is told of the swarm: hooks in its settings, skills in `.agents`, and a block in GEMINI.md."""

from __future__ import annotations

import os

from swarm_agents.hosts.setup_files import HookTable, RulesBlock, Scope, SetupFile, list_skills, make_hooks

NAME = "gemini"
TITLE = "Gemini CLI"
PROGRAM = "gemini"

_TOOLS = "run_shell_command|replace|write_file"
# The matcher of a tool, and milliseconds.
_EVENTS = {
    "SessionStart": ("", 10_000),
    "BeforeAgent": ("", 5_000),
    "BeforeTool": (_TOOLS, 5_000),
    "AfterTool": (_TOOLS, 5_000),
    "AfterAgent": ("", 10_000),
    "Notification": ("", 5_000),
    "SessionEnd": ("", 3_000),
}


def find_config_folder(home: str) -> str:
    return os.path.join(home, ".gemini")


def list_files(scope: Scope, root: str, home: str) -> list[SetupFile]:
    base = home if scope is Scope.USER else root
    hooks = HookTable(
        os.path.join(base, ".gemini", "settings.json"), NAME, make_hooks(NAME, _EVENTS, {"name": "swarm"})
    )
    rules: list[SetupFile] = [] if scope is Scope.USER else [RulesBlock(os.path.join(root, "GEMINI.md"))]
    return [hooks, *list_skills(os.path.join(base, ".agents", "skills")), *rules]


def list_human_steps(scope: Scope, root: str, home: str) -> list[str]:
    steps = ["Restart Gemini CLI where it runs: it reads hooks and skills at its start. '/hooks panel' lists them."]
    if scope is Scope.PROJECT:
        steps.insert(
            0, "Start 'gemini' here once, trust this folder, and accept its warning about new hooks of the project."
        )
    return steps
