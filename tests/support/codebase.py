"""Writes the rooms of docs/codebase.md from the docstrings of the code, so that the map cannot differ from the land.

Run it as `python -m tests.support.codebase` after a file was added, moved, or says something else about itself. What
stands above the mark in that page is written by hand.
"""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "codebase.md"

_MARK = "<!-- Below this line"
_TEST_TITLES = {
    "tests": "Tests of the whole",
    "tests/unit": "Tests of parts: only time and panes are not real",
    "tests/flows": "Tests of flows: everything is real",
    "tests/tui": "Tests of the screen",
    "tests/bench": "Benches, run by hand",
    "tests/support": "What the tests share",
}
_DATA = {".sql", ".toml"}


def page() -> str:
    """What docs/codebase.md has to be."""
    by_hand, mark, rest = PAGE.read_text(encoding="utf-8").partition(_MARK)
    head = by_hand + mark + rest.partition("\n")[0]
    return "\n".join([head, "", *(_part(folder) for folder in _in_order())])


def folders() -> set[str]:
    """Every folder that has source files."""
    found = {path.parent for top in ("agents", "swarm_tui", "tests") for path in (ROOT / top).rglob("*.py")}
    return {folder.relative_to(ROOT).as_posix() for folder in found if "__pycache__" not in folder.parts}


def _in_order() -> list[str]:
    """The screen, the engine's rooms from the top layer down, the tests; a folder before the folders in it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = " | ".join(next(one["layers"] for one in contracts if one.get("containers") == ["swarm_agents"]))
    rooms = [room.strip() for room in layers.split("|")]

    def place(folder: str) -> tuple[int, int, str]:
        if folder.startswith("tests"):
            return 2, 0, folder
        if folder.startswith("swarm_tui"):
            return 0, 0, folder
        room = folder.removeprefix("agents/swarm_agents").strip("/").split("/")[0]
        return 1, rooms.index(room) if room else -1, folder

    return sorted(folders(), key=place)


def _part(folder: str) -> str:
    lines = [f"* `{path.relative_to(ROOT / folder).as_posix()}` {_first_sentence(path)}" for path in _files(folder)]
    about = _about(folder)
    return "\n".join([f"## {_title(folder)}: `{folder}/`", "", *([about, ""] if about else []), *lines, ""])


def _about(folder: str) -> str:
    """What a room's docstring says after its first sentence: what it owns and what it may use."""
    init = ROOT / folder / "__init__.py"
    if not init.exists():
        return ""
    _, _, rest = (ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or "").partition("\n\n")
    return rest


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
