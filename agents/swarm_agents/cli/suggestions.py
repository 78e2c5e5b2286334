"""\"Did you mean ...?\": one name that is close to a mistyped one. It is only told, never acted on."""

from __future__ import annotations

from swarm_agents.errors import NotFound, SwarmError
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from swarm_agents.cli.invocation import Call
    from swarm_agents.cli.parsing import Parser

_LEAST_ALIKE = 0.6  # of 1: two letters exchanged in a word of four are still alike
_GLOBAL_OPTIONS = ("--json", "--as", "--help")


def describe_closest(word: str, known: Iterable[str]) -> str:
    """A sentence with the known word that is closest; '' where none is close."""
    import difflib  # takes 3 ms, and only what is mistyped needs it

    found = difflib.get_close_matches(word, list(known), 1, _LEAST_ALIKE)
    return f" Did you mean '{found[0]}'?" if found and found[0] != word else ""


def describe_closest_argument(parser: Parser, words: list[str]) -> str:
    """The same for the first verb or option of the line that is not declared."""
    if parser.verbs:
        verb = next((word for word in words if not word.startswith("-")), "")
        if verb not in parser.verbs:
            return describe_closest(verb, parser.verbs)
        parser = parser.verbs[verb]
    options = {name for argument in parser.arguments for name in argument.names if argument.is_option}
    for word in words:
        if word == "--":
            break
        name = word.partition("=")[0]
        if name.startswith("--") and name not in options:
            return describe_closest(name, (*options, *_GLOBAL_OPTIONS))
    return ""


def add_to_error(call: Call, error: NotFound) -> None:
    """Add the closest name of the kind that was asked for to the message, where there is one."""
    if error.kind:
        error.message += describe_closest_name(call, error.kind, error.name)


def describe_closest_name(call: Call, kind: str, name: str) -> str:
    """The same for a name that is not in the swarm; '' also where the database cannot tell."""
    from swarm_agents.views import known_names  # only what is mistyped needs it

    try:
        known = [one.text for one in known_names.read(call.db, kind)]
    except SwarmError:  # the answer is right without it
        return ""
    return describe_closest(name, known)
