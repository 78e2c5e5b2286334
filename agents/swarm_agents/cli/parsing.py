"""The arguments of verbs, declared as argparse has them, and read without argparse where the line leaves no question.

A line that asks for help, that is wrong, or that is unusual in any way goes to argparse (`full_parser`), which is made
from the same declarations. Loading it would take as long as a verb.
"""

from __future__ import annotations

import sys

from swarm_agents.cli.invocation import Arguments, Call
from swarm_agents.errors import UsageError
from swarm_agents.values import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from swarm_agents.cli.output import Answer

Run: TypeAlias = "Callable[[Call], Answer]"


class BadArgument(Exception):
    """The text of an argument is wrong; the message says what it must be."""


class UnusualLine(Exception):
    """Only `full_parser` can read this line, or say what is wrong in it, for `parser`."""

    def __init__(self, parser: Parser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


class DeclaredArgument(NamedTuple):
    """One argument: its names and the keywords of argparse's `add_argument`."""

    names: tuple[str, ...]
    keywords: dict[str, Any]
    excludes: bool = False
    """At most one of those that have this may be given."""

    @property
    def is_option(self) -> bool:
        return self.names[0].startswith("-")

    @property
    def attribute(self) -> str:
        long = [name for name in self.names if name.startswith("--")] or list(self.names)
        name: str = self.keywords.get("dest") or long[0].removeprefix("--").replace("-", "_")
        return name


class Parser:
    """The arguments of a noun or of one of its verbs."""

    def __init__(self, prog: str, description: str, run: Run | None) -> None:
        self.prog = prog
        self.description = description
        self.run = run
        self.verbs: dict[str, Parser] = {}
        self.arguments: list[DeclaredArgument] = []

    def add_argument(self, *names: str, excludes: bool = False, **keywords: Any) -> None:
        self.arguments.append(DeclaredArgument(names, keywords, excludes))

    def parse_args(self, words: list[str]) -> Arguments:
        """What the words say. Raises `UnusualLine` for a line that argparse must read."""
        try:
            return _read(self, words)
        except _QuestionLeftError:
            raise UnusualLine(self) from None


def parser(noun: str, description: str, run: Run | None = None) -> Parser:
    """The parser of a noun; `run` for one without verbs."""
    return Parser(f"swarm {noun}", description, run)


def verb(of: Parser, name: str, run: Run, help: str) -> Parser:  # noqa: A002 - argparse's word
    made = of.verbs[name] = Parser(f"{of.prog} {name}", help, run)
    return made


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A `type` for options. A value outside the range is a `UsageError` that names the range."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text[:20]) <= most:
            raise BadArgument(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def seconds(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise BadArgument(f"must be a number of seconds from {least:g} to {most:g}")
        return value

    return parse


def read_body(argument: str | None, file: str | None) -> str:
    """A text from the argument, the file, or standard input ('-', or without both). `UsageError` when there is none."""
    if argument is not None and file is not None:
        raise UsageError("Give the text as an argument or with --file, not both.")
    if argument is not None and argument != "-":
        return argument
    if file is not None and file != "-":
        try:
            with open(file, "rb") as opened:
                return opened.read().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"Cannot read {file}: {error}") from None
    if argument is None and file is None and sys.stdin.isatty():
        raise UsageError("Give the text as an argument, with --file, or on standard input.")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise UsageError("The text on standard input is not valid UTF-8.") from None


def read_bytes(file: str, limit: int) -> bytes:
    """At most so many bytes of a file, or of standard input ('-'). `UsageError` when it cannot be read."""
    if file == "-":
        if sys.stdin.isatty():
            raise UsageError("Give a file, or the text on standard input.")
        return sys.stdin.buffer.read(limit)
    try:
        with open(file, "rb") as opened:
            return opened.read(limit)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"Cannot read {file}: {error}") from None


class _QuestionLeftError(Exception):
    """This line is for argparse."""


def _read(parser: Parser, words: list[str]) -> Arguments:
    if parser.verbs:
        if not words or words[0] not in parser.verbs:
            raise _QuestionLeftError
        parser, words = parser.verbs[words[0]], words[1:]
    texts, given = _read_options({name: argument for argument in parser.arguments for name in argument.names}, words)
    arguments = Arguments()
    for argument in parser.arguments:
        if not argument.is_option:
            given |= _take_texts(argument, texts)
        setattr(arguments, argument.attribute, _find_value(argument, given))
    if texts:
        raise _QuestionLeftError
    if parser.run:
        arguments.run = parser.run
    return arguments


def _read_options(known: dict[str, DeclaredArgument], words: list[str]) -> tuple[list[str], dict[str, Any]]:
    """The words that belong to no option, and the values of the options by their attributes."""
    texts: list[str] = []
    given: dict[str, Any] = {}
    behind_texts = False
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            if behind_texts:  # argparse treats texts on both sides of an option in its own way
                raise _QuestionLeftError
            texts.append(word)
            continue
        behind_texts = bool(texts)
        name, equals, value = word.partition("=")
        option = known.get(name)
        if option is None or option.excludes or "nargs" in option.keywords:
            raise _QuestionLeftError
        match option.keywords.get("action"), equals:
            case "store_true", "":
                given[option.attribute] = True
            case None, "=":
                given[option.attribute] = _convert(option, value)
            case None, _:
                given[option.attribute] = _convert(option, next(rest, "-"))
            case _:
                raise _QuestionLeftError
    return texts, given


def _take_texts(argument: DeclaredArgument, texts: list[str]) -> dict[str, Any]:
    """Take the value of a positional argument from the front of the texts."""
    match argument.keywords.get("nargs"), texts:
        case "?", []:
            return {}
        case ((None | "?"), [text, *_]):
            del texts[0]
            return {argument.attribute: _convert(argument, text)}
    raise _QuestionLeftError


def _convert(argument: DeclaredArgument, text: str) -> Any:
    convert, choices = argument.keywords.get("type"), argument.keywords.get("choices")
    if text.startswith("-") or not text:
        raise _QuestionLeftError
    try:
        value = convert(text) if convert else text
    except BadArgument:
        raise _QuestionLeftError from None
    if choices is not None and value not in choices:
        raise _QuestionLeftError
    return value


def _find_value(argument: DeclaredArgument, given: dict[str, Any]) -> Any:
    if argument.attribute in given:
        return given[argument.attribute]
    if argument.keywords.get("required"):
        raise _QuestionLeftError
    return argument.keywords.get("default", False if "action" in argument.keywords else None)
