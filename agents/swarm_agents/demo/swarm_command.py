"""Runs `swarm` as an agent does, prints what it prints, and keeps a journal of its answers."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from swarm_agents.text import printable

BOLD, DIM, YELLOW, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"


class ExitCode(IntEnum):
    """The exit codes that an agent has to distinguish."""

    LANDED = 0
    INTERNAL = 70
    TIMED_OUT = 75
    BUILD_BROKEN = 80
    YOU_ARE_FIXER = 81
    FENCED = 82
    ESCALATED = 84
    FILES_MODIFIED = 87
    FLAKY = 88
    TAKEN = 90
    BEHIND = 93


@dataclass(frozen=True)
class SwarmAnswer:
    """What `swarm` answered. The exit code decides, the rest explains it."""

    exit: int
    message: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SwarmCommand:
    """Runs `swarm` for an agent: its name comes from SWARM_AGENT, its repository from the working directory."""

    journal: Path

    def __call__(self, *words: str) -> SwarmAnswer:
        began = time.time()
        print_line(f"$ swarm {printable(' '.join(words))}", BOLD)
        child = subprocess.Popen(
            ["swarm", "--json", *words],
            stdin=subprocess.DEVNULL,  # lines typed into the terminal are for the agent
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert child.stdout is not None and child.stderr is not None
        for line in child.stderr:
            print_line(f"  {printable(line.rstrip())}", DIM)
        printed = child.stdout.read()
        answer = _parse_answer(child.wait(), printed)
        print_line(f"  -> {answer.exit} {printable(answer.message)}")
        self._record(began, words, answer)
        return answer

    def _record(self, began: float, words: tuple[str, ...], answer: SwarmAnswer) -> None:
        line = {
            "began": began,
            "ended": time.time(),
            "words": words,
            "exit": answer.exit,
            "message": answer.message,
            "data": answer.data,
        }
        with self.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")


def print_line(text: str, style: str = "") -> None:
    """Print a line on the agent's terminal."""
    sys.stdout.write(f"{style}{text}{PLAIN if style else ''}\n")
    sys.stdout.flush()


def _parse_answer(code: int, printed: str) -> SwarmAnswer:
    try:
        envelope = json.loads(printed)
        return SwarmAnswer(code, envelope["message"], envelope["data"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return SwarmAnswer(code or ExitCode.INTERNAL, printed.strip() or "swarm printed nothing")
