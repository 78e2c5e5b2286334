"""What the words mean that `swarm commit` hands on to git: what they would commit, and whether they skip a hook."""

import re
from typing import NamedTuple

from swarm_agents.errors import Usage

_OPTIONS_WITH_VALUE = "CcFmtuS"  # short options of git commit after which the rest of the word is a value
_LONG_WITH_VALUE = {
    *("--message", "--file", "--author", "--date", "--template", "--reuse-message", "--reedit-message"),
    *("--fixup", "--squash", "--cleanup", "--trailer", "--pathspec-from-file"),
}


class Chosen(NamedTuple):
    """What a commit takes besides what is staged.

    `everything`: all tracked changes. `pathspec`: these paths, as words for git, alone or `with_index`.
    """

    everything: bool = False
    pathspec: tuple[str, ...] = ()
    with_index: bool = False

    @property
    def only_staged(self) -> bool:
        return not self.everything and not self.pathspec


def refuse_bypass(arguments: list[str]) -> None:
    """`Usage` for anything that would make git skip the hook: the swarm never does."""
    for word in _options(arguments):
        long_form = re.fullmatch(r"--no-v(e(r(i(f(y)?)?)?)?)?", word)
        if long_form or _has_short("n", word):
            raise Usage(f"'swarm commit' never skips the hook: leave out {word}.")


def what_it_commits(arguments: list[str]) -> Chosen:
    """What `git commit` with these arguments would take."""
    options, paths = _read(arguments)
    listed = tuple(_as_one_word(option, value) for option, value in options if _lists_paths(option))
    return Chosen(
        everything=any(option == "--all" or _has_short("a", option) for option, _ in options),
        pathspec=("--", *paths) if paths else listed,
        with_index=any(re.match("--inc", option) or _has_short("i", option) for option, _ in options),
    )


def wants_value(word: str) -> bool:
    """Whether git reads the next word as this option's value."""
    if word.startswith("--"):
        return word in _LONG_WITH_VALUE
    return bool(re.fullmatch(r"-[^-CcFmt]*[CcFmt]", word))


def _lists_paths(option: str) -> bool:
    return option.startswith(("--pathspec-from-file", "--pathspec-file-nul"))


def _as_one_word(option: str, value: str | None) -> str:
    return option if value is None else f"{option}={value}"


def _has_short(letter: str, word: str) -> bool:
    """Whether the word holds this short option, alone or among others: -am, but not -ma."""
    return bool(re.match(rf"-[^-{_OPTIONS_WITH_VALUE}]*{letter}", word))


def _options(arguments: list[str]) -> list[str]:
    return [option for option, _ in _read(arguments)[0]]


def _read(arguments: list[str]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """The words that git would read as options, each with the next word where that is its value; and the paths."""
    options: list[tuple[str, str | None]] = []
    paths: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            paths += words
        elif word.startswith("-") and word != "-":
            options.append((word, next(words, None) if wants_value(word) else None))
        else:
            paths.append(word)
    return options, paths
