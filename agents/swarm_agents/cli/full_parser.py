"""Reads a line with argparse: for help, for what is wrong, and for lines that `parsing` leaves to it."""

from __future__ import annotations

import argparse

from swarm_agents.cli.invocation import Arguments
from swarm_agents.cli.output import Answer
from swarm_agents.cli.parsing import BadArgument
from swarm_agents.errors import UsageError
from swarm_agents.values import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from swarm_agents.cli.parsing import Parser


def parse(parser: Parser, words: list[str]) -> Arguments:
    """What the words say; when they ask for help, a verb that answers with it. Raises `UsageError`."""
    full = _FullParser(prog=parser.prog, **_describe(parser))
    full.color = False  # or Python 3.14 colours help for a terminal, and for an agent whose host sets FORCE_COLOR
    _fill(full, parser)
    if parser.verbs:
        verbs = full.add_subparsers(metavar="VERB", required=True, parser_class=_FullParser, prog=parser.prog)
        for name, verb in parser.verbs.items():
            _fill(verbs.add_parser(name, help=verb.description, **_describe(verb)), verb)
    try:
        return full.parse_args(words, Arguments())
    except _WrongLine as line:
        from swarm_agents.cli.suggestions import describe_closest_argument  # only what is mistyped needs it

        told = describe_closest_argument(parser, words)
        raise UsageError(f"{line}.{told} See '{line.prog} --help'.") from None
    except _HelpRequested as help_:
        text = str(help_).rstrip("\n")
        arguments = Arguments()
        arguments.run = lambda _: Answer(text)
        return arguments


class _HelpRequested(Exception):
    """The text of the help, which argparse itself would print without noticing that it cannot."""


class _WrongLine(Exception):
    """What argparse says is wrong, and of which command."""

    def __init__(self, prog: str, message: str) -> None:
        super().__init__(message)
        self.prog = prog


class _HelpFormatter(argparse.HelpFormatter):
    """Help of a fixed width: the same bytes for a pipe and a terminal. Asking the terminal would cost 5 ms."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=110)


class _FullParser(argparse.ArgumentParser):
    """An argument parser that raises `_WrongLine`, never exits with status 2: agent hosts read 2 as "block"."""

    color: bool

    def print_help(self, file: object = None) -> NoReturn:
        raise _HelpRequested(self.format_help())

    def error(self, message: str) -> NoReturn:
        raise _WrongLine(self.prog, message)


def _describe(parser: Parser) -> dict[str, Any]:
    return {"description": parser.description, "allow_abbrev": False, "formatter_class": _HelpFormatter}


def _fill(full: _FullParser, parser: Parser) -> None:
    full.set_defaults(run=parser.run)
    alone = full.add_mutually_exclusive_group() if any(argument.excludes for argument in parser.arguments) else full
    for argument in parser.arguments:
        keywords = argument.keywords
        if "type" in keywords:
            keywords = keywords | {"type": _as_argparse_type(keywords["type"])}
        (alone if argument.excludes else full).add_argument(*argument.names, **keywords)


def _as_argparse_type(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return convert(text)
        except BadArgument as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read
