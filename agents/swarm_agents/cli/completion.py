"""`swarm completion`: a script for the shell, and the words that fit at the end of a line, which the script asks for.

The words come from the parsers' own declarations and from the database, so they cannot differ from what the verbs take.
"""

from __future__ import annotations

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.cli.main import NOUNS
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsers import find_parser
from swarm_agents.cli.parsing import DeclaredArgument, Parser, parser, verb
from swarm_agents.errors import SwarmError
from swarm_agents.values import TYPE_CHECKING
from swarm_agents.views import known_names
from swarm_agents.views.known_names import KnownName

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = ":files"
"""Stands for the names of files, which the shell itself completes."""

_TEXT = ""  # a value that only the caller knows
_GLOBAL = (KnownName("--json", "print one JSON object"), KnownName("--as", "act under this name"), KnownName("--help"))

# What the values of an argument are, by its metavar; where that depends on the noun or the verb, the last ones count.
KINDS = {
    **dict.fromkeys(("NAME", "WHO"), "agent"),
    "TO": "recipient",
    "FEATURE": "feature",
    **dict.fromkeys(("F", "FILE", "PATH", "CMD"), FILES),
    **dict.fromkeys(("TEXT", "TIME", "N", "S", "R", "%N", "BODY", "WHEN", "TITLE", "TAG", "T", "COMMAND"), _TEXT),
    **dict.fromkeys(("PANE", "SQL", "AGE", "WORD", "HOST"), _TEXT),
    "task ID": "task",
    "escalation ID": "escalation",
    "msg ID": "message",
    "notice ID": "message",
    "events ID": _TEXT,
    "lock PATH": "lock",
    "agent join NAME": _TEXT,
    "lock acquire PATH": FILES,
    "task add ID": "task",
    "task plan FEATURE": _TEXT,
    "task review WHO": "recipient",
}


def parse(words: list[str]) -> Arguments:
    of = parser(
        "completion", 'Complete the command line in a shell: eval "$(swarm completion bash)" in its start file.'
    )
    for shell, script in (("bash", _BASH), ("zsh", _ZSH), ("fish", _FISH)):
        verb(of, shell, _make_answer(script), f"the script for {shell}")
    asking = verb(of, "words", _words, "the words that fit at the end of a line: the scripts ask for them")
    asking.add_argument("line", nargs="*", metavar="WORD", help="the line behind 'swarm', up to the cursor, after --")
    if words[:2] == ["words", "--"]:  # any word may follow, and argparse would take as long as all the rest
        arguments = Arguments()
        arguments.run = _words
        setattr(arguments, "line", words[2:])  # noqa: B010 - declared by `asking`
        return arguments
    return of.parse_args(words)


def _make_answer(script: str) -> Callable[[Call], Answer]:
    return lambda _: Answer(script.rstrip("\n"))


def _words(call: Call) -> Answer:
    found = complete(call, list(call.arguments.line))
    data = {"words": [word._asdict() for word in found]}
    return Answer("", data=data, lines=tuple(f"{word.text}\t{word.hint}" if word.hint else word.text for word in found))


def complete(call: Call, line: list[str]) -> list[KnownName]:
    """The words that can stand where the last word of the line is, which may be empty or begun."""
    *before, begun = line or [""]
    match before, begun:
        case [*_, option], "=" if option.startswith("--"):  # bash makes three words of --option=value
            return _complete_value(call, before, option, "")
        case [*_, option, "="], _ if option.startswith("--"):
            return _complete_value(call, before[:-1], option, begun)
    option, equals, value = begun.partition("=")
    if equals and option.startswith("--"):
        found = _complete_value(call, [*before, option], option, value)
        return [KnownName(f"{option}={word.text}", word.hint) for word in found if word.text != FILES]
    return _keep(_list_words(call, before, begun), begun)


def _complete_value(call: Call, before: list[str], option: str, begun: str) -> list[KnownName]:
    return _keep(_list_words(call, [*before[:-1], option], begun), begun)


def _keep(found: list[KnownName], begun: str) -> list[KnownName]:
    return [word for word in found if word.text.startswith(begun) or word.text == FILES]


def _list_words(call: Call, before: list[str], begun: str) -> list[KnownName]:
    if before[-1:] == ["--as"]:
        return _list_names(call, "agent")
    noun, rest = _find_noun(before)
    if not noun:
        return [
            *(KnownName(one, hint) for one, hint in NOUNS.items()),
            KnownName("help"),
            KnownName("--version"),
            *_GLOBAL,
        ]
    if noun == "help":
        return _list_helped(rest)
    if noun not in NOUNS:
        return []
    declared = find_parser(noun)
    if declared is None:
        return _list_git_words(begun)
    if declared.verbs and not rest:
        return [*(KnownName(name, one.description) for name, one in declared.verbs.items()), *_GLOBAL]
    if declared.verbs:
        name, *rest = rest
        if name not in declared.verbs:
            return []
        declared = declared.verbs[name]
    return _list_arguments(call, declared, rest, begun)


