"""The patterns of the tools against what the tools print: tests/support/capture.py captured it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from swarm_agents.commit.signature.signature import make_signature
from swarm_agents.commit.signature.tools import read_tools
from tests.support.capture import FOLDER

TOOLS = sorted(path.parent for path in FOLDER.glob("*/project.toml"))
HOSTILE = {
    "blank lines": "\n",
    "spaces": " ",
    "indented lines": "  \n",
    "one long word": "a",
    "brackets": "FAILED a.py::[",
    "titles without an end": "  1) a\n       b\n",
    "headings": "_____ a _____\nE   a\n",
    "failures": "FAILED a.py::b - c\nFAIL  a.ts > b\n",
    "escapes": "\x1b]8;;",
    "carriage returns": "a\r\x1b[K",
    "colons": "a:1:1: ",
    "arrows": "a => b:1 => ",
    "rules": "=" * 70 + "\nFAIL: a\n",
}


def read_outputs(tool: Path) -> list[tuple[str, str, dict[str, str]]]:
    """The name of each output of the tool, its text, and the failures that it names with the kind of error of each."""
    project = tomllib.loads((tool / "project.toml").read_text(encoding="utf-8"))
    found = []
    for path in sorted(tool.glob("*.txt")):
        head, _, text = path.read_bytes().decode().partition("\n")
        assert head.startswith(("captured from ", "written by hand ")), path
        run = project.get("runs", {}).get(re.sub(r"-(?:plain|colour)-\d+$", "", path.stem), {})
        found.append((path.stem, text, run.get("failures") or project["failures"]))
    assert found, f"no output of {tool.name}"
    return found


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_an_output_names_what_fails_and_nothing_else_in_colour_or_not_and_at_any_width(tool: Path) -> None:
    for name, text, expected in read_outputs(tool):
        assert list(make_signature(text, ["/repo"]).ids) == sorted(expected), name


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_kind_of_error_is_told_where_the_output_tells_it(tool: Path) -> None:
    told: dict[str, str] = {}
    expected: dict[str, str] = {}
    for name, text, failures in read_outputs(tool):
        found = make_signature(text, ["/repo"])
        kinds = {one: kind for one, kind in zip(found.ids, found.kinds, strict=True) if kind}
        assert kinds.items() <= failures.items(), name
        told |= kinds
        expected |= failures

    assert told == {one: kind for one, kind in expected.items() if kind}


def test_each_tool_has_a_file_of_patterns_that_its_own_output_is_read_by() -> None:
    shared = {"clang": "gcc", "ruff": "ruff-check"}  # Ruff would take a file named ruff.toml for its own
    files = {tool.name: tool for tool in read_tools()}

    assert {shared.get(tool.name, tool.name) for tool in TOOLS} == set(files)


def test_no_captured_output_holds_a_path_of_the_machine() -> None:
    strange = re.compile(r"/root/|/tmp/(?!work|gradle-home)\w|/home/(?!user)")
    outputs = [path for tool in TOOLS for path in tool.glob("*.txt")]

    assert [path.name for path in outputs if strange.search(path.read_bytes().decode())] == []


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_output_takes_the_patterns_more_than_a_few_seconds_of_the_processor(piece: str) -> None:
    code = (
        "import sys, resource; resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        "from swarm_agents.commit.signature.signature import make_signature\n"
        "print(make_signature(sys.stdin.read()).key)"
    )

    hostile = (piece * 65_536)[:65_536]
    ended = subprocess.run([sys.executable, "-c", code], input=hostile.encode(), capture_output=True, timeout=120)

    assert ended.returncode == 0, ended.stderr.decode()
