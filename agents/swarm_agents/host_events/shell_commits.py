"""Finds the commits in a line of shell that an agent is about to run, or has run.

It reads words, quotes, separators and here-documents, and looks through `cd`, assignments and programs that run others.
It does not expand anything: a commit by an alias, a variable or a script is not found here, but by the gate's hooks.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex

from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# From the end of the line that begins it to the line that ends it. `<<<` begins none.
_HERE_DOCUMENT = re.compile(
    r"(?<!<)<<(?!<)-?\s*(['\"]?)([\w.-]+)\1(?P<rest>[^\n]*\n)(?:.*?^\t*\2[ \t]*$|.*)", re.MULTILINE | re.DOTALL
)
_SEPARATORS = "();|&\n"
_ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)
_RUNS_ANOTHER = frozenset(
    (
        *("sudo", "env", "command", "time", "nice", "exec", "nohup", "builtin", "xargs", "timeout"),
        *("if", "then", "elif", "else", "do", "while", "until", "!", "{"),
    )
)
_SHELLS = frozenset(("sh", "bash", "zsh", "dash"))
_GIT_OPTIONS_WITH_VALUE = frozenset(
    ("-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env")
)
_SKIPS_HOOKS = "--no-verify"
_LENGTH_LIMIT = 100_000  # characters of a line that is read; a longer one holds data
_DEPTH_LIMIT = 4


class ShellCommit(NamedTuple):
    """A `git commit`, or a `swarm commit`, in a line of shell."""

    folder: str
    """Where it runs."""
    by_swarm: bool
    skips_hooks: bool
    bypasses_gate: bool


def find_commits(line: str, folder: str, depth: int = 0) -> list[ShellCommit]:
    """The commits in the line, in their order; `folder` is where the line runs."""
    if "commit" not in line or len(line) > _LENGTH_LIMIT or depth > _DEPTH_LIMIT:
        return []
    found: list[ShellCommit] = []
    for words in _split_commands(_HERE_DOCUMENT.sub(r"\g<rest>", line)):
        variables, words = _split_prefix(words)
        if not words:
            continue
        program, rest = os.path.basename(words[0]), words[1:]
        if program == "cd":
            folder = _join(folder, rest[-1] if rest else "~")
        elif program in {"git", "swarm"}:
            found += _read_program(program, rest, folder, variables)
        elif program == "eval" or program in _SHELLS:
            found += find_commits(_find_inner_line(program, rest), folder, depth + 1)
    return found


def _split_commands(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line.replace("\\\n", " "), posix=True, punctuation_chars=_SEPARATORS)
    lexer.whitespace, lexer.commenters = " \t\r", ""
    lexer.whitespace_split = True
    words: list[str] = []
    in_comment = False
    try:
        for token in lexer:
            is_separator = not token.strip(_SEPARATORS)
            in_comment = (in_comment or token.startswith("#")) and not (is_separator and "\n" in token)
            if is_separator:
                yield words
                words = []
            elif not in_comment:
                words.append(token.strip("`"))
    except ValueError:  # a quote that is not closed
        pass
    yield words


def _split_prefix(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """The variables that are set for this command alone, and the command without programs that only run it."""
    variables: dict[str, str] = {}
    at, ran = 0, False
    while at < len(words):
        assignment = _ASSIGNMENT.fullmatch(words[at])
        if assignment:
            variables[assignment[1]] = assignment[2]
        elif words[at] in _RUNS_ANOTHER:
            ran = True
        elif not (ran and (words[at].startswith("-") or words[at][:1].isdigit())):
            break
        at += 1
    return variables, words[at:]


def _read_program(program: str, words: list[str], folder: str, variables: dict[str, str]) -> list[ShellCommit]:
    by_swarm = program == "swarm"
    with_value = {"--as"} if by_swarm else _GIT_OPTIONS_WITH_VALUE
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "-C" and at + 1 < len(words):
            folder = _join(folder, words[at + 1])
        at += 2 if words[at] in with_value else 1
    if words[at : at + 1] != ["commit"]:
        return []
    skips = _skips_hooks(words[at + 1 :])
    return [ShellCommit(folder, by_swarm, skips, variables.get("SWARM_BYPASS") == "1")]


def _skips_hooks(options: list[str]) -> bool:
    for option in options:
        if option == "--":
            return False
        if option.startswith("--"):
            if len(option) > 6 and _SKIPS_HOOKS.startswith(option):  # git takes a beginning, too
                return True
        elif option.startswith("-") and "n" in re.split("[mFcCtSu]", option)[0]:  # after one of these comes its value
            return True
    return False


def _find_inner_line(program: str, words: list[str]) -> str:
    if program == "eval":
        return " ".join(words)
    for option, text in itertools.pairwise(words):
        if option.startswith("-") and option.endswith("c"):
            return text
    return ""


def _join(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))
