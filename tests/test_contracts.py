"""The contracts of pyproject.toml: each of them fails when an import breaks it, wherever in a file that stands."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
]

# Per contract: a file, and the lines that break it there.
BROKEN_BY = {
    "Arrows between the rooms of the engine only point down": (
        "agents/swarm_agents/git/refs.py",
        "def late():\n    from swarm_agents.build import build\n    return build",
    ),
    "Arrows on the screen only point down": (
        "swarm_tui/dialogs/help.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from swarm_tui.app import SwarmApp",
    ),
    "No circle between the files of a room, nor between rooms": (
        "agents/swarm_agents/build/row.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from swarm_agents.build import build",
    ),
    "Only db/ opens a database": (
        "agents/swarm_agents/roster.py",
        "def late():\n    import sqlite3\n    return sqlite3",
    ),
    "Nothing outside db/ knows which database runs": (
        "agents/swarm_agents/messages/search.py",
        "from swarm_agents.db.sqlite import connection",
    ),
    "A human's orders about the build go through views/": (
        "agents/swarm_agents/cli/build.py",
        "from swarm_agents.build import human_acts",
    ),
    "Only panes/ uses libtmux": ("agents/swarm_agents/courier/courier.py", "from libtmux import Server"),
    "Only watch/ watches files": (
        "agents/swarm_agents/views/snapshot_feed.py",
        "def late():\n    from watchfiles import watch\n    return watch",
    ),
    "Only the formats of lists of tasks and aider's settings load parsers of Markdown and YAML": (
        "agents/swarm_agents/tasks/task_file.py",
        "def late():\n    import yaml\n    return yaml",
    ),
    "Only what reads reports uses junitparser": (
        "agents/swarm_agents/commit/refusal.py",
        "def late():\n    import junitparser\n    return junitparser",
    ),
    "Only the MCP server uses the MCP SDK": (
        "agents/swarm_agents/cli/mcp.py",
        "def late():\n    import mcp.server\n    return mcp",
    ),
    "Only the screen uses Textual": ("agents/swarm_agents/cli/status.py", "import textual.app"),
    "The engine knows no screen": ("agents/swarm_agents/demo/server.py", "import swarm_tui.settings"),
    "The bottom imports nothing of ours": ("agents/swarm_agents/model.py", "from swarm_agents import errors"),
    "A widget opens no database": (
        "swarm_tui/widgets/build_banner.py",
        "from swarm_agents.db.database import Database",
    ),
}


def test_every_contract_has_an_import_that_breaks_it() -> None:
    assert sorted(BROKEN_BY) == sorted(CONTRACTS)


def test_the_code_keeps_every_contract(tmp_path: Path) -> None:
    assert broken_contracts(copy_of_sources(tmp_path)) == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_is_broken_by_an_import_that_it_forbids(contract: str, tmp_path: Path) -> None:
    path, lines = BROKEN_BY[contract]
    sources = copy_of_sources(tmp_path)
    broken = sources / path
    broken.write_text(f"{broken.read_text(encoding='utf-8')}\n\n{lines}\n", encoding="utf-8")

    assert contract in broken_contracts(sources)


def copy_of_sources(folder: Path) -> Path:
    """The two packages and their contracts, to be changed."""
    unneeded = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "agents" / "swarm_agents", folder / "agents" / "swarm_agents", ignore=unneeded)
    shutil.copytree(ROOT / "swarm_tui", folder / "swarm_tui", ignore=unneeded)
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def broken_contracts(sources: Path) -> list[str]:
    """The names of the contracts that these sources break, as `lint-imports` says them."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=sources,
        env={
            **os.environ,
            "PYTHONPATH": f"{sources / 'agents'}{os.pathsep}{sources}",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    assert "Contracts:" in run.stdout, run.stdout + run.stderr
    return [contract for contract in CONTRACTS if f"{contract} BROKEN" in run.stdout]
