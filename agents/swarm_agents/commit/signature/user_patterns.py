"""Finds what the patterns of swarm.toml name, in a process of its own with a limit on its time and memory.

The time of a regular expression may double with each character of the text, and nothing within a process can stop it.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from swarm_agents.commit.signature.tools import Failure, ToolPatterns, find_failures
from swarm_agents.system import subprocesses
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROCESSOR_S = 2  # of the processor, so that a loaded machine is no reason to stop
_LIMIT_S = 30.0  # of the clock
_MEMORY_BYTES = 1 << 30
_MOST_FAILURES = 500
_ANSWER_BYTES = 8_000_000
_SOURCES = str(Path(__file__).parents[3])
_PROGRAM = f"import sys; sys.path.insert(0, {_SOURCES!r}); from {__name__} import answer; answer()"


def find_failures_apart(patterns: Iterable[str], text: str) -> list[Failure] | None:
    """The failures that these patterns name in the text; None when they took too much time or memory."""
    request = json.dumps([[*patterns], text]).encode()
    words = [sys.executable, "-I", "-c", _PROGRAM]  # isolated: no module of the working tree is loaded
    ended = subprocesses.run_with_limit(_LIMIT_S, words, Path("/"), request=request, kept=_ANSWER_BYTES)
    return [Failure(*one) for one in json.loads(ended.output)] if ended.code == 0 else None


def answer() -> None:
    """What the process does: reads patterns and text, and writes the failures."""
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_S, _PROCESSOR_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    patterns, text = json.load(sys.stdin)
    found = find_failures([ToolPatterns("swarm.toml", tuple(patterns))], text)
    json.dump([[one.id, one.kind] for one in found[:_MOST_FAILURES]], sys.stdout)
