"""Reads the arguments that `swarm commit` passes on to git: what they commit, and whether they skip a hook."""

from __future__ import annotations

import re

from swarm_agents.errors import UsageError
from swarm_agents.values import NamedTuple

_OPTIONS_WITH_VALUE = "CcFmtuS"  # short options of git commit after which the rest of the word is a value
_LONG_WITH_VALUE = {
    *("--message", "--file", "--author", "--date", "--template", "--reuse-message", "--reedit-message"),
    *("--fixup", "--squash", "--cleanup", "--trailer", "--pathspec-from-file"),
}


class CommitContents(NamedTuple):
    """What a commit contains: by default what is staged.

    `everything`: all tracked changes too. `pathspec`: only these paths, as arguments for git, or with what is staged
    when `with_index` is set.
    """

    everything: bool = False
    pathspec: tuple[str, ...] = ()
    with_index: bool = False

    @property
    def only_staged(self) -> bool:
        return not self.everything and not self.pathspec


def refuse_hook_bypass(arguments: list[str]) -> None:
    """Raises `UsageError` for an option that makes git skip the hook."""
    for word in _options(arguments):
        long_form = re.fullmatch(r"--no-v(e(r(i(f(y)?)?)?)?)?", word)
        if long_form or _has_short("n", word):
            raise UsageError(f"'swarm commit' never skips the hook: leave out {word}.")


def read_contents(arguments: list[str]) -> CommitContents:
    """What `git commit` with these arguments would commit."""
    options, paths = _read(arguments)
    listed = tuple(_as_one_word(option, value) for option, value in options if _lists_paths(option))
    return CommitContents(
        everything=any(option == "--all" or _has_short("a", option) for option, _ in options),
        pathspec=("--", *paths) if paths else listed,
        with_index=any(re.match("--inc", option) or _has_short("i", option) for option, _ in options),
    )


def takes_value(word: str) -> bool:
    """Whether git reads the next word as the value of this option."""
    if word.startswith("--"):
        return word in _LONG_WITH_VALUE
    return bool(re.fullmatch(r"-[^-CcFmt]*[CcFmt]", word))


def _lists_paths(option: str) -> bool:
    return option.startswith(("--pathspec-from-file", "--pathspec-file-nul"))


def _as_one_word(option: str, value: str | None) -> str:
    return option if value is None else f"{option}={value}"


def _has_short(letter: str, word: str) -> bool:
    """Whether the word contains this short option: `-am` contains `m`, but `-ma` gives `m` the value `a`."""
    return bool(re.match(rf"-[^-{_OPTIONS_WITH_VALUE}]*{letter}", word))


def _options(arguments: list[str]) -> list[str]:
    return [option for option, _ in _read(arguments)[0]]


def _read(arguments: list[str]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """The options, each with the next word where that is its value, and the paths, as git reads them."""
    options: list[tuple[str, str | None]] = []
    paths: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            paths += words
        elif word.startswith("-") and word != "-":
            options.append((word, next(words, None) if takes_value(word) else None))
        else:
            paths.append(word)
    return options, paths
