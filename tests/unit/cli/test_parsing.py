"""A plain line is read as argparse reads it; argparse reads each other line."""

import importlib
from typing import Any

import pytest

from swarm_agents.cli import full_parser
from swarm_agents.cli.invocation import Arguments
from swarm_agents.cli.main import NOUNS
from swarm_agents.cli.parsing import Parser, UnusualLine
from swarm_agents.errors import UsageError

PLAIN = [
    "status",
    "inbox --limit 5 --peek",
    "inbox --limit=7",
    "inbox --limit 5 --limit 6",
    "build status",
    "build report --summary red --evidence=x=y",
    "build renew --fence 3",
    "build failed --class network --reason broke",
    "build hand-over bob --fence 1",
    "build wait --timeout 0.5",
    "msg send bob hello",
    "msg send bob",
    "msg send bob hello --type INFO --requires-ack",
    "msg send --type=INFO bob hello",
    "msg broadcast --file x",
    "msg broadcast --type INFO hello --requires-ack",
    "msg ack 5 --for bob",
    "lock list",
    "events --after 3",
    "agent join alice --role tester",
    "task fail t1 --reason broke",
    "gate pre-commit --git-dir /x/.git",
]

UNUSUAL = [
    "build",
    "build nothing",
    "build report",
    "build report --summary",
    "build report --summary -x",
    "build report --summ red",
    "build renew --fence x",
    "build renew --fence -1",
    "build renew 5",
    "build failed --class other --reason x",
    "build hold -- make test",
    "build hold make test",
    "build -h",
    "inbox --limit 0",
    "inbox more",
    "msg send",
    "msg send bob - --type NO",
    "msg send bob --type INFO hello",
    "msg send bob hello more",
    "task add title --after a --after b",
    "setup git --check",
    "setup git --check --remove",
    "lock acquire a b",
]


def declared(noun: str) -> Parser:
    with pytest.raises(UnusualLine) as line:
        importlib.import_module(f"swarm_agents.cli.{noun}").parse(["--help"])
    return line.value.parser


def shown(arguments: Arguments) -> dict[str, Any]:
    return {name: str(value) if name == "since" else value for name, value in vars(arguments).items()}


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_is_read_as_argparse_reads_it(line: str) -> None:
    noun, *words = line.split()
    parser = declared(noun)

    assert shown(parser.parse_args(words)) == shown(full_parser.parse(parser, words))


@pytest.mark.parametrize("line", UNUSUAL)
def test_any_other_line_is_left_to_argparse(line: str) -> None:
    noun, *words = line.split()

    with pytest.raises(UnusualLine):
        declared(noun).parse_args(words)


def test_an_empty_text_is_one_as_for_argparse() -> None:
    parser = declared("msg")

    assert full_parser.parse(parser, ["send", "bob", ""]).body == ""


@pytest.mark.parametrize("noun", sorted(set(NOUNS) - {"commit"}))
def test_each_noun_can_be_read_by_argparse_too(noun: str) -> None:
    parser = declared(noun)

    with pytest.raises(UsageError, match=f"See 'swarm {noun}"):
        full_parser.parse(parser, ["--no-such-option"])
