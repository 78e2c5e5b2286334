"""Prints the answer of a verb: one line and an exit code, or one JSON object. Only this file prints results."""

from __future__ import annotations

import contextlib
import sys
import time

from swarm_agents.errors import SwarmError
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

CODES = {
    0: "ok",
    1: "failed",
    3: "errors_found",
    64: "usage",
    65: "bad_data",
    66: "no_swarm",
    69: "unavailable",
    70: "internal",
    73: "cannot_write",
    75: "timed_out",
    77: "denied",
    78: "bad_config",
    80: "build_broken",
    81: "you_are_fixer",
    82: "fenced",
    83: "yours",
    84: "escalated",
    85: "not_build",
    86: "conflict",
    87: "files_modified",
    88: "flaky",
    89: "dirty_tree",
    90: "taken",
    91: "rate_limited",
    92: "not_found",
    93: "behind",
}


class Answer(NamedTuple):
    """The result of a verb. `lines` is data for standard output; without lines, the message is printed there."""

    message: str
    exit: int = 0
    data: dict[str, Any] = {}  # noqa: RUF012 - never modified
    next: str | None = None
    lines: tuple[str, ...] = ()
    afterwards: Callable[[], None] | None = None
    """Called once the answer was printed, for what must be recorded only then."""


def make_listing(lines: Iterable[str], when_empty: str, data: dict[str, Any]) -> Answer:
    """An answer of rows only; `when_empty` is its message when there are none."""
    rows = tuple(lines)
    return Answer("" if rows else when_empty, data=data, lines=rows)


def make_error_answer(error: SwarmError) -> Answer:
    return Answer(error.message, error.exit, next=error.next)


def print_answer(answer: Answer, as_json: bool, ascii_only: bool = False) -> None:
    """Print the answer: the same bytes for a pipe and a terminal. Errors go to standard error."""
    if as_json:
        import json  # costs 1 ms, which only --json needs

        sys.stdout.write(json.dumps(_envelope(answer), ensure_ascii=ascii_only) + "\n")
    elif is_error(answer):
        sys.stderr.write(f"swarm: {_with_next(answer)}\n")
    elif answer.lines or answer.message:
        sys.stdout.write("\n".join(answer.lines or (_with_next(answer),)) + "\n")
    sys.stdout.flush()


def talk(text: str) -> None:
    """Print a line on standard error: for people, never data. A closed stream is no error."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"swarm: {text}\n")
        sys.stderr.flush()


def format_iso(ms: int | None) -> str | None:
    """UTC milliseconds as ISO 8601 with milliseconds."""
    if ms is None:
        return None
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(ms // 1000))}.{ms % 1000:03d}Z"


def format_clock(ms: int | None) -> str:
    """The time of day in UTC, for a line that a person reads."""
    return "?" if ms is None else time.strftime("%H:%M:%SZ", time.gmtime(ms // 1000))


def is_error(answer: Answer) -> bool:
    """Whether the verb did not do what it was asked; every other exit code is an answer."""
    return answer.exit in _ERRORS


_ERRORS = frozenset({64, 65, 66, 69, 70, 73, 77, 78, 90, 91, 92})


def _envelope(answer: Answer) -> dict[str, Any]:
    return {
        "ok": answer.exit == 0,
        "code": CODES[answer.exit],
        "exit": answer.exit,
        "message": answer.message,
        "next": answer.next,
        "data": answer.data,
    }


def _with_next(answer: Answer) -> str:
    if answer.next is None:
        return answer.message
    return f"{answer.message} Next: {answer.next}"
