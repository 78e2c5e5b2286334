"""The programs that the swarm runs on: Python, git, tmux, SQLite."""

from __future__ import annotations

import platform
import re
import shutil

from swarm_agents.db import integrity
from swarm_agents.doctor.findings import Finding, error, note, ok, warning
from swarm_agents.errors import Unavailable
from swarm_agents.git import repository

_OLDEST_GIT = (2, 31)  # the first with `rev-parse --path-format`
_SAFE_SQLITE = (3, 51, 3)  # sqlite.org/wal.html#walresetbug
_INSTALLERS = (("apt-get", "sudo apt-get install"), ("dnf", "sudo dnf install"), ("brew", "brew install"))


def examine_python() -> list[Finding]:
    swarm = shutil.which("swarm")
    python = f"Python {platform.python_version()}"
    if swarm is None:
        text = f"{python}, but 'swarm' is not on the PATH: agents cannot call it, and the gate lets everything pass"
        return [error("python", text, "uv tool install swarm-tui")]
    return [ok("python", f"{python}, {swarm}")]


def examine_git() -> list[Finding]:
    try:
        version = repository.read_version().removeprefix("git version ")
    except Unavailable as missing:
        return [error("git", missing.message, _name_install_command("git"))]
    found = re.match(r"([0-9]+)\.([0-9]+)", version)
    if found and (int(found[1]), int(found[2])) < _OLDEST_GIT:
        text = f"git {version} is too old: 2.31 is the oldest that tells where its folders are"
        return [error("git", text, _name_install_command("git"))]
    return [ok("git", f"git {version}")]


def examine_tmux() -> list[Finding]:
    if shutil.which("tmux") is None:
        text = "tmux is not installed: agents can work, but no notice reaches a pane"
        return [warning("tmux", text, _name_install_command("tmux"))]
    from swarm_agents.panes import version  # only where there is tmux

    try:
        return [ok("tmux", f"tmux {version.describe_version(version.read_version())}")]
    except Unavailable as unusable:
        return [warning("tmux", unusable.message, _name_install_command("tmux"))]


def examine_sqlite() -> list[Finding]:
    engine = integrity.read_engine_version()
    if tuple(int(part) for part in engine.split(".")) >= _SAFE_SQLITE:
        return [ok("sqlite", f"SQLite {engine}")]
    text = (
        f"SQLite {engine} can lose commits when a checkpoint meets one (fixed in 3.51.3). The swarm's own checkpoints "
        "avoid it; other programs may only read the database"
    )
    return [note("sqlite", text)]


def _name_install_command(program: str) -> str:
    return next((f"{words} {program}" for name, words in _INSTALLERS if shutil.which(name)), f"install {program}")
