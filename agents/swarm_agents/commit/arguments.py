"""Reads the arguments that `swarm commit` passes on to git as git reads them: what they commit, and what they skip."""

from __future__ import annotations

from swarm_agents.errors import UsageError
from swarm_agents.values import NamedTuple

_NO_VALUE, _MAY_HAVE_VALUE, _NEEDS_VALUE = "", "?", "="

# The options of git commit up to git 2.52: the long name, the short one, whether a value follows. A value that may be
# missing is part of the same word. An older git refuses what it does not know.
_OPTIONS = (
    ("quiet", "q", _NO_VALUE),
    ("verbose", "v", _NO_VALUE),
    ("file", "F", _NEEDS_VALUE),
    ("author", "", _NEEDS_VALUE),
    ("date", "", _NEEDS_VALUE),
    ("message", "m", _NEEDS_VALUE),
    ("reedit-message", "c", _NEEDS_VALUE),
    ("reuse-message", "C", _NEEDS_VALUE),
    ("fixup", "", _NEEDS_VALUE),
    ("squash", "", _NEEDS_VALUE),
    ("reset-author", "", _NO_VALUE),
    ("trailer", "", _NEEDS_VALUE),
    ("signoff", "s", _NO_VALUE),
    ("template", "t", _NEEDS_VALUE),
    ("edit", "e", _NO_VALUE),
    ("cleanup", "", _NEEDS_VALUE),
    ("status", "", _NO_VALUE),
    ("gpg-sign", "S", _MAY_HAVE_VALUE),
    ("all", "a", _NO_VALUE),
    ("include", "i", _NO_VALUE),
    ("interactive", "", _NO_VALUE),
    ("patch", "p", _NO_VALUE),
    ("unified", "U", _NEEDS_VALUE),
    ("inter-hunk-context", "", _NEEDS_VALUE),
    ("only", "o", _NO_VALUE),
    ("no-verify", "n", _NO_VALUE),
    ("dry-run", "", _NO_VALUE),
    ("short", "", _NO_VALUE),
    ("branch", "", _NO_VALUE),
    ("ahead-behind", "", _NO_VALUE),
    ("porcelain", "", _NO_VALUE),
    ("long", "", _NO_VALUE),
    ("null", "z", _NO_VALUE),
    ("amend", "", _NO_VALUE),
    ("no-post-rewrite", "", _NO_VALUE),
    ("untracked-files", "u", _MAY_HAVE_VALUE),
    ("pathspec-from-file", "", _NEEDS_VALUE),
    ("pathspec-file-nul", "", _NO_VALUE),
    ("allow-empty", "", _NO_VALUE),
    ("allow-empty-message", "", _NO_VALUE),
)
_NEW = ("unified", "inter-hunk-context")  # of git 2.51
_NEVER_TAKEN_BACK = ("trailer",)
_SHORT = {short: (name, value) for name, short, value in _OPTIONS if short}
_VALUES = {name: value for name, _, value in _OPTIONS}
_CONTENTS = ("all", "include", "only", "interactive", "patch", "pathspec-from-file", "pathspec-file-nul")
_ENDS = ("--", "--end-of-options")


class Option(NamedTuple):
    """An option of git commit by its long name, as it stands in the words: `value_word` holds the value at `value_at`.

    `on` is False for the form that takes it back, as `--no-all`. A word that git would refuse has the name "".
    """

    name: str
    on: bool
    value: str | None
    word: int
    value_word: int = -1
    value_at: int = 0


class CommitArguments(NamedTuple):
    """The words for git, their options in order, and the paths. `wants_value`: the last word needs one after it."""

    words: tuple[str, ...]
    options: tuple[Option, ...]
    paths: tuple[str, ...]
    wants_value: bool

    def has(self, name: str) -> bool:
        """Whether the option is given and not taken back after it."""
        given = [option.on for option in self.options if option.name == name]
        return bool(given) and given[-1]

    def value(self, name: str) -> str | None:
        """The value that counts: the last one, unless it is taken back."""
        given = [option.value if option.on else None for option in self.options if option.name == name]
        return given[-1] if given else None

    def list_patch_options(self) -> list[str]:
        """The options for `git add` that pick hunks as these arguments do."""
        picking = ("interactive", "patch", "unified", "inter-hunk-context")
        return [_write_option(option) for option in self.options if option.name in picking]

    def replace_values(self, new: dict[int, str]) -> CommitArguments:
        """The same with other values; `new` has them by the option's place in `options`."""
        words = list(self.words)
        for place, value in new.items():
            option = self.options[place]
            words[option.value_word] = words[option.value_word][: option.value_at] + value
        return read_arguments(words)


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


