"""The files in which a coding agent is told of the swarm, as values: `hosts/FOLDER/setup.py` lists its own.

What puts them in place and takes them out again is `host_setup/`.
"""

from __future__ import annotations

import os

from swarm_agents.values import TYPE_CHECKING, NamedTuple, StrEnum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol, TypeAlias
else:
    Protocol = object

GUIDE_NAMES = ("fix-build", "swarm")


class Scope(StrEnum):
    """For whom a coding agent is set up."""

    PROJECT = "project"
    """For all who work in this repository: files that can be committed."""
    USER = "user"
    """For this user in all repositories."""


class HookTable(NamedTuple):
    """Hooks in a file of JSON or TOML: under `hooks`, for each event a list of groups, as the host has them."""

    path: str
    host: str
    """As in `swarm hook NAME`, by which our entries are known."""
    groups: Mapping[str, Sequence[Mapping[str, Any]]]
    """Empty: nothing of ours belongs into this file."""


class RulesBlock(NamedTuple):
    """The block between markers in a file of rules that people write for their agents."""

    path: str


class SkillFile(NamedTuple):
    """One skill in the form of agentskills.io."""

    path: str
    skill: str
    allows_swarm: bool
    """The host knows `allowed-tools`: while the skill is read, `swarm` runs without a question."""


class ScriptFile(NamedTuple):
    """A program of ours that the host loads, such as a plugin."""

    path: str
    text: str
    comment: str
    """How a comment begins in its language."""


class SettingLines(NamedTuple):
    """Lines of our own in a file of YAML: settings at the top, and items of lists at the top."""

    path: str
    settings: Mapping[str, str]
    items: Mapping[str, str]


SetupFile: TypeAlias = "HookTable | RulesBlock | SkillFile | ScriptFile | SettingLines"


class HostSetup(Protocol):
    """What the module `hosts/FOLDER/setup.py` has."""

    NAME: str
    """As in `swarm setup NAME`."""
    TITLE: str
    PROGRAM: str
    """The command that starts it."""

    def find_config_folder(self, home: str) -> str:
        """Its own folder below the user's home: where it exists, the host has been used here."""

    def list_files(self, scope: Scope, root: str, home: str) -> list[SetupFile]:
        """What belongs into which files; `root` is empty for the user's own."""

    def list_human_steps(self, scope: Scope, root: str, home: str) -> list[str]:
        """What only a human can do after that, a sentence each."""


def list_skills(folder: str, allows_swarm: bool = False) -> list[SetupFile]:
    """All skills, in this folder of skills."""
    return [SkillFile(os.path.join(folder, name, "SKILL.md"), name, allows_swarm) for name in GUIDE_NAMES]


def make_hooks(
    host: str, events: Mapping[str, tuple[str, int]], extra: Mapping[str, str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """One group for each event, from its matcher (empty for none) and its timeout in the host's own unit."""
    made = {}
    for event, (matcher, timeout) in events.items():
        handler = {**(extra or {}), "type": "command", "command": f"swarm hook {host}", "timeout": timeout}
        made[event] = [{**({"matcher": matcher} if matcher else {}), "hooks": [handler]}]
    return made
