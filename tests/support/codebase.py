"""Writes docs/codebase.md from the first sentence of every file, so that the map cannot differ from the land.

Run it as `python -m tests.support.codebase` after a file was added, moved, or says something else about itself.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "codebase.md"

_SOURCES = ("agents/swarm_agents", "swarm_tui")
_TEST_TITLES = {
    "tests": "Tests: the whole",
    "tests/unit": "Tests: parts, where only time and panes are not real",
    "tests/flows": "Tests: flows, where everything is real",
    "tests/tui": "Tests: the screen",
    "tests/bench": "Benches, run by hand",
    "tests/support": "What the tests share",
}
_DATA = {".sql", ".toml"}

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
    return "\n".join([_HEAD, *(_part(folder) for folder in _in_order())])


def folders() -> set[str]:
    """Every folder that has source files."""
    found = {path.parent for top in ("agents", "swarm_tui", "tests") for path in (ROOT / top).rglob("*.py")}
    return {folder.relative_to(ROOT).as_posix() for folder in found if "__pycache__" not in folder.parts}


def _in_order() -> list[str]:
    """Sources first, then tests; a folder before the folders in it."""
    return sorted(folders(), key=lambda folder: (folder.startswith("tests"), folder))


def _part(folder: str) -> str:
    lines = [f"* `{path.relative_to(ROOT / folder).as_posix()}` {_first_sentence(path)}" for path in _files(folder)]
    return "\n".join([f"## {_title(folder)}: `{folder}/`", "", *lines, ""])


def _files(folder: str) -> list[Path]:
    """The folder's own files, and data files in folders below it that hold no code."""
    here = ROOT / folder
    own = [path for path in here.iterdir() if path.suffix in {".py", ".tcss", *_DATA} and path.name != "__init__.py"]
    below = [path for path in here.glob("*/*") if path.suffix in _DATA and not any(path.parent.glob("*.py"))]
    return sorted(own + below)


def _title(folder: str) -> str:
    if folder in _TEST_TITLES:
        return _TEST_TITLES[folder]
    if folder.startswith("tests/"):
        kind, room = folder.removeprefix("tests/").split("/", 1)
        return f"Tests ({kind}) of {room}"
    return _first_sentence(ROOT / folder / "__init__.py").rstrip(".")


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
