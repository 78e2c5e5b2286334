"""Writes docs/codebase.md from the first sentence of every file, so that the map cannot differ from the land.

Run it as `python -m tests.support.codebase` after a file was added, moved, or says something else about itself.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "codebase.md"

_PARTS = {
    "agents/swarm_agents": "The engine: what the swarm can do",
    "agents/swarm_agents/db": "The only code that opens a database",
    "agents/swarm_agents/courier": "Deliveries into panes",
    "agents/swarm_agents/panes": "The only code that talks to tmux",
    "agents/swarm_agents/profiles": "How agents' screens look, as data",
    "agents/swarm_agents/task_templates": "Plans for a feature, as data",
    "agents/swarm_agents/cli": "The agents' command, `swarm`",
    "agents/swarm_agents/demo": "`swarm demo`",
    "swarm_tui": "The human's screen, `swarm-tui`",
    "swarm_tui/screens": "Screens",
    "swarm_tui/dialogs": "Dialogs",
    "swarm_tui/widgets": "Widgets",
    "tests": "Tests: the whole",
    "tests/unit": "Tests: parts, where only time and panes are not real",
    "tests/flows": "Tests: flows, where everything is real",
    "tests/tui": "Tests: the screen",
    "tests/bench": "Benches, run by hand",
    "tests/support": "What the tests share",
}

_HEAD = """\
# The code, file by file

Made by `python -m tests.support.codebase` from the first sentence of each file: change it there.

Arrows only point down (`tests/test_architecture.py` keeps them):

```
        human                                 coding agent
     swarm_tui ───────────────┐          swarm (swarm_agents.cli, demo)
                              └──────┬──────────┘
        build · waiting · escalations · messages · roster · tasks · locks · commit · verdict · courier
                      panes (tmux) · git · db (SQLite)
                              text · errors · model
```

`agents/` is a source root and no package: `import agents` belongs to another distribution.
"""


def page() -> str:
    """What docs/codebase.md has to be."""
    return "\n".join([_HEAD, *(_part(folder, title) for folder, title in _PARTS.items())])


def folders() -> set[str]:
    """Every folder that has source files."""
    found = {path.parent for top in ("agents", "swarm_tui", "tests") for path in (ROOT / top).rglob("*.py")}
    return {folder.relative_to(ROOT).as_posix() for folder in found if "__pycache__" not in folder.parts}


def _part(folder: str, title: str) -> str:
    files = sorted(path for path in (ROOT / folder).iterdir() if path.suffix in {".py", ".sql", ".toml", ".tcss"})
    lines = [f"* `{path.name}` {_first_sentence(path)}" for path in files]
    return "\n".join([f"## {title}: `{folder}/`", "", *lines, ""])


def _first_sentence(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".tcss":
        return "How it looks."
    if path.suffix in {".sql", ".toml"}:
        return text.split("\n", 1)[0].lstrip("#- ")
    said = " ".join((ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].split())
    first, stop, _ = said.partition(". ")
    return first + stop.strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
