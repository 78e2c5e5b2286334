"""Runs git for an answer: arguments in, output out, with a time limit and an environment that changes nothing."""

import os
import subprocess
from pathlib import Path

from swarm_agents.errors import Unavailable

MISSING = "git is not installed, or not on the PATH."
_ANSWER_LIMIT_S = 30  # for questions; a repository of a million files answers `git diff` in seconds


def ask(arguments: list[str], where: Path, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=where,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"} | (extra or {}),
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        raise Unavailable(MISSING) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"'git {arguments[0]}' did not answer within {_ANSWER_LIMIT_S} s.") from None


def must(arguments: list[str], where: Path) -> str:
    done = ask(arguments, where)
    if done.returncode != 0:
        raise Unavailable(f"'git {' '.join(arguments)}' failed: {done.stderr.strip()}")
    return done.stdout.removesuffix("\n")


def lines(said: str) -> list[str]:
    """Not `splitlines`: names of files and people, and subjects, hold other ends of lines, as U+2028."""
    return [line for line in said.split("\n") if line]
