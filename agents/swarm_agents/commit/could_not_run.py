"""Tells whether a hook or check that failed could not run, so that its failure says nothing about the code.

An exit status above 125 is not enough: test runners return the number of failures, PHP returns 255. It counts where git
or the shell says what happened, or where nothing in the output speaks of failures. A lower status counts only where a
program says that it was killed, or that memory or disk ran out.
"""

from __future__ import annotations

import re
import signal

from swarm_agents.commit.signature.plain_text import read_plain_text
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_EXECUTABLE, _NOT_FOUND, _GIT_DIED = 126, 127, 128  # the shell's and git's exit statuses
_ENDING_SIGNALS = frozenset(range(1, 32)) - {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}

_SHELL_COULD_NOT_START = re.compile(
    r"^\S[^:]*: .*(?:not found|No such file or directory|[Pp]ermission denied|Is a directory|Exec format error"
    r"|bad interpreter.*|Argument list too long)$"
    r"|^\S[^:]*: (?:.*: )?cannot execute.*$"
    r"|^\S[^:]*: (?:\d+: )?(?:command not found|permission denied): .+$"  # zsh
    r"|^zsh:\d+: .+$|^fish: Unknown command.*$"
    r"|^\S+ ?: \S+ \d+ ?: .+$",  # bash in any language: the script, "line" and its number, the command, why
    re.MULTILINE,
)
_GIT_SAYS = re.compile(r"died of signal \d+|cannot (?:run|exec) ")

# Lines with which a program tells that another one or itself died, whatever the output says before it.
_DEATHS = (
    (re.compile(r"^\S*make(?:\[\d+\])?: \*\*\* \[.+\] (?:Killed|Terminated)$", re.MULTILINE), "killed"),
    (re.compile(r"^npm (?:ERR!|error) signal SIG(?:KILL|TERM)$", re.MULTILINE), "killed"),
    (re.compile(r"\(signal: 9, SIGKILL", re.MULTILINE), "killed"),  # cargo
    (re.compile(r"^signal: killed$", re.MULTILINE), "killed"),  # go
    (re.compile(r"fatal error: Killed signal terminated program|terminated with signal 9 \[Killed\]"), "killed"),  # gcc
    (re.compile(r"^FATAL ERROR: .*(?:heap out of memory|Allocation failed)", re.MULTILINE), "out of memory"),
    (re.compile(r"^terminate called after throwing an instance of 'std::bad_alloc'", re.MULTILINE), "out of memory"),
    (re.compile(r"^memory allocation of \d+ bytes failed", re.MULTILINE), "out of memory"),  # Rust
    (re.compile(r"^(?:fatal error: )?runtime: (?:out of memory|cannot allocate memory)", re.M), "out of memory"),  # go
    (re.compile(r"^Terminating due to java\.lang\.OutOfMemoryError", re.MULTILINE), "out of memory"),
)

# Words that count only where the output names no failure: a test may be about them.
_MENTIONS = (
    (re.compile(r"No space left on device|Disk quota exceeded|ENOSPC"), "no space left on device"),
    (
        re.compile(r"Cannot allocate memory|[Oo]ut of memory|std::bad_alloc|\bMemoryError\b|\bOutOfMemoryError\b"),
        "out of memory",
    ),
    (re.compile(r"^(?:\S+: \S+ \d+: +\d+ )?Killed\b|\bSIGKILL\b", re.MULTILINE), "killed"),
    (re.compile(r"^Executable `.+` not found$", re.MULTILINE), "not found"),  # pre-commit
)
_INNER_STATUS = re.compile(r"\b(?:error|status|code)[ :=]+\(?(126|127|137|143)\b", re.IGNORECASE)

_COUNTS_FAILURES = re.compile(
    r"\b[1-9]\d* (?:\w+ )?(?:failing|failed|failures?|errors?|problems?)\b"
    r"|\b(?:failures?|errors?|failed|problems?)[:=] *[1-9]"
    r"|^not ok \d",  # TAP
    re.IGNORECASE | re.MULTILINE,
)


def explain(status: int, output: str, git_errors: Iterable[str] = ()) -> str | None:
    """Why the command could not run to its end, in words; None when it did, so that its status is its judgement.

    `status` is negative for a signal that ended the process itself. `git_errors` are git's own messages about a hook.
    """
    if status == 0:
        return None
    for error in git_errors:
        if _GIT_SAYS.search(error):
            return error
    if status < 0:
        return _name_signal(-status)
    plain = read_plain_text(output)
    if status > 125 and (said := _find_said(status, plain)):
        return said
    if death := _find_first(_DEATHS, plain):
        return death
    if names_failures(plain):
        return None
    return _find_by_status(status, plain) or _find_first(_MENTIONS, plain) or _find_inner(plain)


def names_failures(output: str) -> bool:
    """Whether the output names or counts tests or errors that failed: then the command ran, and judged the code."""
    from swarm_agents.commit.signature import signature  # reads patterns of many tools, which a full disk does without

    return bool(signature.make_signature(output).ids or _COUNTS_FAILURES.search(read_plain_text(output)))


def _find_said(status: int, plain: str) -> str | None:
    """What the shell, or git in a hook, printed about just this status."""
    if status in (_NOT_EXECUTABLE, _NOT_FOUND):
        found = _SHELL_COULD_NOT_START.findall(plain)
        return found[-1].strip() if found else None
    if status == _GIT_DIED:
        fatal = re.search(r"^fatal: .+$", plain, re.MULTILINE)
        return fatal.group() if fatal else None
    number = status - 128
    word = signal.strsignal(number) if number in _ENDING_SIGNALS else None
    if word and re.search(rf"^(?:\S+: (?:\S+ \d+: +\d+ )?)?{re.escape(word)}\b", plain, re.MULTILINE | re.IGNORECASE):
        return _name_signal(number)
    return None


def _find_by_status(status: int, plain: str) -> str | None:
    """What the status alone means, where the output does not speak of failures. Shells print why they start nothing."""
    if status in (_NOT_EXECUTABLE, _NOT_FOUND) and not plain.strip():
        return "not executable" if status == _NOT_EXECUTABLE else "not found"
    return _name_signal(status - 128) if status - 128 in _ENDING_SIGNALS else None


def _find_inner(plain: str) -> str | None:
    """What a program that ran the command tells about its status."""
    inner = {int(status) for status in _INNER_STATUS.findall(plain)}
    for status in sorted(inner - {_NOT_EXECUTABLE, _NOT_FOUND}):
        return _name_signal(status - 128)
    return _find_said(_NOT_FOUND, plain) if inner else None


def _find_first(patterns: tuple[tuple[re.Pattern[str], str], ...], plain: str) -> str | None:
    return next((reason for pattern, reason in patterns if pattern.search(plain)), None)


def _name_signal(number: int) -> str:
    try:
        return f"ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended by signal {number}"
