"""Runs git and returns its output: within a time limit, without optional locks, with messages in English."""

from __future__ import annotations

import os
import subprocess

from swarm_agents.errors import Unavailable
from swarm_agents.text import one_line
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

Folder: TypeAlias = "str | os.PathLike[str]"

GIT_MISSING = "git is not installed, or not on the PATH."
_LIMIT_S = 30  # a repository of a million files answers `git diff` in seconds


def run_git(
    arguments: list[str],
    where: Folder,
    extra_environment: dict[str, str] | None = None,
    *,
    request: str | None = None,
    limit_s: float = _LIMIT_S,
) -> subprocess.CompletedProcess[str]:
    """Run `git` in this folder, with `request` on its standard input; the caller reads its exit status.

    Raises `Unavailable` without git or after `limit_s`.
    """
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=where,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"} | (extra_environment or {}),
            stdin=subprocess.DEVNULL if request is None else None,
            input=request,
            timeout=limit_s,
            check=False,
        )
    except FileNotFoundError as error:
        if error.filename == where:
            raise Unavailable(f"The folder {one_line(os.fspath(where), 200)} does not exist any more.") from None
        raise Unavailable(GIT_MISSING) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"'git {arguments[0]}' did not answer within {limit_s} s.") from None


def run_git_or_raise(arguments: list[str], where: Folder) -> str:
    """Run `git` and return what it printed, without the last newline. Raises `Unavailable` when it fails."""
    done = run_git(arguments, where)
    if done.returncode != 0:
        raise Unavailable(f"'git {' '.join(arguments)}' failed: {done.stderr.strip()}")
    return done.stdout.removesuffix("\n")


def split_lines(output: str) -> list[str]:
    """The lines that hold something. Not `str.splitlines`: names and subjects may contain U+2028 and its like."""
    return [line for line in output.split("\n") if line]