def _find_noun(before: list[str]) -> tuple[str, list[str]]:
    """The noun, and what follows it, without the options that may stand anywhere."""
    rest: list[str] = []
    words = iter(before)
    for word in words:
        if word == "--as":
            next(words, None)
        elif word != "--json" and not word.startswith("--as="):
            rest.append(word)
    return (rest[0], rest[1:]) if rest else ("", [])


def _list_helped(rest: list[str]) -> list[KnownName]:
    if not rest:
        return [KnownName(noun, hint) for noun, hint in NOUNS.items()]
    declared = find_parser(rest[0]) if len(rest) == 1 and rest[0] in NOUNS else None
    return [KnownName(name, one.description) for name, one in declared.verbs.items()] if declared else []


def _list_git_words(begun: str) -> list[KnownName]:
    from swarm_agents.commit.arguments import list_options  # only swarm commit takes options of git

    return [*map(KnownName, list_options()), *_GLOBAL] if begun.startswith("-") else [KnownName(FILES)]


def _list_arguments(call: Call, declared: Parser, rest: list[str], begun: str) -> list[KnownName]:
    options = {name: argument for argument in declared.arguments if argument.is_option for name in argument.names}
    positional = [argument for argument in declared.arguments if not argument.is_option]
    given: set[str] = set()
    waiting, ended = 0, False  # how many values the last option still needs
    last: DeclaredArgument | None = None
    for word in rest:
        if waiting:
            waiting -= 1
        elif word == "--":
            ended = True
        elif word.startswith("-") and not ended:
            name, equals, _ = word.partition("=")
            last = options.get(name)
            if last is not None:
                given.add(last.attribute)
                waiting = 0 if equals or last.keywords.get("action") == "store_true" else last.keywords.get("nargs", 1)
        elif positional and positional[0].keywords.get("nargs") not in ("*", "+"):
            del positional[0]
    if waiting and last is not None:
        return _list_values(call, declared, last)
    left = [] if ended else _list_options(declared, given)
    if begun.startswith("-") or not positional:
        return left
    return _list_values(call, declared, positional[0])


def _list_options(declared: Parser, given: set[str]) -> list[KnownName]:
    found = [
        KnownName(argument.names[-1], argument.keywords.get("help") or "")
        for argument in declared.arguments
        if argument.is_option and (argument.attribute not in given or argument.keywords.get("action") == "append")
    ]
    return [*found, *_GLOBAL]


def _list_values(call: Call, declared: Parser, argument: DeclaredArgument) -> list[KnownName]:
    choices = argument.keywords.get("choices")
    if choices is not None:
        return [KnownName(str(choice)) for choice in choices]
    kind = find_kind(declared, argument)
    return [KnownName(FILES)] if kind == FILES else _list_names(call, kind) if kind else []


def find_kind(declared: Parser, argument: DeclaredArgument) -> str:
    """The kind of the argument's values: of `known_names.KINDS`, `FILES`, or empty for what is not listed."""
    metavar = argument.keywords.get("metavar", "")
    words = declared.prog.split()[1:]  # without `swarm`
    keys = [" ".join([*words[:depth], str(metavar)]) for depth in range(len(words), -1, -1)]
    return next((KINDS[key] for key in keys if key in KINDS), _TEXT)


def _list_names(call: Call, kind: str) -> list[KnownName]:
    try:
        return known_names.read(call.db, kind)
    except SwarmError:  # no swarm here, or one that cannot be read: there is nothing to offer
        return []


_BASH = r"""
# swarm: completion for bash. In ~/.bashrc: eval "$(swarm completion bash)"
_swarm() {
    local word
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [ "$word" = ":files" ]; then
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
        else
            printf -v word '%q' "$word"
            COMPREPLY+=("$word")
        fi
    done < <(swarm completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}
complete -F _swarm swarm
""".lstrip()

_ZSH = r"""
#compdef swarm
# swarm: completion for zsh. In ~/.zshrc, after compinit: eval "$(swarm completion zsh)"
_swarm() {
    local line word
    local -a found
    for line in "${(@f)$(swarm completion words -- "${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}"; do
        if [[ $line == :files ]]; then
            _files
        elif [[ -n $line ]]; then
            word="${line%%$'\t'*}"
            found+=("${word//:/\\:}:${line[${#word}+2,-1]}")
        fi
    done
    (( $#found )) && _describe 'swarm' found
}
if [[ $funcstack[1] == _swarm ]]; then _swarm "$@"; else compdef _swarm swarm; fi
""".lstrip()

_FISH = r"""
# swarm: completion for fish. In ~/.config/fish/config.fish: swarm completion fish | source
function __swarm_words
    set -l line (commandline -opc)
    for word in (swarm completion words -- $line[2..-1] (commandline -ct | string collect -a) 2>/dev/null </dev/null)
        if test "$word" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $word
        end
    end
end
complete -c swarm -f -a '(__swarm_words)'
""".lstrip()
