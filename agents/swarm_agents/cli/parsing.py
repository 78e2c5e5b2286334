"""Parsers for the verbs' arguments: they raise `Usage`, check ranges, and read texts from files or standard input."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from swarm_agents.cli.invocation import Call
from swarm_agents.cli.output import Answer
from swarm_agents.errors import Usage

Run = Callable[[Call], Answer]


class _HelpFormatter(argparse.HelpFormatter):
    """Help of a fixed width: the same bytes for a pipe and a terminal. Asking the terminal would cost 5 ms."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=110)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `Usage`, so that exit status 2 is never used: agent hosts read 2 as "block"."""

    color: bool

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message}. See '{self.prog} --help'.")


def parser(noun: str, description: str) -> Parser:
    made = Parser(prog=f"swarm {noun}", description=description, allow_abbrev=False, formatter_class=_HelpFormatter)
    made.color = False  # or Python 3.14 colours help for a terminal, and for an agent whose host sets FORCE_COLOR
    return made


def verbs(of: Parser) -> "argparse._SubParsersAction[Parser]":
    return of.add_subparsers(metavar="VERB", required=True, parser_class=Parser, prog=of.prog)


def verb(
    of: "argparse._SubParsersAction[Parser]",
    name: str,
    run: Run,
    help: str,  # noqa: A002 - argparse's word
) -> Parser:
    made = of.add_parser(name, help=help, description=help, allow_abbrev=False, formatter_class=_HelpFormatter)
    made.set_defaults(run=run)
    return made


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A `type` for options. A value outside the range is a `Usage` error that names the range."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text[:20]) <= most:
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
        return int(text)

    return parse


def seconds(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a number of seconds from {least:g} to {most:g}")
        return value

    return parse


def read_body(argument: str | None, file: str | None) -> str:
    """A text from the argument, the file, or standard input (for '-', or without both). `Usage` when there is none."""
    if argument is not None and file is not None:
        raise Usage("Give the text as an argument or with --file, not both.")
    if argument is not None and argument != "-":
        return argument
    if file is not None and file != "-":
        try:
            return Path(file).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"Cannot read {file}: {error}") from None
    if argument is None and file is None and sys.stdin.isatty():
        raise Usage("Give the text as an argument, with --file, or on standard input.")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise Usage("The text on standard input is not valid UTF-8.") from None
