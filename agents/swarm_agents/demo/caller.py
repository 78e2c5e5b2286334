"""Calls `swarm` as an agent does, shows on the terminal what was said, and keeps a journal of the answers."""

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


class Exit(IntEnum):
    """The exit codes that an agent has to tell apart."""

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
class Answered:
    """What `swarm` said: its exit code is the answer, the rest explains it."""

    exit: int
    message: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """An agent's way to the swarm. Who it is comes from SWARM_AGENT, where it is from the working directory."""

    journal: Path

    def __call__(self, *words: str) -> Answered:
        began = time.time()
        said = " ".join(words)
        say(f"$ swarm {printable(said)}", BOLD)
        child = subprocess.Popen(
            ["swarm", "--json", *words],
            stdin=subprocess.DEVNULL,  # the terminal's lines are for the agent
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert child.stdout is not None and child.stderr is not None
        for line in child.stderr:
            say(f"  {printable(line.rstrip())}", DIM)
        printed = child.stdout.read()
        answered = _answered(child.wait(), printed)
        say(f"  -> {answered.exit} {printable(answered.message)}")
        self._note(began, words, answered)
        return answered

    def _note(self, began: float, words: tuple[str, ...], answered: Answered) -> None:
        line = {
            "began": began,
            "ended": time.time(),
            "words": words,
            "exit": answered.exit,
            "message": answered.message,
            "data": answered.data,
        }
        with self.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")


def say(text: str, style: str = "") -> None:
    """A line on the agent's own terminal."""
    sys.stdout.write(f"{style}{text}{PLAIN if style else ''}\n")
    sys.stdout.flush()


def _answered(code: int, printed: str) -> Answered:
    try:
        envelope = json.loads(printed)
        return Answered(code, envelope["message"], envelope["data"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return Answered(code or Exit.INTERNAL, printed.strip() or "swarm said nothing")
