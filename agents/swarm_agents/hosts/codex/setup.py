"""Where Codex is told of the swarm: its hooks, skills in `.agents`, and a block in AGENTS.md.

Codex reads hooks from `hooks.json` and from `config.toml`, and asks to keep to one of them in each layer. So ours go
where the user's are.
"""

from __future__ import annotations

import os
import tomllib

from swarm_agents.hosts.setup_files import HookTable, RulesBlock, Scope, SetupFile, list_skills, make_hooks
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

NAME = "codex"
TITLE = "Codex"
PROGRAM = "codex"

# The matcher of a tool, and seconds. Codex allows 3 s at most for SessionEnd and Interrupt.
_EVENTS = {
    "SessionStart": ("", 10),
    "UserPromptSubmit": ("", 5),
    "PreToolUse": ("^(Bash|apply_patch|Edit|Write)$", 5),
    "PostToolUse": ("^(Bash|apply_patch|Edit|Write)$", 5),
    "PermissionRequest": ("", 5),
    "Stop": ("", 10),
    "Interrupt": ("", 3),
    "SessionEnd": ("", 3),
}
_RULE = 'prefix_rule(pattern=["swarm"], decision="allow", justification="the database of the swarm lies in .git")'


def find_config_folder(home: str) -> str:
    return os.environ.get("CODEX_HOME") or os.path.join(home, ".codex")


def list_files(scope: Scope, root: str, home: str) -> list[SetupFile]:
    folder = _find_folder(scope, root, home)
    in_toml = _has_hooks(_read_config(folder))
    groups = make_hooks(NAME, _EVENTS)
    files: list[SetupFile] = [
        HookTable(os.path.join(folder, "hooks.json"), NAME, {} if in_toml else groups),
        HookTable(os.path.join(folder, "config.toml"), NAME, groups if in_toml else {}),
        *list_skills(os.path.join(home if scope is Scope.USER else root, ".agents", "skills")),
    ]
    return files if scope is Scope.USER else [*files, RulesBlock(os.path.join(root, "AGENTS.md"))]


def list_human_steps(scope: Scope, root: str, home: str) -> list[str]:
    folder = _find_folder(scope, root, home)
    own = _read_config(find_config_folder(home))
    steps = [
        f"Let 'swarm' out of the sandbox, in {os.path.join(folder, 'rules', 'swarm.rules')}: {_RULE}",
        "Restart Codex where it runs: it reads hooks and skills at its start.",
    ]
    if not _are_trusted(own, os.path.realpath(folder)):
        steps.insert(
            0, "Start 'codex' and trust the swarm's hooks in '/hooks': before, Codex skips them without a word."
        )
    if scope is Scope.PROJECT and not _is_project_trusted(own, root):
        steps.insert(0, "Start 'codex' here once and trust this folder: before, Codex reads no hooks of the project.")
    off = [where for where in {folder, find_config_folder(home)} if _are_hooks_off(_read_config(where))]
    steps += [f"Set 'hooks = true' under [features] in {os.path.join(where, 'config.toml')}." for where in sorted(off)]
    return steps


def _find_folder(scope: Scope, root: str, home: str) -> str:
    return find_config_folder(home) if scope is Scope.USER else os.path.join(root, ".codex")


def _read_config(folder: str) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, "config.toml"), "rb") as file:
            return tomllib.loads(file.read().decode("utf-8-sig"))
    except (OSError, ValueError):  # what is wrong with it is told where it would be changed
        return {}


def _has_hooks(config: dict[str, Any]) -> bool:
    """Whether it has hooks of the user's; `state` is where Codex notes which hooks are trusted."""
    hooks = config.get("hooks")
    if not isinstance(hooks, dict):
        return False
    commands = [
        handler.get("command")
        for event, groups in hooks.items()
        if event != "state" and isinstance(groups, list)
        for group in groups
        if isinstance(group, dict)
        for handler in group.get("hooks", [])
        if isinstance(handler, dict)
    ]
    return any(command != f"swarm hook {NAME}" for command in commands)


def _are_trusted(own: dict[str, Any], folder: str) -> bool:
    """Whether Codex notes in its own configuration that each of our events was trusted, in any of our two files."""
    hooks = own.get("hooks")
    state = hooks.get("state") if isinstance(hooks, dict) else None
    if not isinstance(state, dict):
        return False
    keys = [key for key, entry in state.items() if isinstance(entry, dict) and "trusted_hash" in entry]
    here = [key.removeprefix(f"{folder}/").split(":") for key in keys if key.startswith(f"{folder}/")]
    trusted = {words[1] for words in here if len(words) == 4 and words[0] in ("hooks.json", "config.toml")}
    return trusted >= {"".join(f"_{c.lower()}" if c.isupper() else c for c in event).strip("_") for event in _EVENTS}


def _is_project_trusted(own: dict[str, Any], root: str) -> bool:
    projects = own.get("projects")
    entry = projects.get(root) if isinstance(projects, dict) else None
    return isinstance(entry, dict) and entry.get("trust_level") == "trusted"


def _are_hooks_off(config: dict[str, Any]) -> bool:
    features = config.get("features")
    return isinstance(features, dict) and False in (features.get("hooks"), features.get("codex_hooks"))