def read_arguments(words: list[str]) -> CommitArguments:
    """The options and paths in the words, as git reads them: abbreviated, bundled, with or without a value."""
    options: list[Option] = []
    paths: list[str] = []
    i = 0
    wants_value = False
    while i < len(words):
        word = words[i]
        if word in _ENDS:
            paths += words[i + 1 :]
            break
        if word.startswith("--"):
            found = [_read_long(word, i)]
        elif word.startswith("-") and word != "-":
            found = _read_bundle(word, i)
        else:
            paths.append(word)
            found = []
        if found and found[-1].value is None and found[-1].on and _VALUES.get(found[-1].name) == _NEEDS_VALUE:
            i += 1
            wants_value = i == len(words)
            if not wants_value:
                found[-1] = found[-1]._replace(value=words[i], value_word=i)
        options += found
        i += 1
    return CommitArguments(tuple(words), tuple(options), tuple(paths), wants_value)


def narrow_to_paths(arguments: CommitArguments, listed: str | None) -> CommitArguments:
    """The same commit, but only of the paths that the file `listed` names, each ended by NUL; of none without it."""
    kept = [_write_option(option) for option in arguments.options if option.name not in _CONTENTS]
    paths = [f"--pathspec-from-file={listed}", "--pathspec-file-nul"] if listed else []
    return read_arguments([*kept, "--only", *paths])


def without_patch(arguments: CommitArguments) -> CommitArguments:
    """The same commit of what is staged, for after `git add --patch` has staged it."""
    dropped = ("interactive", "patch", "unified", "inter-hunk-context")
    return read_arguments([_write_option(option) for option in arguments.options if option.name not in dropped])


def refuse_hook_bypass(arguments: CommitArguments) -> None:
    """Raises `UsageError` for an option that makes git skip the hook."""
    if arguments.has("no-verify"):
        word = next(arguments.words[one.word] for one in reversed(arguments.options) if one.name == "no-verify")
        raise UsageError(f"'swarm commit' never skips the hook: leave out {word}.")


def read_contents(arguments: CommitArguments) -> CommitContents:
    """What `git commit` with these arguments would commit."""
    listed = arguments.value("pathspec-from-file")
    pathspec = ("--", *arguments.paths) if arguments.paths else ()
    if listed is not None:
        pathspec = (f"--pathspec-from-file={listed}",)
        pathspec += ("--pathspec-file-nul",) if arguments.has("pathspec-file-nul") else ()
    return CommitContents(arguments.has("all"), pathspec, arguments.has("include"))


def list_options() -> list[str]:
    """The options that may be given, by their long names, as they are typed."""
    return [f"--{name}" for name, _, _ in _OPTIONS if name != "no-verify"]


def takes_value(words: list[str]) -> bool:
    """Whether git reads what follows these words as the value of the last of them."""
    return read_arguments(words).wants_value


def _read_long(word: str, place: int) -> Option:
    given, equals, value = word[2:].partition("=")
    name, on = _find_long(given)
    has_value = bool(equals) and on and _VALUES.get(name, _NO_VALUE) != _NO_VALUE
    if not has_value:
        return Option(name, on, None, place)
    return Option(name, on, value, place, place, len(word) - len(value))


def _find_long(given: str) -> tuple[str, bool]:
    """The option that git takes this for, and whether it is meant; "" where git would refuse it.

    Git takes any beginning that fits one option only. `--no-` before the name takes an option back, and `--verify`
    takes back `--no-verify`.
    """
    for name in _VALUES:
        if given == name:
            return name, True
        if name not in _NEVER_TAKEN_BACK and (given == f"no-{name}" or f"no-{given}" == name):
            return name, False
    fitting = [(name, on) for name in _VALUES for on in _list_fits(given, name)]
    if len(fitting) > 1:  # an older git has no more than the others to choose from
        fitting = [(name, on) for name, on in fitting if name not in _NEW]
    return fitting[0] if len(fitting) == 1 else ("", True)


def _list_fits(given: str, name: str) -> list[bool]:
    """Whether this is a beginning of the option's name: [True], or of a form that takes it back: [False]."""
    if name.startswith(given):
        return [True]
    if name in _NEVER_TAKEN_BACK:
        return []
    taken_back = (f"no-{name}", name.removeprefix("no-")) if name.startswith("no-") else (f"no-{name}",)
    return [False] if any(form.startswith(given) for form in taken_back) else []


def _read_bundle(word: str, place: int) -> list[Option]:
    """The short options in one word; the rest of it is the value of the first one that takes a value."""
    found = []
    for i, letter in enumerate(word[1:], start=2):
        name, value = _SHORT.get(letter, ("", _NO_VALUE))
        if value != _NO_VALUE:
            rest = word[i:]
            found.append(Option(name, True, rest, place, place, i) if rest else Option(name, True, None, place))
            break
        found.append(Option(name, True, None, place))
    return found


def _write_option(option: Option) -> str:
    """The option in one word, by its long name."""
    if not option.on:
        return "--verify" if option.name == "no-verify" else f"--no-{option.name}"
    return f"--{option.name}" if option.value is None else f"--{option.name}={option.value}"
